// What the tests of gift cards and wallets do at the office.
package ledger_test

import (
	"context"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

// cards issues gift cards of an amount in US dollars.
func (o *office) cards(amount money.Amount, customer string, expires time.Time, n int) (cards []ledger.IssuedCard) {
	o.t.Helper()
	o.must(o.do(func(e *ledger.Entry) (err error) {
		cards, err = e.IssueCards(ledger.CardOrder{Currency: usd(o.t), Amount: amount, CustomerID: customer, ExpiresAt: expires, Count: n})
		return err
	}))
	return cards
}

// card issues one card of nobody that never ends.
func (o *office) card(amount money.Amount) ledger.IssuedCard {
	o.t.Helper()
	return o.cards(amount, "", time.Time{}, 1)[0]
}

// redeem redeems a card for which policies have nothing against.
func (o *office) redeem(customer, number string, code ledger.Code) (card ledger.GiftCard, err error) {
	err = o.do(func(e *ledger.Entry) (err error) {
		card, err = e.RedeemCard(ledger.CardClaim{CustomerID: customer, Number: number, Secret: code,
			Holds: func(time.Time, *ledger.GiftCard) error { return nil }})
		return err
	})
	return card, err
}

func (o *office) topUp(customer string, amount, bonus money.Amount) error {
	return o.do(func(e *ledger.Entry) error {
		_, _, err := e.TopUp(ledger.TopUp{CustomerID: customer, Currency: usd(o.t), Amount: amount, Reference: "ref",
			Bonus: func(ledger.Balance) (money.Amount, error) { return bonus, nil }})
		return err
	})
}

func (o *office) withdraw(customer string, amount money.Amount) (forfeited money.Amount, err error) {
	err = o.do(func(e *ledger.Entry) (err error) {
		_, forfeited, err = e.Withdraw(ledger.Withdrawal{CustomerID: customer, Currency: usd(o.t), Amount: amount,
			Holds: func(ledger.Balance) error { return nil }})
		return err
	})
	return forfeited, err
}

func (o *office) pay(customer, redemptionID string, amount money.Amount) (p ledger.Payment, err error) {
	err = o.do(func(e *ledger.Entry) (err error) {
		p, err = e.Pay(customer, redemptionID, amount)
		return err
	})
	return p, err
}

// has compares a wallet's US dollars.
func (o *office) has(what, customer string, cash, gift, bonus money.Amount) {
	o.t.Helper()
	b, err := o.Balance(context.Background(), customer, usd(o.t))
	o.must(err)
	if b.Cash != cash || b.Gift != gift || b.Bonus != bonus {
		o.t.Errorf("%s: %s has %+v, want cash %d, gift %d, bonus %d", what, customer, b, cash, gift, bonus)
	}
}

// journal tells what was booked for a customer, newest first.
func (o *office) journal(customer string) (kinds []ledger.EntryKind) {
	o.t.Helper()
	entries, err := o.Journal(context.Background(), customer, ledger.Page{Limit: 500})
	o.must(err)
	for _, e := range entries {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// clean verifies the books.
func (o *office) clean() {
	o.t.Helper()
	faults, err := ledger.Verify(context.Background(), o.store)
	if err != nil || len(faults) > 0 {
		o.t.Errorf("%+v, %v", faults, err)
	}
}

// plainOrder is an order of 20.00 without a coupon.
func plainOrder(t testing.TB, orderID, customer string) ledger.Reservation {
	t.Helper()
	r := order(t, orderID, customer, "")
	r.Totals.CouponDiscount, r.Totals.OtherDiscounts = 0, 100
	return r
}

// ordered reserves an order of 20.00.
func (o *office) ordered(orderID, customer string) ledger.Redemption {
	o.t.Helper()
	r, err := o.reserve(plainOrder(o.t, orderID, customer))
	o.must(err)
	return r
}
