// The contests that rivals fight out over coupons: how they are set up on a fleet of sidecars, what is asked in them,
// and what is heard.
package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// contest is about two coupons of one customer, each wanted by three orders, and these by all clients.
type contest struct {
	customer string
	orders   [3]string
	coupons  [2]string
	quotes   [3][3]string // of each order: without a coupon, then with each

	*ring
	booked []string // redemptions, oldest first
}

// newContests sets up so many on the fleet.
func newContests(t *testing.T, fleet []*sidecar, n int) []*contest {
	t.Helper()
	contests, customers := make([]*contest, n), make([]string, n)
	for i := range contests {
		customers[i] = unique("c")
		contests[i] = &contest{customer: customers[i], orders: [3]string{unique("O"), unique("O"), unique("O")}, ring: newRing()}
	}
	names, err := json.Marshal(customers)
	if err != nil {
		t.Fatal(err)
	}
	for k := range contests[0].coupons {
		var out struct{ Coupons []coupon }
		fleet[0].admin(t, http.MethodPost, issuePath(fleet[0].campaign(t, half)), `{"customer_ids":`+string(names)+`}`).want(t, http.StatusCreated).into(t, &out)
		for i, c := range out.Coupons {
			contests[i].coupons[k] = c.ID
		}
	}
	failed := make([]error, len(contests))
	atOnce(4, len(contests), func(i int) { failed[i] = contests[i].quote(fleet, i) })
	if err := errors.Join(failed...); err != nil {
		t.Fatal(err)
	}
	return contests
}

// quote has the orders quoted, each without a coupon and with each, on one sidecar or another.
func (c *contest) quote(fleet []*sidecar, i int) (err error) {
	for order := range c.orders {
		for k, selected := range []string{"none", c.coupons[0], c.coupons[1]} {
			first := (i + order + k) % len(fleet)
			if c.quotes[order][k], err = c.quoteEverywhere(fleet, first, c.orders[order], selected); err != nil {
				return err
			}
		}
	}
	return nil
}

const rivalOrder = `{"customer":{"id":%q},"order":{"id":%q,"type":"dropshipping","currency":"USD","attributes":{"try":%d},"sub_orders":[` +
	`{"id":"S1","lines":[{"id":"A","product":{"id":"P1","type":"ordinary"},"unit_price":"10.00","quantity":2}]}]},"select":%q}`

// quoteEverywhere quotes with one sidecar until all know the quote: a request does not wait long for Redis, so on a
// busy machine some quote may stay its maker's own.
func (c *contest) quoteEverywhere(fleet []*sidecar, first int, order, selected string) (string, error) {
	for try, deadline := 0, time.Now().Add(patience); time.Now().Before(deadline); try++ {
		a, err := fleet[first].send(call{path: "/v1/quotes", body: fmt.Sprintf(rivalOrder, c.customer, order, try, selected)})
		var q quote
		if err == nil {
			err = json.Unmarshal(a.body, &q)
		}
		if err != nil || a.status != http.StatusCreated || q.chosen() != selected && selected != "none" {
			return "", fmt.Errorf("quoting with %s: %v: %s", selected, err, a.body)
		}
		if known(fleet, q.ID) {
			return q.ID, nil
		}
	}
	return "", fmt.Errorf("order %s: after %v no quote is known to all", order, patience)
}

// known asks every sidecar for a quote, a few times, and so has each keep it in its memory.
func known(fleet []*sidecar, id string) bool {
	for _, s := range fleet {
		for tries := 3; ; tries-- {
			a, err := s.send(call{method: http.MethodGet, path: "/v1/quotes/" + id})
			if err == nil && a.status == http.StatusOK {
				break
			}
			if tries == 0 {
				return false
			}
		}
	}
	return true
}

// lately is one of the latest redemptions, or "" for none.
func (c *contest) lately(dice *rand.Rand) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	latest := c.booked[max(0, len(c.booked)-3):]
	if len(latest) == 0 {
		return ""
	}
	return latest[dice.IntN(len(latest))]
}

// call is the request as it is sent.
func (c *contest) call(asked any) call {
	in := asked.(bid)
	switch in.verb {
	case "look":
		return call{method: http.MethodGet, path: "/v1/coupons/" + c.coupons[in.coupon]}
	case "reserve":
		return reserveCall(c.quotes[in.order][in.coupon-couponless], "")
	}
	return stepCall(in.redemption, in.verb, "")
}

// atLast looks at both coupons.
func (c *contest) atLast() []any {
	return []any{bid{verb: "look", coupon: 0}, bid{verb: "look", coupon: 1}}
}

// hear reads an answer and holds a redemption against what was quoted.
func (c *contest) hear(asked any, a answer) (outcome, error) {
	in := asked.(bid)
	var body struct {
		ID       string          `json:"id"`
		QuoteID  string          `json:"quote_id"`
		OrderID  string          `json:"order_id"`
		CouponID *string         `json:"coupon_id"`
		Code     string          `json:"code"`
		Status   json.RawMessage `json:"status"` // a word, of a problem a number
	}
	if err := json.Unmarshal(a.body, &body); err != nil {
		return result{}, err
	}
	out := result{status: a.status, code: body.Code}
	if a.status >= http.StatusBadRequest {
		return out, nil
	}
	if err := json.Unmarshal(body.Status, &out.state); err != nil || in.verb == "look" {
		return out, err
	}
	out.redemption = body.ID
	if in.verb == "reserve" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.booked = append(c.booked, body.ID)
		coupon := append([]string{""}, c.coupons[:]...)[in.coupon-couponless]
		if body.OrderID != c.orders[in.order] || deref(body.CouponID, "") != coupon || body.QuoteID != c.quotes[in.order][in.coupon-couponless] {
			return out, fmt.Errorf("it is another order's, coupon's or quote's")
		}
	}
	return out, nil
}
