package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"scrip/engine/keys"
	"scrip/engine/money"
	"scrip/engine/refusal"
)

// MaxCards bounds the gift cards issued by one request.
const MaxCards = 10_000

// GiftCard is credit that whoever has its number and code moves into a wallet,
// once (Contract §7).
type GiftCard struct {
	ID         string
	Number     string // 16 digits, the last a Luhn check digit
	Currency   money.Currency
	Amount     money.Amount
	CustomerID string    // who is shown it; "" for nobody
	ExpiresAt  time.Time // zero: never
	State      CardState
	RedeemedBy string // the customer whose wallet has it; "" for nobody's
	CreatedAt  time.Time

	Lookup []byte     // keyed hash of number and code: what finds the card
	Code   SealedCode // for its owner
}

// SealedCode is a code as the ledger keeps it.
type SealedCode struct {
	Key    int64 // which of the keys sealed it
	Sealed []byte
}

// CardState is what the books say of a card, whatever the clock says.
type CardState string

// States. A card is active until it is redeemed or revoked.
const (
	CardActive   CardState = "active"
	CardRedeemed CardState = "redeemed"
	CardRevoked  CardState = "revoked"
)

// CardStatus is what a card is at an instant, as clients and policies see it.
type CardStatus string

// Statuses (Contract §7).
const (
	StatusCardActive   CardStatus = "active"
	StatusCardRedeemed CardStatus = "redeemed"
	StatusCardRevoked  CardStatus = "revoked"
	StatusCardExpired  CardStatus = "expired"
)

// CardStatuses lists all statuses that cards can be filtered by.
var CardStatuses = []CardStatus{StatusCardActive, StatusCardRedeemed, StatusCardRevoked, StatusCardExpired}

// Valid reports whether s is one of [CardStatuses].
func (s CardStatus) Valid() bool { return slices.Contains(CardStatuses, s) }

// StatusAt tells the status at an instant. A card can be redeemed up to but not
// including its expiry.
func (c *GiftCard) StatusAt(now time.Time) CardStatus {
	if c.State == CardActive && !c.ExpiresAt.IsZero() && !now.Before(c.ExpiresAt) {
		return StatusCardExpired
	}
	return CardStatus(c.State)
}

// Codes of refusals.
const (
	CardNotFound = "gift_card.not_found"
	CardInvalid  = "gift_card.invalid"
	CardUsed     = "gift_card.redeemed"
	CardTaken    = "gift_card.revoked"
	CardTries    = "gift_card.too_many_attempts"
)

// CardOrder is what gift cards to issue.
type CardOrder struct {
	Currency   money.Currency
	Amount     money.Amount
	CustomerID string
	ExpiresAt  time.Time // zero: never
	Count      int       // 1 to MaxCards
}

// IssuedCard is a new card with its code in the clear.
type IssuedCard struct {
	GiftCard
	Secret Code
}

// IssueCards makes gift cards, all or none.
func (e *Entry) IssueCards(order CardOrder) ([]IssuedCard, error) {
	key, err := e.codeKey()
	if err != nil {
		return nil, err
	}
	cards := make([]IssuedCard, 0, order.Count)
	for range order.Count {
		card, err := e.issueCard(&order, key)
		if err != nil {
			return nil, err
		}
		cards = append(cards, card)
	}
	e.wrote = true
	return cards, nil
}

// numberTries is how often a number is made anew that a card has already: with
// a billion cards one in a million is.
const numberTries = 8

func (e *Entry) issueCard(order *CardOrder, key int64) (IssuedCard, error) {
	id, err := newID("crd_")
	if err != nil {
		return IssuedCard{}, err
	}
	card := IssuedCard{Secret: newCode(), GiftCard: GiftCard{ID: id, Currency: order.Currency, Amount: order.Amount,
		CustomerID: order.CustomerID, ExpiresAt: order.ExpiresAt, State: CardActive, CreatedAt: e.now}}
	card.Code = e.book.vault.seal(key, id, card.Secret)
	for range numberTries {
		card.Number = newNumber()
		card.Lookup = e.book.vault.lookup(card.Number, card.Secret)
		if ok, err := e.tx.InsertCard(e.ctx, card.GiftCard); err != nil || ok {
			return card, err
		}
	}
	return IssuedCard{}, fmt.Errorf("%d new card numbers were taken already", numberTries)
}

// RevokeCard takes a card back that was not redeemed. Doing so twice is the
// same as once. It refuses with [CardNotFound] and [CardUsed].
func (e *Entry) RevokeCard(id string) (GiftCard, error) {
	changed, err := e.tx.RevokeCard(e.ctx, id)
	if err != nil {
		return GiftCard{}, err
	}
	e.wrote = e.wrote || changed
	card, err := giftCard(e.ctx, e.tx, id)
	if err == nil && card.State == CardRedeemed {
		err = refusal.New(CardUsed, "gift card %q has been redeemed and cannot be revoked", id)
	}
	return card, err
}

// CardClaim is somebody's wish to redeem a card.
type CardClaim struct {
	CustomerID string
	Number     string // as typed
	Secret     Code   // likewise

	// Holds looks at the card that the transaction sees, at an instant, and
	// refuses one that cannot be redeemed.
	Holds func(now time.Time, card *GiftCard) error
}

// RedeemCard moves a card's credit into the wallet of whoever has its number
// and code. It refuses with [CardTries] whoever failed too often, and with
// [CardInvalid], alike for an unknown number and a wrong code, which counts as
// a failure; then with what Holds says.
func (e *Entry) RedeemCard(claim CardClaim) (GiftCard, error) {
	subjects := e.book.vault.subjects(&claim)
	if err := e.unlocked(subjects); err != nil {
		return GiftCard{}, err
	}
	card, err := e.tx.CardByLookup(e.ctx, e.book.vault.lookup(claim.Number, claim.Secret))
	if errors.Is(err, ErrNotFound) {
		return GiftCard{}, e.failed(subjects)
	}
	if err != nil {
		return GiftCard{}, err
	}
	if err := claim.Holds(e.now, &card); err != nil {
		return GiftCard{}, err
	}
	ok, err := e.tx.TakeCard(e.ctx, card.ID, claim.CustomerID)
	switch {
	case err != nil:
		return GiftCard{}, err
	case !ok && card.State == CardRevoked: // whatever policies say: the books have the last word
		return GiftCard{}, refusal.New(CardTaken, "this gift card was revoked")
	case !ok:
		return GiftCard{}, refusal.New(CardUsed, "this gift card was redeemed already")
	}
	if err := e.tx.ForgetFailures(e.ctx, subjects); err != nil {
		return GiftCard{}, err
	}
	card.State, card.RedeemedBy = CardRedeemed, claim.CustomerID
	return card, e.post(JournalEntry{ID: card.ID, CustomerID: claim.CustomerID, Kind: KindGiftCard, Currency: card.Currency, Reference: card.ID,
		Postings: []Posting{{Gift, card.Amount}, {Cards, -card.Amount}}})
}

// Claimed is the card that a claim is about, as it is now, a zero one if there
// is none. It refuses as [Entry.RedeemCard] does, and counts nothing: the
// transaction has to say it.
func (b *Book) Claimed(ctx context.Context, claim *CardClaim) (GiftCard, error) {
	if err := locked(ctx, b.store, b.vault.subjects(claim), b.Now()); err != nil {
		return GiftCard{}, err
	}
	card, err := b.store.CardByLookup(ctx, b.vault.lookup(claim.Number, claim.Secret))
	if errors.Is(err, ErrNotFound) {
		return GiftCard{}, nil
	}
	return card, err
}

// GiftCard is one card, or a refusal with [CardNotFound].
func (b *Book) GiftCard(ctx context.Context, id string) (GiftCard, error) {
	return giftCard(ctx, b.store, id)
}

// RevealCode is the code of a card, to its owner only; for anybody else the card
// does not exist.
func (b *Book) RevealCode(ctx context.Context, id, customerID string) (GiftCard, Code, error) {
	card, err := b.GiftCard(ctx, id)
	if err != nil {
		return GiftCard{}, Code{}, err
	}
	if card.CustomerID == "" || card.CustomerID != customerID {
		return GiftCard{}, Code{}, errNoCard()
	}
	code, err := b.vault.open(card.Code, id)
	return card, code, err
}

// GiftCards lists a page of cards: of a customer, or with "" of all; status ""
// is all, any other is what they are now.
func (b *Book) GiftCards(ctx context.Context, customerID string, status CardStatus, page Page) ([]GiftCard, time.Time, error) {
	now := b.Now()
	cards, err := b.store.GiftCards(ctx, customerID, status, now, page)
	return cards, now, err
}

func giftCard(ctx context.Context, r Reader, id string) (GiftCard, error) {
	card, err := r.GiftCard(ctx, id)
	if errors.Is(err, ErrNotFound) {
		err = errNoCard()
	}
	return card, err
}

// errNoCard does not repeat the id: who mixes up the fields types a code.
func errNoCard() error {
	return refusal.New(CardNotFound, "there is no such gift card")
}

// vault has the keys of gift cards.
type vault struct {
	codes   func(key int64) keys.Box
	lookups keys.MAC
}

func newVault(master keys.Master) vault { return vault{master.Codes, master.CardLookups()} }

func (v *vault) seal(key int64, id string, code Code) SealedCode {
	return SealedCode{key, v.codes(key).Seal([]byte(code.Reveal()), id)}
}

func (v *vault) open(c SealedCode, id string) (Code, error) {
	text, err := v.codes(c.Key).Open(c.Sealed, id)
	if err != nil {
		return Code{}, fmt.Errorf("code of gift card %q: %w", id, err)
	}
	return codeOf(string(text)), nil
}

func (v *vault) lookup(number string, code Code) []byte {
	return v.lookups.Sum("card", number, code.Reveal())
}

// subjects are whose failures a claim may add to: those of its customer and
// those of the number. Neither is kept in the clear: who mixes up the fields
// types a code.
func (v *vault) subjects(claim *CardClaim) [][]byte {
	subjects := [][]byte{v.lookups.Sum("customer", claim.CustomerID), v.lookups.Sum("number", claim.Number)}
	slices.SortFunc(subjects, slices.Compare) // transactions take them in one order
	return subjects
}
