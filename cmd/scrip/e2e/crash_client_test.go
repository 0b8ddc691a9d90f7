// A client of a sidecar that is killed: it never gives up a write, and it knows all that it was told.
package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
)

// client works on its own, except that it stops when it is left without an answer until it is told where the sidecar is.
type client struct {
	*siege
	side    *sidecar
	back    chan *sidecar
	lives   []*life
	settled int  // lives that were looked at after the last kill
	shaken  bool // left without an answer; what it was told has not been looked at since
}

// life is a customer with one order, as the answers tell it.
type life struct {
	customer, order string
	coupons         map[string]string // id → status
	redeemed        []redemption      // of the order, oldest first
	refunds         []refund          // of the last of them
	money
	notes []note
}

// note is a write that was answered.
type note struct {
	call
	answer
}

func (c *client) work() {
	for !c.over.Load() || c.shaken {
		if err := c.live(); err != nil {
			c.Error(err)
		}
	}
}

// live leads a customer through an order, one way or another.
func (c *client) live() error {
	l := &life{customer: unique("c"), order: unique("O"), coupons: map[string]string{}}
	c.lives = append(c.lives, l)
	err := c.welcome(l)
	if err == nil && rand.IntN(2) == 0 {
		err = c.fund(l)
	}
	if err == nil {
		err = c.reserve(l)
	}
	if err == nil && rand.IntN(3) == 0 {
		if err = c.step(l, "release", "released", "available"); err == nil {
			err = c.reserve(l)
		}
	}
	if err == nil && rand.IntN(8) == 0 {
		err = c.mistype(l)
	}
	if err != nil || rand.IntN(6) == 0 {
		return err
	}
	if err = c.step(l, "confirm", "confirmed", "used"); err != nil {
		return err
	}
	return c.after(l)
}

// after is what may follow a confirmation: refunds, and a withdrawal of cash that is left.
func (c *client) after(l *life) error {
	for _, body := range []string{units("A", 1), chargeOf("shipping", "1.50"), units("A", 1)} {
		if rand.IntN(2) == 0 {
			continue
		}
		if err := c.refund(l, body); err != nil {
			return err
		}
	}
	if len(l.cards) > 0 && rand.IntN(2) == 0 {
		return c.withdraw(l)
	}
	return nil
}

// welcome gives the customer coupons: one for registering, or three at once.
func (c *client) welcome(l *life) error {
	w := call{path: "/v1/customers/" + l.customer + "/registrations", body: "{}"}
	if rand.IntN(2) == 0 {
		w = call{path: issuePath(c.campaign), body: strings.ReplaceAll(`{"customer_ids":["C","C","C"]}`, "C", l.customer), admin: true}
	}
	var told struct{ Coupons []coupon }
	w.key = unique("key")
	err := c.book(l, w, http.StatusCreated, &told)
	for _, issued := range told.Coupons {
		l.coupons[issued.ID] = issued.Status
	}
	return err
}

// reserve quotes the order and books it, and pays some of it if there is money. A quote that went with its sidecar is
// made anew; the key of the write that was refused for it is free.
func (c *client) reserve(l *life) error {
	key := unique("key")
	for {
		a, _, err := c.send(call{path: "/v1/quotes", body: strings.Replace(strings.Replace(order, "CUSTOMER", l.customer, 1), "O-1", l.order, 1)})
		if err != nil {
			return err
		}
		var q quote
		if err := decode(a, http.StatusCreated, &q); err != nil {
			return err
		}
		if l.coupons[q.chosen()] != "available" {
			return fmt.Errorf("quote %s chooses %q of %v", q.ID, q.chosen(), l.coupons)
		}
		var r redemption
		quotedBy := c.side
		err = c.book(l, reserveCall(q.ID, key), http.StatusCreated, &r)
		if err == nil {
			l.redeemed, l.coupons[q.chosen()] = append(l.redeemed, r), r.Status
			if len(l.cards) > 0 && rand.IntN(4) > 0 {
				return c.pay(l)
			}
			return nil
		}
		if c.side == quotedBy || !strings.Contains(err.Error(), "quote.not_found") {
			return err
		}
	}
}

// step confirms or releases the order.
func (c *client) step(l *life, verb, status, couponStatus string) error {
	r := &l.redeemed[len(l.redeemed)-1]
	if err := c.book(l, stepCall(r.ID, verb, unique("key")), http.StatusOK, r); err != nil {
		return err
	}
	l.coupons[deref(r.CouponID, "")] = couponStatus
	drawn := l.ends(verb)
	var bad error
	if paid := r.PaidBy.purse(&bad); r.Status != status || paid != drawn || bad != nil {
		return fmt.Errorf("%s: paid by %+v (%v): %+v", verb, drawn, bad, r)
	}
	return nil
}

func (c *client) refund(l *life, body string) error {
	var f refund
	err := c.book(l, call{path: redemptionPath(l.redeemed[len(l.redeemed)-1].ID) + "/refunds", body: body, key: unique("key")}, http.StatusCreated, &f)
	if err != nil {
		return err
	}
	l.refunds = append(l.refunds, f)
	back := l.isRefunded(cents(&err, f.Amount))
	if got := f.Returned.purse(&err); got != back || err != nil {
		return fmt.Errorf("refund %+v: want %+v to come back (%v)", f, back, err)
	}
	return nil
}

// book sends a write until it is answered, and notes the answer.
func (c *client) book(l *life, w call, status int, into any) error {
	a, again, err := c.send(w)
	if err != nil {
		return err
	}
	if err := decode(a, status, into); err != nil {
		return fmt.Errorf("%s %s under %q: %w", w.path, w.body, w.key, err)
	}
	switch old := a.header.Get(replayed) != ""; {
	case old && !again:
		return fmt.Errorf("%s %s under %q was sent once and is %s", w.path, w.body, w.key, replayed)
	case old:
		c.booked.Add(1)
	}
	c.answered.Add(1)
	l.notes = append(l.notes, note{w, a})
	return nil
}

// send sends a call until it is answered, and tells whether that took more than once.
func (c *client) send(w call) (a answer, again bool, err error) {
	for c.settle(); ; again = true {
		a, err = c.side.send(w)
		if err == nil && a.status != http.StatusServiceUnavailable {
			return a, again, nil
		}
		if !c.dead.Load() || err == nil && !strings.Contains(string(a.body), `"ledger.unavailable"`) {
			return a, again, fmt.Errorf("%s: %d %s, %v", w.path, a.status, clip(a.body), err)
		}
		if w.key != "" {
			c.unanswered.Add(1)
		}
		c.shaken = true
		c.lost <- struct{}{}
		c.side = <-c.back
	}
}

func decode(a answer, status int, into any) error {
	if a.status != status {
		return fmt.Errorf("want status %d, got %d: %s", status, a.status, clip(a.body))
	}
	return json.Unmarshal(a.body, into)
}
