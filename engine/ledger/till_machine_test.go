// Random lives of two wallets beside a plain model of them: no bucket goes
// below zero, the books balance, and gift or bonus credit never becomes cash.
package ledger_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

type purse struct{ cash, gift, bonus money.Amount }

func (p *purse) add(q purse, sign money.Amount) {
	p.cash, p.gift, p.bonus = p.cash+sign*q.cash, p.gift+sign*q.gift, p.bonus+sign*q.bonus
}

func (p purse) total() money.Amount { return p.cash + p.gift + p.bonus }

// sale is an order of 20.00 as the model has it.
type sale struct {
	id          string
	of          int // whose
	state       ledger.RedemptionStatus
	until       time.Time
	drawn, back purse
	left        map[string]money.Amount // of lines A and B
}

type till struct {
	*office
	purses         [2]purse
	paidIn, cashed [2]money.Amount // cash in and out
	spent          []ledger.IssuedCard
	sales          []*sale
}

var people = [2]string{"ann", "bob"}

func TestWalletsAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	dir, cases := t.TempDir(), 0
	rapid.Check(t, func(r *rapid.T) {
		cases++
		m := &till{office: &office{t: t, clock: new(clock), path: filepath.Join(dir, fmt.Sprint(cases), "scrip.db")}}
		m.must(os.Mkdir(filepath.Dir(m.path), 0o700))
		m.at(0)
		m.open()
		defer m.close()
		r.Repeat(map[string]func(*rapid.T){
			"": m.check, "top up": m.topUps, "card": m.redeems, "order": m.orders, "pay": m.pays, "pay again": m.pays,
			"confirm": m.confirms, "release": m.releases, "refund": m.refunds, "refund again": m.refunds, "withdraw": m.withdraws, "clock": m.waits,
		})
		if faults, err := ledger.Verify(context.Background(), m.store); err != nil || len(faults) > 0 {
			r.Fatalf("%+v, %v", faults, err)
		}
	})
}

// check compares wallets; holds that have ended are paid back by now.
func (m *till) check(r *rapid.T) {
	for _, s := range m.sales {
		if s.state == ledger.StatusHeld && !m.Now().Before(s.until) {
			s.state = ledger.StatusRedemptionEnded
			m.purses[s.of].add(s.drawn, 1)
		}
	}
	for who, name := range people {
		got, err := m.Balance(context.Background(), name, usd(m.t))
		p := m.purses[who]
		if err != nil || got.Cash != p.cash || got.Gift != p.gift || got.Bonus != p.bonus || min(p.cash, p.gift, p.bonus) < 0 {
			r.Fatalf("%s has %+v, %v; want %+v", name, got, err, p)
		}
		if got.Withdrawable()+m.cashed[who] > m.paidIn[who] {
			r.Fatalf("%s paid in %d, has withdrawn %d, and can withdraw %d", name, m.paidIn[who], m.cashed[who], got.Withdrawable())
		}
	}
}

// is compares an outcome with the code of the refusal that the model expects,
// "" for none.
func (m *till) is(r *rapid.T, what string, err error, code string) bool {
	if code == "" && err != nil {
		r.Fatalf("%s: %v", what, err)
	}
	if code != "" {
		refused(m.t, what, err, code)
		if m.t.Failed() {
			r.Fatalf("%s: %v, want %s", what, err, code)
		}
	}
	return code == ""
}

func (m *till) who(r *rapid.T) int { return rapid.IntRange(0, 1).Draw(r, "who") }

func upTo(r *rapid.T, n money.Amount) money.Amount {
	return money.Amount(rapid.Int64Range(1, int64(max(n, 1))).Draw(r, "amount"))
}

func (m *till) topUps(r *rapid.T) {
	who, amount := m.who(r), upTo(r, 3_000)
	bonus := amount * money.Amount(rapid.IntRange(0, 3).Draw(r, "percent")) / 100
	m.is(r, "top-up", m.office.topUp(people[who], amount, bonus), "")
	m.purses[who].add(purse{amount, 0, bonus}, 1)
	m.paidIn[who] += amount
}

func (m *till) redeems(r *rapid.T) {
	who := m.who(r)
	if len(m.spent) > 0 && rapid.IntRange(0, 3).Draw(r, "again") == 0 {
		card := m.spent[0]
		_, err := m.redeem(people[who], card.Number, card.Secret)
		m.is(r, "a spent card", err, ledger.CardUsed)
		return
	}
	card := m.card(upTo(r, 1_500))
	_, err := m.redeem(people[who], card.Number, card.Secret)
	m.is(r, "card", err, "")
	m.purses[who].gift += card.Amount
	m.spent = append(m.spent, card)
}

func (m *till) orders(r *rapid.T) {
	who := m.who(r)
	booked, err := m.reserve(plainOrder(m.t, fmt.Sprint("o", len(m.sales)), people[who]))
	m.is(r, "order", err, "")
	m.sales = append(m.sales, &sale{id: booked.ID, of: who, state: ledger.StatusHeld, until: booked.HoldUntil,
		left: map[string]money.Amount{"A": 1_000, "B": 501}})
}

// sale picks one; the newest more often.
func (m *till) sale(r *rapid.T) *sale {
	if len(m.sales) == 0 {
		r.Skip("no orders yet")
	}
	return m.sales[max(0, len(m.sales)-1-rapid.IntRange(0, 3).Draw(r, "sale"))]
}

func (m *till) pays(r *rapid.T) {
	s, who := m.sale(r), m.who(r)
	amount := rapid.SampledFrom([]money.Amount{0, upTo(r, 300), upTo(r, 2_001)}).Draw(r, "of")
	owed, code, p := 2_000-s.drawn.total(), "", &m.purses[s.of]
	if amount == 0 {
		amount = max(owed, 1)
	}
	switch {
	case who != s.of:
		code = ledger.RedemptionNotFound
	case s.state != ledger.StatusHeld:
		code = ledger.NotReserved
	case owed == 0:
		code = ledger.NothingOwed
	case amount > owed:
		code = ledger.PaymentExceedsOwed
	case amount > p.total():
		code = ledger.InsufficientFunds
	}
	paid, err := m.pay(people[who], s.id, amount)
	if !m.is(r, "pay", err, code) {
		return
	}
	drawn := purse{gift: min(amount, p.gift)}
	drawn.bonus = min(amount-drawn.gift, p.bonus)
	drawn.cash = amount - drawn.gift - drawn.bonus
	if paid.Drawn != (ledger.Tender{Gift: drawn.gift, Bonus: drawn.bonus, Cash: drawn.cash}) {
		r.Fatalf("drawn were %+v, want %+v", paid.Drawn, drawn)
	}
	p.add(drawn, -1)
	s.drawn.add(drawn, 1)
}

func (m *till) confirms(r *rapid.T) {
	s := m.sale(r)
	_, err := m.confirm(s.id)
	switch s.state {
	case ledger.StatusReleased:
		m.is(r, "confirm", err, ledger.RedemptionReleased)
	case ledger.StatusRedemptionEnded:
		m.is(r, "confirm", err, ledger.RedemptionExpired)
	default:
		m.is(r, "confirm", err, "")
		s.state = ledger.StatusConfirmed
	}
}

func (m *till) releases(r *rapid.T) {
	s := m.sale(r)
	_, err := m.release(s.id)
	if s.state == ledger.StatusConfirmed {
		m.is(r, "release", err, ledger.RedemptionConfirmed)
		return
	}
	m.is(r, "release", err, "")
	if s.state == ledger.StatusHeld {
		s.state = ledger.StatusReleased
		m.purses[s.of].add(s.drawn, 1)
	}
}

func (m *till) refunds(r *rapid.T) {
	s, line := m.sale(r), rapid.SampledFrom([]string{"A", "B"}).Draw(r, "line")
	amount, code := upTo(r, s.left[line]+1), ""
	if s.state != ledger.StatusConfirmed {
		code = ledger.RedemptionNotConfirmed
	} else if amount > s.left[line] {
		code = ledger.RefundExceedsPaid
	}
	f, err := m.refund(s.id, ledger.RefundRequest{Lines: []ledger.RefundLine{{ID: line, Amount: amount}}})
	if !m.is(r, "refund", err, code) {
		return
	}
	back := purse{bonus: min(amount, s.drawn.bonus-s.back.bonus)}
	back.gift = min(amount-back.bonus, s.drawn.gift-s.back.gift)
	back.cash = min(amount-back.bonus-back.gift, s.drawn.cash-s.back.cash)
	if f.Returned != (ledger.Tender{Gift: back.gift, Bonus: back.bonus, Cash: back.cash, External: amount - back.total()}) {
		r.Fatalf("returned were %+v, want %+v of %d", f.Returned, back, amount)
	}
	s.left[line] -= amount
	s.back.add(back, 1)
	m.purses[s.of].add(back, 1)
}

func (m *till) withdraws(r *rapid.T) {
	who := m.who(r)
	p := &m.purses[who]
	amount := upTo(r, p.cash+50)
	forfeited, err := m.withdraw(people[who], amount)
	if amount > p.cash {
		m.is(r, "withdraw", err, ledger.NotWithdrawable)
		return
	}
	m.is(r, "withdraw", err, "")
	if want := (2*p.bonus*amount + p.cash) / (2 * p.cash); forfeited != want {
		r.Fatalf("forfeited %d, want %d", forfeited, want)
	}
	p.add(purse{amount, 0, forfeited}, -1)
	m.cashed[who] += amount
}

func (m *till) waits(r *rapid.T) {
	m.advance(rapid.SampledFrom([]time.Duration{tick, time.Minute, holdTTL - tick, holdTTL}).Draw(r, "wait"))
}
