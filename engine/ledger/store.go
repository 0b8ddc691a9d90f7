package ledger

import (
	"context"
	"errors"
	"time"

	"scrip/engine/money"
)

// ErrUnavailable means that the ledger could not be read or written. Nothing
// was booked; the same request may be tried again.
var ErrUnavailable = errors.New("the ledger is unavailable")

// ErrNotDurable means that the disk failed to keep what it was given. What was
// booked last may be there or not, and no later answer of this process can be
// trusted either: it has to end, and whoever asked has to ask the next one.
var ErrNotDurable = errors.New("the disk did not keep the ledger")

// ErrInFlight means that another transaction has taken an idempotency key and
// is not done. Nothing was booked.
var ErrInFlight = errors.New("another request under the key is under way")

// ErrNotFound means that a row does not exist.
var ErrNotFound = errors.New("not in the ledger")

// Store keeps the rows of the books. Implementations pass the suite of
// sqlstore/storetest.
//
// All methods are safe for concurrent use. A failure of the store itself is
// [ErrUnavailable], wrapped with its cause; [ErrNotDurable] is the end of it.
type Store interface {
	Reader

	// Write runs fn in one transaction that is alone with its conditional
	// updates: of two that race, the second sees what the first wrote. If fn
	// returns nil, Write returns nil only after everything is durable; if fn
	// returns an error, nothing is written and Write returns that error. fn
	// may run more than once and must not keep the Tx.
	Write(ctx context.Context, fn func(Tx) error) error

	// ForeignWrites is a number that differs from the last one if anybody but
	// this store has written since, or this store in a transaction that failed
	// with ErrUnavailable and was committed later all the same.
	ForeignWrites(ctx context.Context) (int64, error)

	Auditor

	// Ready reports whether the store can be read now.
	Ready(ctx context.Context) error

	// Close waits for running transactions and frees everything.
	Close() error
}

// Reader reads committed rows. Times are in UTC to the microsecond. Lists are
// in order of (created_at, id) from after the page's position on.
type Reader interface {
	// Campaign is one campaign, or ErrNotFound.
	Campaign(ctx context.Context, id string) (Campaign, error)
	Campaigns(ctx context.Context, page Page) ([]Campaign, error)

	// Coupon is one coupon without its Terms, or ErrNotFound.
	Coupon(ctx context.Context, id string) (Coupon, error)
	// Coupons lists a customer's coupons without their Terms; status "" is
	// all, any other is what they are at now.
	Coupons(ctx context.Context, customerID string, status Status, now time.Time, page Page) ([]Coupon, error)
	// Grants lists the coupons that a customer's registration gave, or
	// ErrNotFound if the customer never registered.
	Grants(ctx context.Context, customerID string) ([]Coupon, error)

	// Holdings are the facts of customers, at least one, at an instant: one for
	// each that is asked about, in any order. Coupons are those that are
	// available or held then, without their Terms.
	Holdings(ctx context.Context, customerIDs []string, now time.Time) ([]Holding, error)
	// Blocked is whether a customer is on the blocklist.
	Blocked(ctx context.Context, customerID string) (bool, error)
	Blocklist(ctx context.Context, page Page) ([]Block, error)

	// Redemption is one redemption, or ErrNotFound.
	Redemption(ctx context.Context, id string) (Redemption, error)
	// Redemptions lists the redemptions of an order.
	Redemptions(ctx context.Context, orderID string, page Page) ([]Redemption, error)
	// LiveRedemption is the id of an order's redemption that is reserved or
	// confirmed, whether its hold has run out or not, or ErrNotFound.
	LiveRedemption(ctx context.Context, orderID string) (string, error)
	// Refunds lists the refunds of a redemption.
	Refunds(ctx context.Context, redemptionID string, page Page) ([]Refund, error)
	// Events lists the events of a coupon.
	Events(ctx context.Context, couponID string, page Page) ([]Event, error)

	// GiftCard is one card, or ErrNotFound.
	GiftCard(ctx context.Context, id string) (GiftCard, error)
	// CardByLookup is the card with a Lookup, or ErrNotFound.
	CardByLookup(ctx context.Context, lookup []byte) (GiftCard, error)
	// GiftCards lists the cards of a customer, "" for all there are; status ""
	// is all, any other is what they are at now.
	GiftCards(ctx context.Context, customerID string, status CardStatus, now time.Time, page Page) ([]GiftCard, error)
	// Failures are a subject's failed attempts, zero if there are none.
	Failures(ctx context.Context, subject []byte) (Failures, error)

	// Balance is a customer's money of a currency, or ErrNotFound if none was
	// ever booked.
	Balance(ctx context.Context, customerID string, currency money.Currency) (Balance, error)
	// Balances are those of all currencies, by code.
	Balances(ctx context.Context, customerID string) ([]Balance, error)
	// Journal lists a customer's journal, newest first.
	Journal(ctx context.Context, customerID string, page Page) ([]JournalEntry, error)
	// PaidHoldsEnded reports whether a customer's wallet has paid for a
	// reserved redemption whose hold has ended by now.
	PaidHoldsEnded(ctx context.Context, customerID string, now time.Time) (bool, error)

	// Reply is the stored reply of an idempotency key, or ErrNotFound.
	Reply(ctx context.Context, key string) (StoredReply, error)
	// Meta is a named value of the ledger itself, or ErrNotFound.
	Meta(ctx context.Context, name string) (string, error)
}

// Tx reads and writes inside one transaction. Methods that decide a race
// report with ok whether this transaction won it.
type Tx interface {
	Reader

	// InsertCampaign adds a campaign unless its id exists.
	InsertCampaign(ctx context.Context, c Campaign) (ok bool, err error)
	// SetPaused changes whether a campaign is paused; not ok if it is so
	// already or does not exist.
	SetPaused(ctx context.Context, id string, paused bool) (ok bool, err error)
	// TakeIssue counts n more coupons of a campaign, unless that would exceed
	// its quantity.
	TakeIssue(ctx context.Context, campaignID string, n int64) (ok bool, err error)
	// TakeShares counts one more coupon of a campaign for each of some customers,
	// none of them twice, unless they have limit already. If not ok, one has: then
	// the transaction is to be given up, for others were counted.
	TakeShares(ctx context.Context, campaignID string, customerIDs []string, limit int64) (ok bool, err error)
	// CountShares is how many coupons of a campaign customers have had.
	CountShares(ctx context.Context, campaignID string, customerIDs []string) (map[string]int64, error)
	// InsertCoupons adds coupons; granted says that a registration gave them.
	InsertCoupons(ctx context.Context, coupons []Coupon, granted bool) error
	// CountAvailable counts customers' coupons that are available at now, or
	// will be when a hold ends, and holds off other transactions that issue to the same customers.
	CountAvailable(ctx context.Context, customerIDs []string, now time.Time) (map[string]int64, error)
	// Revoke marks an issued coupon revoked; not ok if it is not issued.
	Revoke(ctx context.Context, id string) (ok bool, err error)
	// HoldCoupon holds an available coupon for a redemption until an instant;
	// not ok if it is not available now.
	HoldCoupon(ctx context.Context, id, redemptionID string, until, now time.Time) (ok bool, err error)
	// ReleaseCoupon ends a redemption's hold; not ok if it has none.
	ReleaseCoupon(ctx context.Context, id, redemptionID string) (ok bool, err error)
	// UseCoupon marks a coupon that a redemption holds as used; not ok if it
	// does not hold it.
	UseCoupon(ctx context.Context, id, redemptionID string) (ok bool, err error)

	// EndHolds marks reserved redemptions of an order, of a coupon or that a
	// customer's wallet has paid for as lapsed whose holds have ended by now, and
	// returns them as they are then, in any order; what they hold is to be
	// released by the caller.
	EndHolds(ctx context.Context, of Hold, now time.Time) ([]Redemption, error)
	// InsertRedemption adds a redemption; not ok if its order or its coupon
	// has a live one.
	InsertRedemption(ctx context.Context, r Redemption) (ok bool, err error)
	// UpdateRedemption writes state, lines and charges of a redemption; not ok
	// if its Version is not the one in the store, which goes up by one.
	UpdateRedemption(ctx context.Context, r Redemption) (ok bool, err error)
	// HeldBy is the reserved redemption that holds a coupon, or ErrNotFound.
	HeldBy(ctx context.Context, couponID string) (Redemption, error)
	InsertRefund(ctx context.Context, r Refund) error
	InsertEvents(ctx context.Context, events ...Event) error

	// InsertCard adds a card; not ok if another one has its number.
	InsertCard(ctx context.Context, c GiftCard) (ok bool, err error)
	// RevokeCard marks an active card revoked; not ok if it is not active.
	RevokeCard(ctx context.Context, id string) (ok bool, err error)
	// TakeCard marks an active card redeemed by a customer; not ok if it is not
	// active.
	TakeCard(ctx context.Context, id, customerID string) (ok bool, err error)
	// SealedOtherwise lists up to limit cards whose codes are sealed under another
	// key than this one, and SetCode changes how one is sealed if it still is as
	// it was.
	SealedOtherwise(ctx context.Context, key int64, limit int) ([]GiftCard, error)
	SetCode(ctx context.Context, id string, was int64, code SealedCode) (ok bool, err error)
	// CountSealedOtherwise is how many SealedOtherwise would list without a limit.
	CountSealedOtherwise(ctx context.Context, key int64) (int64, error)
	// PutFailures writes a subject's failed attempts, ForgetFailures forgets
	// those of several.
	PutFailures(ctx context.Context, subject []byte, f Failures) error
	ForgetFailures(ctx context.Context, subjects [][]byte) error
	// PutBalance writes a balance that was read in this transaction.
	PutBalance(ctx context.Context, b Balance) error
	InsertEntry(ctx context.Context, e JournalEntry) error

	// Register marks a customer as registered, once.
	Register(ctx context.Context, customerID string, now time.Time) (ok bool, err error)

	// PutBlock adds a customer to the blocklist or changes the reason; the
	// entry comes back with the instant it was first added.
	PutBlock(ctx context.Context, b Block) (Block, error)
	// DeleteBlock takes a customer off the blocklist; not ok if absent.
	DeleteBlock(ctx context.Context, customerID string) (ok bool, err error)

	// TakeKey takes an idempotency key for this transaction; not ok if it has a
	// reply. While another transaction has it, it waits, and fails with
	// ErrInFlight if that takes seconds. Who takes a key saves its reply, or
	// fails.
	TakeKey(ctx context.Context, key string, now time.Time) (ok bool, err error)
	// SaveReply stores the reply of a key that has none, and forgets a few
	// replies made before forget.
	SaveReply(ctx context.Context, r StoredReply, forget time.Time) error
	// FreeKey gives back a key that TakeKey took.
	FreeKey(ctx context.Context, key string) error
	// HoldMeta is Meta, and keeps the value from being changed until the
	// transaction ends.
	HoldMeta(ctx context.Context, name string) (string, error)
	// SetMeta sets a named value of the ledger, whatever it was.
	SetMeta(ctx context.Context, name, value string) error
	// PutMeta sets a named value of the ledger that has none; not ok if it has.
	PutMeta(ctx context.Context, name, value string) (ok bool, err error)
}

// Page is a position in a list and how much of it is wanted.
type Page struct {
	Limit int
	After Position
}

// Position is the last row seen; zero is the start of the list.
type Position struct {
	CreatedAt time.Time
	ID        string
}

// Holding is what the ledger holds for one customer.
type Holding struct {
	CustomerID string
	Facts      Facts
}

// Block is one customer on the blocklist.
type Block struct {
	CustomerID string
	Reason     string
	CreatedAt  time.Time
}

// StoredReply is what a repeated request gets again. Response is sealed.
type StoredReply struct {
	Key         string // its keyed hash, as far as the books are concerned
	Fingerprint []byte // SHA-256 of the request
	Response    []byte
	CreatedAt   time.Time
}
