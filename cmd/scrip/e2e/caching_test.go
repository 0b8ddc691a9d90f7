// When two requests get the same quote and when they do not (Contract §4).
package e2e

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

// spelled is the plain order again: other key order, defaults written out, money in other clothes, white space.
const spelled = ` { "select" : "best", "order": {"sub_orders":[{"lines":[{"discounts":[],"quantity":2,"unit_price":10,
 "product":{"attributes":{},"type":"ordinary","id":"\u00501"},"id":"A"}],"id":"S1"}],"charges":[{"amount":"4.990","id":"shipping"}],
 "attributes":{},"currency":"USD","type":"dropshipping","id":"O-1"}, "customer":{"attributes":{},"id":"CUSTOMER"}}`

func sameQuote(a, b quote) bool {
	return a.ID == b.ID && a.CreatedAt.Equal(b.CreatedAt) && a.ExpiresAt.Equal(b.ExpiresAt)
}

func TestTheSameContentIsTheSameQuote(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	s.give(t, customer, half)
	plain := orderOf(t, customer)
	first := s.quote(t, plain)
	for name, body := range map[string]string{
		"again":             plain,
		"otherwise spelled": strings.Replace(spelled, "CUSTOMER", customer, 1),
		"defaults left out": orderOf(t, customer, `"discounts":[],`, "", `,"select":"best"`, ""),
		"trailing space":    plain + " \n\t",
	} {
		if again := s.quote(t, body); !sameQuote(first, again) {
			t.Errorf("%s: %s (%v), then %s (%v)", name, first.ID, first.CreatedAt, again.ID, again.CreatedAt)
		}
	}
	s.give(t, unique("c"), half)
	s.block(t, unique("c"))
	if again := s.quote(t, plain); !sameQuote(first, again) {
		t.Error("another customer's coupons and blocking changed the quote")
	}
	if life := first.ExpiresAt.Sub(first.CreatedAt); life != 15*time.Minute {
		t.Errorf("a quote lives the quote TTL, not %v", life)
	}
}

func TestOtherContentIsAnotherQuote(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	seen := map[string]string{s.quote(t, orderOf(t, customer)).ID: "the plain order"}
	for _, c := range [][2]string{
		{wantsBest, `"select":"none"`},
		{`"O-1"`, `"O-2"`},
		{`"A"`, `"B"`},
		{`"quantity":2`, `"quantity":1`},
		{`"10.00"`, `"10.001"`},
		{`"USD"`, `"EUR"`},
		{`"P1"`, `"P2"`},
		{`"4.99"`, `"5.00"`},
		{`"type":"dropshipping"`, `"attributes":{"a":1},"type":"dropshipping"`},
		{`"type":"ordinary"`, `"attributes":{"a":1},"type":"ordinary"`},
		{`"customer":{`, `"customer":{"attributes":{"a":1},`},
	} {
		id := s.quote(t, orderOf(t, customer, c[0], c[1])).ID
		if before, ok := seen[id]; ok {
			t.Errorf("%s and %s are one quote", c[1], before)
		}
		seen[id] = c[1]
	}
	if id := s.quote(t, orderOf(t, unique("c"))).ID; seen[id] != "" {
		t.Error("two customers share a quote")
	}
}

func TestAChangeOfWhatAQuoteDependsOnMakesANewOne(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	body := orderOf(t, customer)
	last := s.quote(t, body)
	var held coupon
	for _, step := range []struct {
		name     string
		change   func()
		discount string
	}{
		{"a coupon is issued", func() { held = s.give(t, customer, half) }, "10.00"},
		{"a lesser one is issued", func() { s.give(t, customer, tenth) }, "10.00"},
		{"the better one is revoked", func() { s.revoke(t, held.ID) }, "2.00"},
		{"the customer is blocklisted", func() { s.block(t, customer) }, "0.00"},
	} {
		step.change()
		next := s.quote(t, body)
		if next.ID == last.ID || next.Totals.CouponDiscount != step.discount {
			t.Errorf("%s: %s, then %s for %s, want %s", step.name, last.ID, next.ID, next.Totals.CouponDiscount, step.discount)
		}
		last = next
	}
	s.admin(t, http.MethodDelete, blockPath(customer), "").want(t, http.StatusNoContent)
	if free := s.quote(t, body); free.Totals.CouponDiscount != "2.00" || len(free.Denials) > 0 {
		t.Errorf("off the blocklist again: %+v", free.Totals)
	}
}

func TestAQuoteIsReadBackByItsID(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	s.give(t, customer, half)
	made := s.post(t, "/v1/quotes", orderOf(t, customer)).want(t, http.StatusCreated)
	var q quote
	made.into(t, &q)
	got := s.get(t, "/v1/quotes/"+q.ID).want(t, http.StatusOK)
	if canonical(t, got.body) != canonical(t, made.body) {
		t.Errorf("made %s\nread %s", made.body, got.body)
	}
	for _, id := range []string{"q_unknown", q.ID + "x", q.ID[:len(q.ID)-1], "cpn_1", "%2F", "q_%C3%BC"} {
		s.get(t, "/v1/quotes/"+id).refusal(t, http.StatusNotFound, "quote.not_found")
	}
}

func TestAnExpiredQuoteIsNotFoundAndMadeAnew(t *testing.T) {
	t.Parallel()
	s := start(t, withFlag("quote-ttl", "1s"))
	body := orderOf(t, unique("c"))
	first := s.quote(t, body)
	if life := first.ExpiresAt.Sub(first.CreatedAt); life != time.Second {
		t.Errorf("life %v, want 1s", life)
	}
	eventually(t, "the quote is gone", func() bool {
		a := s.get(t, "/v1/quotes/"+first.ID)
		if a.status == http.StatusNotFound {
			a.refusal(t, http.StatusNotFound, "quote.not_found")
		} else if !time.Now().Before(first.ExpiresAt.Add(time.Second)) {
			t.Errorf("still there a second after its expiry: %d", a.status)
		}
		return a.status == http.StatusNotFound
	})
	if time.Now().Before(first.ExpiresAt) {
		t.Error("gone before its expiry")
	}
	if next := s.quote(t, body); next.ID == first.ID {
		t.Error("the expired quote came back")
	}
}

// The one test of instants: a coupon that starts and one that ends change the quote by themselves.
func TestTimeBoundariesChangeTheQuote(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	begins := time.Now().UTC().Add(3 * time.Second).Truncate(time.Second)
	coming := s.give(t, customer, half+`,"starts_at":"`+begins.Format(time.RFC3339)+`"`)
	going := s.give(t, customer, tenth+`,"ends_at":"`+begins.Add(2*time.Second).Format(time.RFC3339)+`"`)
	body := orderOf(t, customer)
	q := s.quote(t, body)
	if asked := time.Now(); asked.Before(begins) && q.chosen() != going.ID {
		t.Errorf("before the start: %+v", q.Selection)
	}
	eventually(t, "the coupon that starts is used", func() bool {
		q = s.quote(t, body)
		return q.chosen() == coming.ID
	})
	if time.Now().Before(begins) {
		t.Error("used before its start")
	}
	eventually(t, "the coupon that ended is not listed", func() bool {
		q = s.quote(t, body)
		return len(q.Coupons) == 1 && q.Coupons[0].ID == coming.ID
	})
	if time.Now().Before(*going.ExpiresAt) {
		t.Error("gone before its end")
	}
}
