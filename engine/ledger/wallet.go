package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"scrip/engine/money"
	"scrip/engine/refusal"
)

// MaxBalance bounds what a wallet holds of a currency, in minor units.
const MaxBalance = money.Limit - 1

// Balance is a customer's money in one currency. No bucket is ever below zero.
type Balance struct {
	CustomerID        string
	Currency          money.Currency
	Cash, Gift, Bonus money.Amount
}

// Total is all that can pay orders.
func (b *Balance) Total() money.Amount { return b.Cash + b.Gift + b.Bonus }

// Withdrawable is what can be paid out: cash only.
func (b *Balance) Withdrawable() money.Amount { return b.Cash }

// JournalEntry is one booking, double entry: its postings add up to zero. The
// journal is only ever added to.
type JournalEntry struct {
	ID         string // of what was booked: the card, payment, refund, …
	CustomerID string
	Kind       EntryKind
	Currency   money.Currency
	Postings   []Posting
	Reference  string // for a top-up the caller's, else the card or redemption concerned
	CreatedAt  time.Time
}

// EntryKind says what was booked.
type EntryKind string

// Kinds of journal entries.
const (
	KindTopUp      EntryKind = "top_up"
	KindGiftCard   EntryKind = "gift_card"
	KindPayment    EntryKind = "payment"
	KindReturn     EntryKind = "payment_returned"
	KindRefund     EntryKind = "refund"
	KindWithdrawal EntryKind = "withdrawal"
)

// Posting is what an entry adds to one account, or takes from it.
type Posting struct {
	Bucket Bucket
	Amount money.Amount
}

// Bucket is an account. The first three are a customer's; the others are what
// money comes from and goes to.
type Bucket string

// Buckets.
const (
	Cash       Bucket = "cash"
	Gift       Bucket = "gift"
	Bonus      Bucket = "bonus"
	External   Bucket = "external"   // banks and payment providers
	Cards      Bucket = "gift_cards" // issued and not redeemed
	Promotions Bucket = "promotions" // what bonuses cost
	Orders     Bucket = "orders"
)

// of is the customer's bucket, nil for an account that is not theirs.
func (b *Balance) of(bucket Bucket) *money.Amount {
	switch bucket {
	case Cash:
		return &b.Cash
	case Gift:
		return &b.Gift
	case Bonus:
		return &b.Bonus
	}
	return nil
}

// Codes of refusals.
const (
	InsufficientFunds  = "wallet.insufficient_funds"
	NotWithdrawable    = "wallet.not_withdrawable"
	PaymentExceedsOwed = "payment.exceeds_owed"
	NothingOwed        = "payment.nothing_owed"
	NotReserved        = "redemption.not_reserved"
)

// Wallet is a customer's balances, by currency, with the money of holds that
// have ended back in them.
func (b *Book) Wallet(ctx context.Context, customerID string) ([]Balance, error) {
	if err := b.settle(ctx, customerID); err != nil {
		return nil, err
	}
	return b.store.Balances(ctx, customerID)
}

// Balance is a customer's money of one currency, nothing where none was ever
// booked.
func (b *Book) Balance(ctx context.Context, customerID string, currency money.Currency) (Balance, error) {
	if err := b.settle(ctx, customerID); err != nil {
		return Balance{}, err
	}
	return balance(ctx, b.store, customerID, currency)
}

// Journal lists a page of a customer's journal, newest first.
func (b *Book) Journal(ctx context.Context, customerID string, page Page) ([]JournalEntry, error) {
	if err := b.settle(ctx, customerID); err != nil {
		return nil, err
	}
	return b.store.Journal(ctx, customerID, page)
}

// settle writes down the ends of holds that a customer paid for, if there are
// any: the money is theirs again from that instant on.
func (b *Book) settle(ctx context.Context, customerID string) error {
	if due, err := b.store.PaidHoldsEnded(ctx, customerID, b.Now()); err != nil || !due {
		return err
	}
	defer b.known.drop([]string{customerID}) // a coupon may have been held, too
	return b.store.Write(ctx, func(tx Tx) error {
		e := &Entry{ctx: ctx, book: b, tx: tx, now: b.Now()}
		return e.endHolds(Hold{CustomerID: customerID})
	})
}

// Balance is a customer's money of a currency as the transaction sees it, with
// that of holds that have ended back in it.
func (e *Entry) Balance(customerID string, currency money.Currency) (Balance, error) {
	if err := e.endHolds(Hold{CustomerID: customerID}); err != nil {
		return Balance{}, err
	}
	return e.balance(customerID, currency)
}

// Wallet is a customer's balances as the transaction sees them.
func (e *Entry) Wallet(customerID string) ([]Balance, error) {
	if err := e.endHolds(Hold{CustomerID: customerID}); err != nil {
		return nil, err
	}
	return e.tx.Balances(e.ctx, customerID)
}

func (e *Entry) balance(customerID string, currency money.Currency) (Balance, error) {
	return balance(e.ctx, e.tx, customerID, currency)
}

func balance(ctx context.Context, r Reader, customerID string, currency money.Currency) (Balance, error) {
	b, err := r.Balance(ctx, customerID, currency)
	if errors.Is(err, ErrNotFound) {
		return Balance{CustomerID: customerID, Currency: currency}, nil
	}
	return b, err
}

// post books an entry at the instant of the operation, or at its own if it has
// one, and changes the customer's balance by it.
func (e *Entry) post(entry JournalEntry) error {
	if entry.CreatedAt.IsZero() {
		entry.CreatedAt = e.now
	}
	entry.Postings = slices.DeleteFunc(entry.Postings, func(p Posting) bool { return p.Amount == 0 })
	balance, err := e.balance(entry.CustomerID, entry.Currency)
	if err != nil {
		return err
	}
	var sum money.Amount
	for _, p := range entry.Postings {
		sum += p.Amount
		if bucket := balance.of(p.Bucket); bucket != nil {
			if *bucket, err = money.Add(*bucket, p.Amount); err != nil {
				return err
			}
		}
	}
	if sum != 0 || min(balance.Cash, balance.Gift, balance.Bonus) < 0 {
		return fmt.Errorf("entry %s does not balance or overdraws: %+v, leaving %+v", entry.ID, entry.Postings, balance)
	}
	// What is theirs comes back whatever the bound, and above it can still be spent.
	if balance.Total() > MaxBalance && (entry.Kind == KindTopUp || entry.Kind == KindGiftCard) {
		return refusal.InvalidRequest(refusal.Fault{Pointer: "/amount", Detail: "the wallet would hold more than " +
			entry.Currency.Format(MaxBalance) + " " + entry.Currency.Code()})
	}
	e.wrote = true
	if err := e.tx.PutBalance(e.ctx, balance); err != nil {
		return err
	}
	return e.tx.InsertEntry(e.ctx, entry)
}

// TopUp is money that a customer pays into their wallet.
type TopUp struct {
	CustomerID string
	Currency   money.Currency
	Amount     money.Amount
	Reference  string

	// Bonus is what the policies add, seeing the balance before the top-up.
	Bonus func(Balance) (money.Amount, error)
}

// TopUp books a top-up with its bonus. Its id and bonus come back.
func (e *Entry) TopUp(t TopUp) (id string, bonus money.Amount, err error) {
	balance, err := e.Balance(t.CustomerID, t.Currency)
	if err != nil {
		return "", 0, err
	}
	if bonus, err = t.Bonus(balance); err != nil {
		return "", 0, err
	}
	if id, err = newID("top_"); err != nil {
		return "", 0, err
	}
	return id, bonus, e.post(JournalEntry{ID: id, CustomerID: t.CustomerID, Kind: KindTopUp, Currency: t.Currency, Reference: t.Reference,
		Postings: []Posting{{Cash, t.Amount}, {External, -t.Amount}, {Bonus, bonus}, {Promotions, -bonus}}})
}

// Withdrawal is cash that a customer takes out of their wallet.
type Withdrawal struct {
	CustomerID string
	Currency   money.Currency
	Amount     money.Amount

	// Holds refuses what the policies deny, seeing the balance before the
	// withdrawal.
	Holds func(Balance) error
}

// Withdraw books a withdrawal. Bonus that the cash earned and that was not
// spent is forfeited in proportion: round_half_up(bonus × amount / cash)
// (Contract §7). It refuses with what Holds says and with [NotWithdrawable].
func (e *Entry) Withdraw(w Withdrawal) (id string, forfeited money.Amount, err error) {
	balance, err := e.Balance(w.CustomerID, w.Currency)
	if err != nil {
		return "", 0, err
	}
	if err := w.Holds(balance); err != nil {
		return "", 0, err
	}
	if w.Amount > balance.Cash {
		return "", 0, CannotWithdraw(&balance)
	}
	if forfeited, err = money.Fraction(balance.Bonus, int64(w.Amount), int64(balance.Cash)); err != nil {
		return "", 0, err
	}
	if id, err = newID("wdr_"); err != nil {
		return "", 0, err
	}
	return id, forfeited, e.post(JournalEntry{ID: id, CustomerID: w.CustomerID, Kind: KindWithdrawal, Currency: w.Currency,
		Postings: []Posting{{Cash, -w.Amount}, {External, w.Amount}, {Bonus, -forfeited}, {Promotions, forfeited}}})
}

// CannotWithdraw refuses a withdrawal of more than the cash there is.
func CannotWithdraw(b *Balance) *refusal.Error {
	r := refusal.New(NotWithdrawable, "only cash can be withdrawn, and there is %s %s of it", b.Currency.Format(b.Cash), b.Currency.Code())
	r.Available = b.Currency.Format(b.Cash)
	return r
}
