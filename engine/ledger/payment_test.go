// Wallets pay orders with what cannot be withdrawn first, and get back what
// they paid: of holds that end at that instant, of refunds to where it was.
package ledger_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

// rich is an office where ann has 10.00 cash, 5.00 gift and 3.00 bonus.
func rich(t *testing.T) *office {
	t.Helper()
	o := newOffice(t)
	card := o.card(500)
	_, err := o.redeem("ann", card.Number, card.Secret)
	o.must(err)
	o.must(o.topUp("ann", 1_000, 300))
	o.has("at first", "ann", 1_000, 500, 300)
	return o
}

func TestPaymentsDrawGiftThenBonusThenCash(t *testing.T) {
	t.Parallel()
	o := rich(t)
	r := o.ordered("o1", "ann")
	for _, step := range []struct {
		amount, gift, bonus, cash money.Amount
	}{{400, 400, 0, 0}, {200, 100, 100, 0}, {300, 0, 200, 100}} {
		p, err := o.pay("ann", r.ID, step.amount)
		if want := (ledger.Tender{Gift: step.gift, Bonus: step.bonus, Cash: step.cash}); err != nil || p.Drawn != want || p.Amount != step.amount {
			t.Errorf("%d: %+v, %v", step.amount, p, err)
		}
	}
	o.has("paid", "ann", 900, 0, 0)
	_, err := o.pay("ann", r.ID, 0) // 11.00 are owed
	no := refusedAs(t, err, ledger.InsufficientFunds)
	if no.Needed != "11.00" || no.Available != "9.00" {
		t.Errorf("needed %s, available %s", no.Needed, no.Available)
	}
	_, err = o.pay("ann", r.ID, 1_101)
	refused(t, "more than is owed", err, ledger.PaymentExceedsOwed)
	_, err = o.pay("bob", r.ID, 1)
	refused(t, "another's", err, ledger.RedemptionNotFound)
	_, err = o.pay("ann", "rdm_x", 1)
	refused(t, "none", err, ledger.RedemptionNotFound)
	o.must(o.topUp("ann", 200, 0))
	if p, err := o.pay("ann", r.ID, 0); err != nil || p.Amount != 1_100 {
		t.Errorf("the rest: %+v, %v", p, err)
	}
	_, err = o.pay("ann", r.ID, 0)
	refused(t, "nothing is owed", err, ledger.NothingOwed)
	r, err = o.confirm(r.ID)
	if want := (ledger.Tender{Gift: 500, Bonus: 300, Cash: 1_200}); err != nil || r.PaidBy() != want {
		t.Errorf("paid by %+v, %v", r.PaidBy(), err)
	}
	_, err = o.pay("ann", r.ID, 1)
	refused(t, "confirmed", err, ledger.NotReserved)
	o.clean()
}

func TestWhatAHoldDrewReturnsWhenItEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*office, ledger.Redemption){
		"released": func(o *office, r ledger.Redemption) { _, err := o.release(r.ID); o.must(err) },
		"its end":  func(o *office, _ ledger.Redemption) { o.at(holdTTL) },
		"its order is reserved anew": func(o *office, _ ledger.Redemption) {
			o.at(holdTTL)
			o.ordered("o1", "ann")
		},
	} {
		o := rich(t)
		r := o.ordered("o1", "ann")
		_, err := o.pay("ann", r.ID, 1_500)
		o.must(err)
		o.at(holdTTL - tick)
		o.has(name+": before", "ann", 300, 0, 0)
		end(o, r)
		o.has(name, "ann", 1_000, 500, 300)
		wallet, err := o.Wallet(context.Background(), "ann")
		if err != nil || len(wallet) != 1 || wallet[0].Total() != 1_800 || wallet[0].Withdrawable() != 1_000 {
			t.Errorf("%s: %+v, %v", name, wallet, err)
		}
		if kinds := o.journal("ann"); kinds[0] != ledger.KindReturn || len(kinds) != 4 {
			t.Errorf("%s: %q", name, kinds)
		}
		_, err = o.pay("ann", r.ID, 1)
		refused(t, name, err, ledger.NotReserved)
		o.has(name+", once", "ann", 1_000, 500, 300)
		o.clean()
	}
}

// What was drawn can be spent at the instant at which the hold ends, also by
// an operation that is the first to look.
func TestReturnedMoneyIsThereForTheFirstWhoLooks(t *testing.T) {
	t.Parallel()
	for name, look := range map[string]func(*office, ledger.Redemption) error{
		"a withdrawal": func(o *office, _ ledger.Redemption) error { _, err := o.withdraw("ann", 1_000); return err },
		"a payment":    func(o *office, r ledger.Redemption) error { _, err := o.pay("ann", r.ID, 1_800); return err },
		"the journal": func(o *office, _ ledger.Redemption) error {
			if kinds := o.journal("ann"); kinds[0] != ledger.KindReturn {
				return fmt.Errorf("%q", kinds)
			}
			return nil
		},
		"the wallet in a transaction": func(o *office, _ ledger.Redemption) error {
			return o.do(func(e *ledger.Entry) error {
				b, err := e.Wallet("ann")
				if err == nil && b[0].Total() != 1_800 {
					err = fmt.Errorf("%+v", b)
				}
				return err
			})
		},
	} {
		o := rich(t)
		_, err := o.pay("ann", o.ordered("o1", "ann").ID, 1_800)
		o.must(err)
		o.at(time.Minute)
		second := o.ordered("o2", "ann")
		o.at(holdTTL)
		if err := look(o, second); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		o.clean()
	}
}

func TestRefundsGoBackToBonusThenGiftThenCashThenExternal(t *testing.T) {
	t.Parallel()
	o := rich(t)
	r := o.ordered("o1", "ann")
	_, err := o.pay("ann", r.ID, 1_600) // gift 500, bonus 300, cash 800
	o.must(err)
	_, err = o.refund(r.ID, ledger.RefundRequest{Lines: []ledger.RefundLine{{ID: "A", Amount: 1}}})
	refused(t, "reserved", err, ledger.RedemptionNotConfirmed)
	_, err = o.confirm(r.ID)
	o.must(err)
	o.has("confirmed", "ann", 200, 0, 0)
	for _, step := range []struct {
		line   string
		amount money.Amount
		want   ledger.Tender
	}{
		{"A", 100, ledger.Tender{Bonus: 100}}, {"A", 300, ledger.Tender{Bonus: 200, Gift: 100}},
		{"A", 600, ledger.Tender{Gift: 400, Cash: 200}}, {"B", 501, ledger.Tender{Cash: 501}},
	} {
		f, err := o.refund(r.ID, ledger.RefundRequest{Lines: []ledger.RefundLine{{ID: step.line, Amount: step.amount}}})
		if err != nil || f.Returned != step.want {
			t.Errorf("%d of %s: %+v, %v", step.amount, step.line, f.Returned, err)
		}
	}
	f, err := o.refund(r.ID, ledger.RefundRequest{Charges: []ledger.RefundedPart{{ID: "shipping", Amount: 499}}})
	if err != nil || f.Returned != (ledger.Tender{Cash: 99, External: 400}) || f.Returned.Sum() != 499 {
		t.Errorf("the rest: %+v, %v", f.Returned, err)
	}
	o.has("all is back", "ann", 1_000, 500, 300)
	if stored := o.redemption(r.ID); stored.PaidBy() != (ledger.Tender{Gift: 500, Bonus: 300, Cash: 800, External: 400}) {
		t.Errorf("paid by %+v", stored.PaidBy())
	}
	want := slices.Repeat([]ledger.EntryKind{ledger.KindRefund}, 5)
	if kinds := o.journal("ann"); len(kinds) != 8 {
		t.Errorf("%q, want %q first", kinds, want)
	}
	o.clean()
}

func TestWithdrawalsForfeitBonusInProportion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ cash, bonus, amount, forfeits money.Amount }{
		{1_000, 10, 1_000, 10}, {1_000, 10, 50, 1}, {1_000, 10, 49, 0}, {1_000, 10, 149, 1}, {1_000, 10, 150, 2},
		{3, 1, 1, 0}, {3, 1, 2, 1}, {1_000, 0, 1_000, 0}, {1, 1_000, 1, 1_000}, {999_999_999_999_000, 999, 500_000_000_000_000, 500},
	} {
		o := newOffice(t)
		o.must(o.topUp("ann", c.cash, c.bonus))
		got, err := o.withdraw("ann", c.amount)
		if err != nil || got != c.forfeits {
			t.Errorf("%+v: forfeits %d, %v", c, got, err)
		}
		o.has("after", "ann", c.cash-c.amount, 0, c.bonus-c.forfeits)
		o.clean()
	}
	o := rich(t)
	_, err := o.withdraw("ann", 1_001)
	if no := refusedAs(t, err, ledger.NotWithdrawable); no.Available != "10.00" {
		t.Errorf("available %s", no.Available)
	}
	_, err = o.withdraw("nobody", 1)
	refused(t, "nothing was ever booked", err, ledger.NotWithdrawable)
	o.has("nothing happened", "ann", 1_000, 500, 300)
}

// Nobody can put more into a wallet than it may hold; what comes back may go
// beyond that, and can be spent and withdrawn.
func TestAWalletHoldsNoMoreThanItsBound(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	card := o.card(2)
	refused(t, "one too much", o.topUp("ann", ledger.MaxBalance, 1), "request.invalid")
	o.must(o.topUp("ann", ledger.MaxBalance-1, 0))
	_, err := o.redeem("ann", card.Number, card.Secret)
	refused(t, "a card too much", err, "request.invalid")
	o.must(o.topUp("ann", 0, 1))
	first := o.ordered("o1", "ann")
	_, err = o.pay("ann", first.ID, 0)
	o.must(err)
	_, err = o.redeem("ann", card.Number, card.Secret)
	o.must(err)
	o.must(o.topUp("ann", 1_998, 0))
	_, err = o.release(first.ID)
	o.must(err)
	o.has("more than the bound", "ann", ledger.MaxBalance-1+1_998, 2, 1)
	_, err = o.pay("ann", o.ordered("o2", "ann").ID, 3)
	o.must(err)
	_, err = o.withdraw("ann", 7)
	o.must(err)
	refused(t, "still too much", o.topUp("ann", 1, 0), "request.invalid")
}
