// What must have happened between rivals for one wallet (Contract §6, §7): a plain model of one customer's money, of the
// cards that fill it and of the orders that it pays. Every answer tells figures, and they must be the model's.
package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/anishathalye/porcupine"
)

// deal is one request about the wallet; amounts are cents.
type deal struct {
	verb   string // "claim" or "revoke" a card; "pay", "confirm", "release" or "refund" an order; "top up", "withdraw", "look"
	thing  int    // which card or order
	amount int    // 0 of a payment: all that is owed
}

func (d deal) String() string { return d.verb }

// purse is money of one kind each: what there is, was drawn, or came back.
type purse struct{ gift, bonus, cash int }

func (p purse) total() int { return p.gift + p.bonus + p.cash }

func (p purse) plus(q purse) purse { return purse{p.gift + q.gift, p.bonus + q.bonus, p.cash + q.cash} }

// draw takes an amount out: credit first, then bonus, then cash.
func (p purse) draw(amount int) (drawn purse) {
	drawn.gift = min(amount, p.gift)
	drawn.bonus = min(amount-drawn.gift, p.bonus)
	drawn.cash = amount - drawn.gift - drawn.bonus
	return drawn
}

func (p purse) negative() purse { return purse{-p.gift, -p.bonus, -p.cash} }

// dealt is what matters of an answer.
type dealt struct {
	status int
	code   string
	wallet purse  // afterwards, where it is told
	moved  purse  // drawn, returned, or what the wallet paid of an order; of a top-up and a withdrawal the bonus
	rest   int    // of a refund or an order: external; of a refusal for want of money: what is available
	state  string // of an order or a card
}

func (d dealt) said() (status int, code string) { return d.status, d.code }

// The wallet's contest: cards of one amount, orders of one price, both more than the wallet ever holds at once.
const (
	fewCards  = 6
	fewOrders = 6
	cardCents = 1500
	owedCents = 2499 // of which lineCents for the one line
	lineCents = 2000
	plentiful = 10_000 // a top-up that earns a bonus of 1 percent
)

// till is all that the books know of the wallet.
type till struct {
	purse
	cards  [fewCards]string // "" is active
	orders [fewOrders]paidOrder
}

// paidOrder is an order whose redemption was reserved.
type paidOrder struct {
	state           string // "" is reserved
	drawn, returned purse
	refunded        int // of its line
}

func denied(code string) dealt { return dealt{status: http.StatusConflict, code: code} }

// answers is what the books must answer, and what they know then.
func (s till) answers(in deal) (dealt, till) {
	switch in.verb {
	case "claim":
		return s.claim(in.thing)
	case "revoke":
		return s.revoke(in.thing)
	case "top up":
		bonus := 0
		if in.amount >= plentiful {
			bonus = in.amount / 100
		}
		s.cash, s.bonus = s.cash+in.amount, s.bonus+bonus
		return dealt{status: http.StatusCreated, wallet: s.purse, moved: purse{bonus: bonus}}, s
	case "withdraw":
		return s.withdraw(in.amount)
	case "pay":
		return s.pay(in.thing, in.amount)
	case "refund":
		return s.refund(in.thing, in.amount)
	case "confirm", "release":
		return s.end(in.thing, in.verb)
	}
	return dealt{status: http.StatusOK, wallet: s.purse}, s
}

func (s till) claim(card int) (dealt, till) {
	if s.cards[card] != "" {
		return denied("gift_card." + s.cards[card]), s
	}
	s.cards[card], s.gift = "redeemed", s.gift+cardCents
	return dealt{status: http.StatusCreated, wallet: s.purse, moved: purse{gift: cardCents}}, s
}

func (s till) revoke(card int) (dealt, till) {
	if s.cards[card] == "redeemed" {
		return denied("gift_card.redeemed"), s
	}
	s.cards[card] = "revoked"
	return dealt{status: http.StatusOK, state: "revoked"}, s
}

func (s till) withdraw(amount int) (dealt, till) {
	if amount > s.cash {
		short := denied("wallet.not_withdrawable")
		short.rest = s.cash
		return short, s
	}
	forfeited := (2*s.bonus*amount + s.cash) / (2 * s.cash) // rounded half up
	s.cash, s.bonus = s.cash-amount, s.bonus-forfeited
	return dealt{status: http.StatusCreated, wallet: s.purse, moved: purse{bonus: forfeited}}, s
}

func (s till) pay(order, amount int) (dealt, till) {
	o := &s.orders[order]
	owed := owedCents - o.drawn.total()
	switch {
	case o.state != "":
		return denied("redemption.not_reserved"), s
	case owed == 0:
		return denied("payment.nothing_owed"), s
	case amount > owed:
		return dealt{status: http.StatusUnprocessableEntity, code: "payment.exceeds_owed"}, s
	case amount == 0:
		amount = owed
	}
	if amount > s.total() {
		short := denied("wallet.insufficient_funds")
		short.rest = s.total()
		return short, s
	}
	drawn := s.draw(amount)
	s.purse, o.drawn = s.plus(drawn.negative()), o.drawn.plus(drawn)
	return dealt{status: http.StatusCreated, wallet: s.purse, moved: drawn}, s
}

func (s till) end(order int, verb string) (dealt, till) {
	o := &s.orders[order]
	state := verb + "ed"
	if verb == "release" {
		state = "released"
	}
	switch o.state {
	case "":
		if o.state = state; verb == "release" {
			s.purse = s.plus(o.drawn)
		}
	case state:
	default:
		return denied("redemption." + o.state), s
	}
	told := dealt{status: http.StatusOK, state: state, moved: o.drawn}
	if verb == "confirm" {
		told.rest = owedCents - o.drawn.total()
	}
	return told, s
}

func (s till) refund(order, amount int) (dealt, till) {
	o := &s.orders[order]
	switch {
	case o.state != "confirmed":
		return denied("redemption.not_confirmed"), s
	case amount > lineCents-o.refunded:
		return dealt{status: http.StatusUnprocessableEntity, code: "refund.exceeds_paid"}, s
	}
	o.refunded += amount
	return s.giveBack(order, amount)
}

// giveBack returns bonus first, then credit, then cash, and the rest to the outside.
func (s till) giveBack(order, amount int) (dealt, till) {
	o := &s.orders[order]
	var back purse
	back.bonus = min(amount, o.drawn.bonus-o.returned.bonus)
	back.gift = min(amount-back.bonus, o.drawn.gift-o.returned.gift)
	back.cash = min(amount-back.bonus-back.gift, o.drawn.cash-o.returned.cash)
	o.returned, s.purse = o.returned.plus(back), s.plus(back)
	return dealt{status: http.StatusCreated, moved: back, rest: amount - back.total()}, s
}

// busy are the answers that may come at any time, and then nothing was booked (Contract §3, §8): a machine without time for
// it fails a decision too.
func (d dealt) busy() bool {
	codes := []string{"ledger.unavailable", "overloaded", "policy.error"}
	return d.status == http.StatusServiceUnavailable && slices.Contains(codes, d.code)
}

var walletRivals = porcupine.Model{
	Init: func() any { return till{} },
	Step: func(state, input, output any) (bool, any) {
		before, in, out := state.(till), input.(deal), output.(dealt)
		if out.busy() {
			return true, before
		}
		must, after := before.answers(in)
		return out == must, after
	},
}

// The model itself: what a broken product would answer is told from what a sound one does.
func TestTheModelOfAWalletKnowsAFaultFromARace(t *testing.T) {
	t.Parallel()
	credited := func(gift int) dealt {
		return dealt{status: 201, wallet: purse{gift: gift}, moved: purse{gift: cardCents}}
	}
	paid := func(gift, left int) dealt {
		return dealt{status: 201, moved: purse{gift: gift}, wallet: purse{gift: left}}
	}
	claim, pay, other := deal{verb: "claim"}, deal{verb: "pay", amount: 1000}, deal{verb: "pay", thing: 1, amount: 1000}
	short := dealt{status: 409, code: "wallet.insufficient_funds", rest: 500}
	type requests []struct {
		at  int // those of the same instant were under way at once
		in  deal
		out dealt
	}
	for name, c := range map[string]struct {
		sound bool
		requests
	}{
		"a card redeemed once":         {true, requests{{0, claim, denied("gift_card.redeemed")}, {0, claim, credited(1500)}}},
		"a card redeemed twice":        {false, requests{{0, claim, credited(1500)}, {0, claim, credited(3000)}}},
		"a card refused before":        {false, requests{{0, claim, denied("gift_card.redeemed")}, {1, claim, credited(1500)}}},
		"revoked, then redeemed":       {false, requests{{0, deal{verb: "revoke"}, dealt{status: 200, state: "revoked"}}, {1, claim, credited(1500)}}},
		"paid twice from money once":   {false, requests{{0, claim, credited(1500)}, {1, pay, paid(1000, 500)}, {1, other, paid(1000, 500)}}},
		"paid once, then short":        {true, requests{{0, claim, credited(1500)}, {1, pay, paid(1000, 500)}, {1, other, short}}},
		"short of another sum":         {false, requests{{0, claim, credited(1500)}, {1, pay, paid(1000, 500)}, {2, other, dealt{status: 409, code: short.code, rest: 1500}}}},
		"paid after the confirmation":  {false, requests{{0, claim, credited(1500)}, {1, deal{verb: "confirm"}, dealt{status: 200, state: "confirmed", rest: owedCents}}, {2, pay, paid(1000, 500)}}},
		"returned by a release":        {true, requests{{0, claim, credited(1500)}, {1, pay, paid(1000, 500)}, {2, deal{verb: "release"}, dealt{status: 200, state: "released", moved: purse{gift: 1000}}}, {3, deal{verb: "look"}, dealt{status: 200, wallet: purse{gift: 1500}}}}},
		"not returned by a release":    {false, requests{{0, claim, credited(1500)}, {1, pay, paid(1000, 500)}, {2, deal{verb: "release"}, dealt{status: 200, state: "released", moved: purse{gift: 1000}}}, {3, deal{verb: "look"}, dealt{status: 200, wallet: purse{gift: 500}}}}},
		"nothing booked, overloaded":   {true, requests{{0, claim, dealt{status: 503, code: "overloaded"}}, {1, claim, credited(1500)}}},
		"an answer of another kind":    {false, requests{{0, claim, dealt{status: 500, code: "internal"}}}},
		"cash out of gift credit":      {false, requests{{0, claim, credited(1500)}, {1, deal{verb: "withdraw", amount: 100}, dealt{status: 201, wallet: purse{gift: 1400}}}}},
		"cash out of nothing, refused": {true, requests{{0, claim, credited(1500)}, {1, deal{verb: "withdraw", amount: 100}, denied("wallet.not_withdrawable")}}},
	} {
		var history []porcupine.Operation
		for _, r := range c.requests {
			history = append(history, porcupine.Operation{Input: r.in, Output: r.out, Call: int64(2 * r.at), Return: int64(2*r.at + 1)})
		}
		if err := historyFault(walletRivals, history); (err == nil) != c.sound {
			t.Errorf("%s: %v", name, err)
		}
	}
	if drawn := (purse{3, 2, 10}).draw(6); fmt.Sprint(drawn) != "{3 2 1}" {
		t.Errorf("drawn %v", drawn)
	}
}
