// What a client of a sidecar that was killed looks at when all is back: that everything it was told holds, and is told
// again.
package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
)

// settle looks, once after each kill and when nothing of its own is under way, whether all that the client was told since
// the last one holds, and whether some of what it was told at any time is told again.
func (c *client) settle() {
	if !c.shaken {
		return
	}
	c.shaken = false
	for i := range c.lives {
		if i >= c.settled || rand.IntN(len(c.lives)) < samples {
			if err := c.check(c.lives[i]); err != nil {
				c.Error(err)
			}
		}
	}
	for range samples {
		if err := c.repeat(c.lives[rand.IntN(len(c.lives))]); err != nil {
			c.Error(err)
		}
	}
	c.settled = len(c.lives) - 1 // the last goes on
	c.whole <- struct{}{}
}

// samples of the past, about.
const samples = 4

// repeat sends a write again that was answered.
func (c *client) repeat(l *life) error {
	if len(l.notes) == 0 {
		return nil
	}
	n := l.notes[rand.IntN(len(l.notes))]
	a, err := c.side.send(n.call)
	if err != nil || a.status != n.status || !bytes.Equal(a.body, n.answer.body) || a.header.Get(replayed) != "true" {
		return fmt.Errorf("%s under %q was answered\n%d %s\nthen (%s: %q, %v)\n%d %s", n.path, n.key, n.status, n.answer.body,
			replayed, a.header.Get(replayed), err, a.status, a.body)
	}
	c.repeated.Add(1)
	return nil
}

// check holds what the client was told of a customer against the ledger: nothing is missing, and nothing is there twice.
func (c *client) check(l *life) error {
	if len(l.coupons) == 0 {
		return nil // was told nothing yet
	}
	var coupons page[coupon]
	if err := c.read("/v1/customers/"+l.customer+"/coupons", &coupons); err != nil {
		return err
	}
	held := map[string]string{}
	for _, k := range *coupons.Items {
		held[k.ID] = k.Status
	}
	if !maps.Equal(held, l.coupons) {
		return fmt.Errorf("%s was told of coupons %v and has %v", l.customer, l.coupons, held)
	}
	var orders page[redemption]
	if err := c.read(redemptionsPath+"?order_id="+l.order, &orders); err != nil {
		return err
	}
	same := func(a, b redemption) bool { return a.ID == b.ID && a.Status == b.Status && a.fault() == nil }
	if !slices.EqualFunc(*orders.Items, l.redeemed, same) {
		return fmt.Errorf("%s was told of redemptions %+v and has %+v", l.customer, l.redeemed, *orders.Items)
	}
	if err := c.checkMoney(l); err != nil {
		return err
	}
	return c.checkRefunds(l)
}

func (c *client) checkRefunds(l *life) error {
	if len(l.redeemed) == 0 {
		return nil
	}
	var refunds page[refund]
	if err := c.read(redemptionPath(l.redeemed[len(l.redeemed)-1].ID)+"/refunds", &refunds); err != nil {
		return err
	}
	same := func(a, b refund) bool { return a.ID == b.ID && a.Amount == b.Amount }
	if !slices.EqualFunc(*refunds.Items, l.refunds, same) {
		return fmt.Errorf("%s was told of refunds %+v and has %+v", l.customer, l.refunds, *refunds.Items)
	}
	return nil
}

func (c *client) read(path string, into any) error {
	a, err := c.side.send(call{method: http.MethodGet, path: path})
	if err != nil {
		return err
	}
	return decode(a, http.StatusOK, into)
}
