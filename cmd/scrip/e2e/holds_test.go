// While a coupon is held, and what ends that: the clock, a release, a revocation (Contract §6).
package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

// awaitRedemption polls until the redemption has the status, and insists that no hold ended before its instant.
func (s *sidecar) awaitRedemption(t testing.TB, r redemption, status string) {
	t.Helper()
	eventually(t, r.ID+" becomes "+status, func() bool {
		return s.redeemed(t, r.ID).Status == status
	})
	if time.Now().Before(r.ExpiresAt) {
		t.Errorf("%s is %s before its instant", r.ID, status)
	}
}

func TestAHoldEndsAtItsInstant(t *testing.T) {
	t.Parallel()
	s := start(t, withFlag("hold-ttl", "1s"))
	c := s.give(t, "c", half)
	q := s.quote(t, ordered(t, "c"))
	r := s.reserve(t, q)
	if life := r.ExpiresAt.Sub(r.CreatedAt); life != time.Second {
		t.Errorf("the hold lives %v", life)
	}
	s.awaitRedemption(t, r, "expired")
	for range 2 {
		s.step(t, r.ID, "confirm").refusal(t, http.StatusConflict, "redemption.expired")
		s.becomes(t, r.ID, "release", "expired")
	}
	s.tryRefund(t, r.ID, `{"lines":[{"id":"A","quantity":1}]}`).refusal(t, http.StatusConflict, "redemption.not_confirmed")
	if got := s.couponStatus(t, c.ID); got != "available" {
		t.Errorf("the coupon is %s", got)
	}
	again := s.reserve(t, s.quote(t, orderOf(t, "c", `"O-1"`, quoted(q.OrderID)))) // order and coupon are free
	s.becomes(t, again.ID, "confirm", "confirmed")
	eventually(t, "the second hold's instant passes", func() bool { return time.Now().After(again.ExpiresAt) })
	s.becomes(t, again.ID, "confirm", "confirmed")
	if got := s.couponStatus(t, c.ID); got != "used" {
		t.Errorf("what was confirmed does not expire, but the coupon is %s", got)
	}
}

// A hold that ends is noticed by whatever is asked first; nothing needs to have looked at the redemption.
func TestAHoldEndsForWhoeverAsksFirst(t *testing.T) {
	t.Parallel()
	s := start(t, withFlag("hold-ttl", "1s"))
	type asking struct {
		name   string
		ask    func(coupon, redemption) bool
		coupon coupon
		held   redemption
	}
	var asked []asking
	for name, ask := range map[string]func(c coupon, r redemption) bool{
		"the coupon":            func(c coupon, _ redemption) bool { return s.couponStatus(t, c.ID) == "available" },
		"the list of available": func(c coupon, _ redemption) bool { return len(s.held(t, c.CustomerID, "status=available")) == 1 },
		"the list of reserved":  func(c coupon, _ redemption) bool { return len(s.held(t, c.CustomerID, "status=reserved")) == 0 },
		"another order's quote": func(c coupon, _ redemption) bool { return s.quote(t, ordered(t, c.CustomerID)).chosen() == c.ID },
		"confirm": func(_ coupon, r redemption) bool {
			return time.Now().After(r.ExpiresAt) && s.step(t, r.ID, "confirm").status == 409
		},
		"the order, quoted anew":   func(_ coupon, r redemption) bool { return s.tryReserve(t, r.QuoteID).status == http.StatusCreated },
		"revoking, after the hold": func(c coupon, r redemption) bool { return time.Now().After(r.ExpiresAt) && s.revoked(t, c.ID) },
	} {
		c := s.give(t, unique("c"), half)
		asked = append(asked, asking{name, ask, c, s.reserve(t, s.quote(t, ordered(t, c.CustomerID)))})
	}
	for _, a := range asked { // all holds run at once
		eventually(t, "the hold has ended for "+a.name, func() bool { return a.ask(a.coupon, a.held) })
		if time.Now().Before(a.held.ExpiresAt) {
			t.Errorf("%s: ended before its instant", a.name)
		}
		if got := s.redeemed(t, a.held.ID); got.Status != "expired" {
			t.Errorf("%s: the redemption is %s", a.name, got.Status)
		}
	}
}

func (s *sidecar) revoked(t testing.TB, id string) bool {
	t.Helper()
	s.revoke(t, id)
	return s.couponStatus(t, id) == "revoked"
}

func TestAHeldCouponTakesNoPartInQuotes(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	held, lesser := s.give(t, customer, half), s.give(t, customer, tenth)
	body := ordered(t, customer)
	before := s.quote(t, body)
	r := s.reserve(t, s.quote(t, ordered(t, customer)))
	during := s.quote(t, body)
	if during.ID == before.ID || during.chosen() != lesser.ID || len(during.Coupons) != 1 {
		t.Errorf("while it is held: %+v of %+v", during.Selection, during.Coupons)
	}
	s.post(t, "/v1/quotes", ordered(t, customer, wantsBest, wants(held.ID))).refusal(t, http.StatusUnprocessableEntity, "coupon.not_applicable")
	for status, want := range map[string][]string{"reserved": {held.ID}, "available": {lesser.ID}, "used": {}} {
		if got := ids(s.held(t, customer, "status="+status)); !slices.Equal(got, want) {
			t.Errorf("%s: want %v, got %v", status, want, got)
		}
	}
	s.becomes(t, r.ID, "release", "released")
	if after := s.quote(t, body); after.ID == during.ID || after.chosen() != held.ID || len(after.Coupons) != 2 {
		t.Errorf("released: %+v of %+v", after.Selection, after.Coupons)
	}
	r = s.reserve(t, s.quote(t, ordered(t, customer)))
	s.becomes(t, r.ID, "confirm", "confirmed")
	if after := s.quote(t, body); after.chosen() != lesser.ID || len(after.Coupons) != 1 {
		t.Errorf("used: %+v of %+v", after.Selection, after.Coupons)
	}
}

// A quote made while the coupon is held is not the answer any more once the hold has ended, and lives on under its id.
func TestACouponIsBackInQuotesWhenItsHoldEnds(t *testing.T) {
	t.Parallel()
	s := start(t, withFlag("hold-ttl", "2s"))
	c := s.give(t, "c", half)
	body := ordered(t, "c")
	r := s.reserve(t, s.quote(t, ordered(t, "c")))
	during := s.quote(t, body)
	if life := during.ExpiresAt.Sub(during.CreatedAt); during.chosen() != "" || life != 15*time.Minute {
		t.Errorf("a quote that does not count the coupon: %+v for %v", during.Selection, life)
	}
	eventually(t, "the coupon comes back", func() bool { return s.quote(t, body).chosen() == c.ID })
	s.get(t, "/v1/quotes/"+during.ID).want(t, http.StatusOK)
	if time.Now().Before(r.ExpiresAt) {
		t.Error("back before the hold's end")
	}
}

func TestAHoldOutlivesItsCouponAndTheBlocklist(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	c := s.give(t, customer, half+`,"valid_for":"2s"`)
	r := s.reserve(t, s.quote(t, ordered(t, customer)))
	s.block(t, customer)
	eventually(t, "the coupon's own end passes", func() bool { return time.Now().After(*c.ExpiresAt) })
	if got := s.couponStatus(t, c.ID); got != "reserved" {
		t.Errorf("held, past its own end: %s", got)
	}
	s.becomes(t, r.ID, "confirm", "confirmed")
	if got := s.couponStatus(t, c.ID); got != "used" {
		t.Errorf("confirmed: %s", got)
	}
}

func TestACouponPastItsEndIsExpiredAfterItsHold(t *testing.T) {
	t.Parallel()
	s := start(t, withFlag("hold-ttl", "3s"))
	lapsing := s.give(t, "c", half+`,"valid_for":"2s"`)
	r := s.reserve(t, s.quote(t, ordered(t, "c")))
	released := s.give(t, "d", half+`,"valid_for":"2s"`)
	other := s.reserve(t, s.quote(t, ordered(t, "d")))
	eventually(t, "the coupons' own ends pass", func() bool { return time.Now().After(*released.ExpiresAt) })
	s.becomes(t, other.ID, "release", "released")
	s.awaitRedemption(t, r, "expired")
	for _, c := range []coupon{lapsing, released} {
		if got := s.couponStatus(t, c.ID); got != "expired" {
			t.Errorf("%s is %s", c.CustomerID, got)
		}
	}
}

func TestRevokingAReservedCouponEndsItsHold(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	c := s.give(t, customer, half)
	q := s.quote(t, ordered(t, customer))
	r := s.reserve(t, q)
	shows(t, s.admin(t, http.MethodPost, "/admin/v1/coupons/"+c.ID+"/revoke", "").want(t, http.StatusOK), `{"id":`+quoted(c.ID)+`,"status":"revoked"}`)
	if got := s.redeemed(t, r.ID); got.Status != "released" {
		t.Errorf("the hold is %s", got.Status)
	}
	s.step(t, r.ID, "confirm").refusal(t, http.StatusConflict, "coupon.unavailable")
	s.becomes(t, r.ID, "release", "released")
	s.tryReserve(t, q.ID).refusal(t, http.StatusConflict, "coupon.unavailable")
	s.reserve(t, s.quote(t, orderOf(t, customer, `"O-1"`, quoted(q.OrderID)))) // the order is free
	if got := s.couponStatus(t, c.ID); got != "revoked" {
		t.Errorf("the coupon is %s", got)
	}
}

func TestAUsedCouponIsNotRevoked(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	c := s.give(t, unique("c"), half)
	r := s.paid(t, ordered(t, c.CustomerID))
	s.admin(t, http.MethodPost, "/admin/v1/coupons/"+c.ID+"/revoke", "").refusal(t, http.StatusConflict, "coupon.used")
	if got := s.redeemed(t, r.ID); got.Status != "confirmed" || s.couponStatus(t, c.ID) != "used" {
		t.Errorf("%+v", got)
	}
}

func TestAnEditedPolicyMakesQuotesStaleThatItChanges(t *testing.T) {
	t.Parallel()
	dir := policyFolder(t, nil)
	s := start(t, withFlag("policies", dir))
	s.give(t, "c", half)
	s.give(t, "d", half)
	body := ordered(t, "c")
	kept, none := s.quote(t, body), s.quote(t, ordered(t, "d", wantsBest, `"select":"none"`))
	write(t, dir+"/order/more.rego", denial("order", `input.order.type == "sample"`))
	s.reload(t).want(t, http.StatusOK)
	r := s.reserve(t, kept) // another revision, but the same answer
	s.becomes(t, r.ID, "release", "released")
	write(t, dir+"/order/more.rego", denial("order", `input.order.type == "dropshipping"`))
	s.reload(t).want(t, http.StatusOK)
	s.tryReserve(t, kept.ID).refusal(t, http.StatusConflict, "quote.stale")
	s.reserve(t, none) // full price is full price
	if fresh := s.quote(t, body); fresh.Totals.CouponDiscount != "0.00" {
		t.Errorf("quoted again: %+v", fresh.Totals)
	}
	s.reserve(t, s.quote(t, body))
}

// The coupon still applies, but to less of the order: that is another price.
func TestAnEditedPolicyMakesAnotherPriceStale(t *testing.T) {
	t.Parallel()
	dir := policyFolder(t, nil)
	s := start(t, withFlag("policies", dir))
	s.give(t, "c", half)
	two := ordered(t, "c", plainLine, plainLine+`,{"id":"B","product":{"id":"P2","type":"ordinary"},"unit_price":"5.00","quantity":1}`)
	q := s.quote(t, two)
	write(t, dir+"/product/more.rego", denial("product", `input.line.id == "A"`))
	s.reload(t).want(t, http.StatusOK)
	s.tryReserve(t, q.ID).refusal(t, http.StatusConflict, "quote.stale")
	if r := s.reserve(t, s.quote(t, two)); r.Totals.CouponDiscount != "2.50" {
		t.Errorf("%+v", r.Totals)
	}
}
