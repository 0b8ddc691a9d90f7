// The store's calls of gift cards and wallets, to stumble at, and the
// operations that make them.
package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

func (s *stumbling) CardByLookup(ctx context.Context, lookup []byte) (ledger.GiftCard, error) {
	return or(s, func() (ledger.GiftCard, error) { return s.Store.CardByLookup(ctx, lookup) })
}

func (tx stumblingTx) CardByLookup(ctx context.Context, lookup []byte) (ledger.GiftCard, error) {
	return or(tx.s, func() (ledger.GiftCard, error) { return tx.Tx.CardByLookup(ctx, lookup) })
}

func (s *stumbling) GiftCard(ctx context.Context, id string) (ledger.GiftCard, error) {
	return or(s, func() (ledger.GiftCard, error) { return s.Store.GiftCard(ctx, id) })
}

func (tx stumblingTx) GiftCard(ctx context.Context, id string) (ledger.GiftCard, error) {
	return or(tx.s, func() (ledger.GiftCard, error) { return tx.Tx.GiftCard(ctx, id) })
}

func (s *stumbling) Failures(ctx context.Context, subject []byte) (ledger.Failures, error) {
	return or(s, func() (ledger.Failures, error) { return s.Store.Failures(ctx, subject) })
}

func (tx stumblingTx) Failures(ctx context.Context, subject []byte) (ledger.Failures, error) {
	return or(tx.s, func() (ledger.Failures, error) { return tx.Tx.Failures(ctx, subject) })
}

func (s *stumbling) Balance(ctx context.Context, customer string, c money.Currency) (ledger.Balance, error) {
	return or(s, func() (ledger.Balance, error) { return s.Store.Balance(ctx, customer, c) })
}

func (tx stumblingTx) Balance(ctx context.Context, customer string, c money.Currency) (ledger.Balance, error) {
	return or(tx.s, func() (ledger.Balance, error) { return tx.Tx.Balance(ctx, customer, c) })
}

func (s *stumbling) Balances(ctx context.Context, customer string) ([]ledger.Balance, error) {
	return or(s, func() ([]ledger.Balance, error) { return s.Store.Balances(ctx, customer) })
}

func (tx stumblingTx) Balances(ctx context.Context, customer string) ([]ledger.Balance, error) {
	return or(tx.s, func() ([]ledger.Balance, error) { return tx.Tx.Balances(ctx, customer) })
}

func (s *stumbling) PaidHoldsEnded(ctx context.Context, customer string, now time.Time) (bool, error) {
	return or(s, func() (bool, error) { return s.Store.PaidHoldsEnded(ctx, customer, now) })
}

func (s *stumbling) Journal(ctx context.Context, customer string, page ledger.Page) ([]ledger.JournalEntry, error) {
	return or(s, func() ([]ledger.JournalEntry, error) { return s.Store.Journal(ctx, customer, page) })
}

func (s *stumbling) GiftCards(ctx context.Context, customer string, status ledger.CardStatus, now time.Time, page ledger.Page) ([]ledger.GiftCard, error) {
	return or(s, func() ([]ledger.GiftCard, error) { return s.Store.GiftCards(ctx, customer, status, now, page) })
}

func (tx stumblingTx) InsertCard(ctx context.Context, c ledger.GiftCard) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.InsertCard(ctx, c) })
}

func (tx stumblingTx) RevokeCard(ctx context.Context, id string) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.RevokeCard(ctx, id) })
}

func (tx stumblingTx) TakeCard(ctx context.Context, id, customer string) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.TakeCard(ctx, id, customer) })
}

func (tx stumblingTx) SealedOtherwise(ctx context.Context, key int64, limit int) ([]ledger.GiftCard, error) {
	return or(tx.s, func() ([]ledger.GiftCard, error) { return tx.Tx.SealedOtherwise(ctx, key, limit) })
}

func (tx stumblingTx) SetCode(ctx context.Context, id string, was int64, code ledger.SealedCode) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.SetCode(ctx, id, was, code) })
}

func (tx stumblingTx) PutFailures(ctx context.Context, subject []byte, f ledger.Failures) error {
	_, err := or(tx.s, func() (struct{}, error) { return struct{}{}, tx.Tx.PutFailures(ctx, subject, f) })
	return err
}

func (tx stumblingTx) ForgetFailures(ctx context.Context, subjects [][]byte) error {
	_, err := or(tx.s, func() (struct{}, error) { return struct{}{}, tx.Tx.ForgetFailures(ctx, subjects) })
	return err
}

func (tx stumblingTx) PutBalance(ctx context.Context, b ledger.Balance) error {
	_, err := or(tx.s, func() (struct{}, error) { return struct{}{}, tx.Tx.PutBalance(ctx, b) })
	return err
}

func (tx stumblingTx) InsertEntry(ctx context.Context, entry ledger.JournalEntry) error {
	_, err := or(tx.s, func() (struct{}, error) { return struct{}{}, tx.Tx.InsertEntry(ctx, entry) })
	return err
}

func (tx stumblingTx) HoldMeta(ctx context.Context, name string) (string, error) {
	return or(tx.s, func() (string, error) { return tx.Tx.HoldMeta(ctx, name) })
}

func (tx stumblingTx) CountSealedOtherwise(ctx context.Context, key int64) (int64, error) {
	return or(tx.s, func() (int64, error) { return tx.Tx.CountSealedOtherwise(ctx, key) })
}

func (tx stumblingTx) SetMeta(ctx context.Context, name, value string) error {
	_, err := or(tx.s, func() (struct{}, error) { return struct{}{}, tx.Tx.SetMeta(ctx, name, value) })
	return err
}

func (tx stumblingTx) FreeKey(ctx context.Context, key string) error {
	_, err := or(tx.s, func() (struct{}, error) { return struct{}{}, tx.Tx.FreeKey(ctx, key) })
	return err
}

// moneyOps are operations of ann, who has cash, gift and bonus credit, two
// cards, and a paid hold that has run out.
func moneyOps(cards []ledger.IssuedCard, held ledger.Redemption) map[string]func(*ledger.Entry) error {
	return map[string]func(*ledger.Entry) error{
		"issuing": func(e *ledger.Entry) error {
			_, err := e.IssueCards(ledger.CardOrder{Currency: held.Currency, Amount: 1, Count: 2})
			return err
		},
		"revoking": func(e *ledger.Entry) error { _, err := e.RevokeCard(cards[0].ID); return err },
		"redeeming": func(e *ledger.Entry) error {
			_, err := e.RedeemCard(ledger.CardClaim{CustomerID: "ann", Number: cards[1].Number, Secret: cards[1].Secret,
				Holds: func(time.Time, *ledger.GiftCard) error { return nil }})
			return err
		},
		"topping up": func(e *ledger.Entry) error {
			_, _, err := e.TopUp(ledger.TopUp{CustomerID: "ann", Currency: held.Currency, Amount: 5,
				Bonus: func(ledger.Balance) (money.Amount, error) { return 1, nil }})
			return err
		},
		"withdrawing": func(e *ledger.Entry) error {
			_, _, err := e.Withdraw(ledger.Withdrawal{CustomerID: "ann", Currency: held.Currency, Amount: 5,
				Holds: func(ledger.Balance) error { return nil }})
			return err
		},
		"paying":    func(e *ledger.Entry) error { _, err := e.Pay("ann", held.ID, 0); return err },
		"looking":   func(e *ledger.Entry) error { _, err := e.Wallet("ann"); return err },
		"a new key": func(e *ledger.Entry) error { _, err := e.NextCodeKey(); return err },
		"sealing": func(e *ledger.Entry) error {
			_, err1 := e.NextCodeKey()
			_, err2 := e.Reseal()
			return errors.Join(err1, err2)
		},
	}
}

// tills is all that the store tells of cards and of ann's wallet.
func (o *office) tills() string {
	o.t.Helper()
	ctx, all := context.Background(), ledger.Page{Limit: 500}
	cards, err1 := o.store.GiftCards(ctx, "", "", epoch, all)
	balances, err2 := o.store.Balances(ctx, "ann")
	journal, err3 := o.store.Journal(ctx, "ann", all)
	key, _ := o.store.Meta(ctx, "gift_card_code_key")
	o.must(errors.Join(err1, err2, err3))
	return o.books() + fmt.Sprintf("%+v\n%+v\n%+v\n%s\n", cards, balances, journal, key)
}

// Operations on money fail as all others do, wherever the store does.
func TestAStoreThatFailsAnywhereInAWallet(t *testing.T) {
	t.Parallel()
	for name := range moneyOps(make([]ledger.IssuedCard, 2), ledger.Redemption{}) {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			cards := o.cards(500, "ann", time.Time{}, 3)
			_, err := o.redeem("ann", cards[2].Number, cards[2].Secret)
			o.must(err)
			o.must(o.topUp("ann", 3_000, 300))
			_, err = o.pay("ann", o.ordered("o1", "ann").ID, 1_000)
			o.must(err)
			o.at(holdTTL)
			o.stumble(moneyOps(cards, o.ordered("o2", "ann"))[name], true, o.tills)
			o.clean()
		})
	}
}

// A failed attempt that the store could not count was no attempt.
func TestAStoreThatFailsWhileAFailureIsCounted(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for calls := 0; ; calls++ {
		store := &stumbling{Store: o.store, left: 1_000}
		book, err := ledger.Open(t.Context(), store, master(t, masterKey), o.now)
		o.must(err)
		store.left = calls
		failing := &office{Book: book, clock: o.clock, t: t, store: store}
		_, err = failing.redeem("ann", "1", ledger.TypedCode("x"))
		if store.left >= 0 {
			refused(t, "failing nowhere", err, ledger.CardInvalid)
			break
		}
		if !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("failing at call %d: %v", calls, err)
		}
	}
	o.fail(9, "ann", "1") // one was counted
	_, err := o.redeem("ann", "1", ledger.TypedCode("x"))
	refused(t, "the eleventh", err, ledger.CardTries)
}
