// The life of a redemption: reserve, confirm, release, and each refusal in its order (Contract §6).
package e2e

import (
	"bytes"
	"net/http"
	"slices"
	"testing"
	"time"
)

func TestACouponFromReserveToRefund(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	c := s.give(t, customer, half)
	q := s.quote(t, ordered(t, customer))
	r := s.reserve(t, q)
	if life := r.ExpiresAt.Sub(r.CreatedAt); life != 30*time.Minute {
		t.Errorf("a hold lives the hold TTL, not %v", life)
	}
	if got := s.couponStatus(t, c.ID); got != "reserved" {
		t.Errorf("while it is held the coupon is %s", got)
	}
	if read := s.redeemed(t, r.ID); read.Status != "reserved" || read.Totals != q.Totals {
		t.Errorf("%+v", read)
	}
	confirmed := s.becomes(t, r.ID, "confirm", "confirmed")
	if got := s.couponStatus(t, c.ID); got != "used" || confirmed.PaidBy != (tender{"0.00", "0.00", "0.00", "14.99"}) {
		t.Errorf("the coupon is %s, paid by %+v", got, confirmed.PaidBy)
	}
	f := s.refund(t, r, `{"lines":[{"id":"A","quantity":2}],"charges":[{"id":"shipping","amount":"4.99"}],"reason":"dispute"}`)
	if f.Amount != "14.99" || f.Returned != (tender{"0.00", "0.00", "0.00", "14.99"}) {
		t.Errorf("only what was paid is refundable, not the coupon's value: %+v", f)
	}
	after := s.redeemed(t, r.ID)
	if after.PaidBy != confirmed.PaidBy || after.Lines[0].Refunded != "10.00" || after.Charges[0].Refundable != "0.00" {
		t.Errorf("after the refund: %+v", after)
	}
	if got := s.couponStatus(t, c.ID); got != "used" {
		t.Errorf("after the refund the coupon is %s", got)
	}
}

func TestConfirmAndReleaseAreIdempotent(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for verb, end := range map[string]struct{ status, coupon, refused, code string }{
		"confirm": {"confirmed", "used", "release", "redemption.confirmed"},
		"release": {"released", "available", "confirm", "redemption.released"},
	} {
		customer := unique("c")
		c := s.give(t, customer, half)
		r := s.reserve(t, s.quote(t, ordered(t, customer)))
		first := s.step(t, r.ID, verb).want(t, http.StatusOK)
		for range 3 {
			if again := s.step(t, r.ID, verb).want(t, http.StatusOK); !bytes.Equal(again.body, first.body) {
				t.Errorf("%s: %s, then %s", verb, first.body, again.body)
			}
			s.step(t, r.ID, end.refused).refusal(t, http.StatusConflict, end.code)
		}
		if got := s.redeemed(t, r.ID); got.Status != end.status || s.couponStatus(t, c.ID) != end.coupon {
			t.Errorf("%s: %+v, its coupon %s", verb, got, s.couponStatus(t, c.ID))
		}
	}
}

func TestARedemptionThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, id := range []string{"rdm_unknown", "q_1", "%2F", "x", "%C3%BC"} {
		for _, verb := range []string{"confirm", "release"} {
			s.post(t, redemptionsPath+"/"+id+"/"+verb, "").refusal(t, http.StatusNotFound, "redemption.not_found")
		}
		s.get(t, redemptionsPath+"/"+id).refusal(t, http.StatusNotFound, "redemption.not_found")
		s.get(t, redemptionsPath+"/"+id+"/refunds").refusal(t, http.StatusNotFound, "redemption.not_found")
		s.post(t, redemptionsPath+"/"+id+"/refunds", `{"lines":[{"id":"A","quantity":1}]}`).refusal(t, http.StatusNotFound, "redemption.not_found")
		s.tryReserve(t, id).refusal(t, http.StatusNotFound, "quote.not_found")
	}
}

// Each reason to refuse is added to those before it; the one that is told is the first of the contract's list.
func TestReservingIsRefusedInTheOrderOfTheContract(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	c := s.give(t, customer, half)
	first, second := s.quote(t, ordered(t, customer)), s.quote(t, ordered(t, customer))
	refused := func(q quote, code string) {
		t.Helper()
		s.tryReserve(t, q.ID).refusal(t, http.StatusConflict, code)
	}
	r := s.reserve(t, first)
	refused(second, "coupon.unavailable") // reserved
	refused(first, "order.already_redeemed")
	s.block(t, customer)
	refused(second, "coupon.unavailable") // and stale
	refused(first, "order.already_redeemed")
	s.becomes(t, r.ID, "release", "released")
	refused(second, "quote.stale")
	refused(first, "quote.stale")
	s.admin(t, http.MethodDelete, blockPath(customer), "").want(t, http.StatusNoContent)
	r = s.reserve(t, first)
	s.becomes(t, r.ID, "confirm", "confirmed")
	refused(second, "coupon.unavailable") // used
	refused(first, "order.already_redeemed")
	if got := s.couponStatus(t, c.ID); got != "used" {
		t.Errorf("the coupon is %s", got)
	}
}

func TestACouponThatEndedMeanwhileIsNotReserved(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	revoked := s.give(t, customer, half)
	q := s.quote(t, ordered(t, customer))
	s.revoke(t, revoked.ID)
	s.tryReserve(t, q.ID).refusal(t, http.StatusConflict, "coupon.unavailable")
	ending := s.give(t, customer, half+`,"valid_for":"2s"`)
	q = s.quote(t, ordered(t, customer))
	if q.chosen() != ending.ID {
		t.Fatalf("%+v", q.Selection)
	}
	s.awaitStatus(t, ending.ID, "expired")
	s.tryReserve(t, q.ID).refusal(t, http.StatusConflict, "coupon.unavailable") // the quote lives on, its coupon does not
}

func TestOrderIDsAreGlobal(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	id := unique("O")
	mine := s.quote(t, orderOf(t, unique("c"), `"O-1"`, quoted(id)))
	theirs := s.quote(t, orderOf(t, unique("c"), `"O-1"`, quoted(id)))
	r := s.reserve(t, mine)
	s.tryReserve(t, theirs.ID).refusal(t, http.StatusConflict, "order.already_redeemed")
	s.becomes(t, r.ID, "release", "released")
	r = s.reserve(t, theirs)
	s.tryReserve(t, mine.ID).refusal(t, http.StatusConflict, "order.already_redeemed")
	s.becomes(t, r.ID, "confirm", "confirmed")
	s.tryReserve(t, mine.ID).refusal(t, http.StatusConflict, "order.already_redeemed")
	other := s.quote(t, orderOf(t, unique("c"), `"O-1"`, quoted(id+" "))) // compared byte for byte
	s.reserve(t, other)
}

func TestAQuoteWithoutACouponIsRedeemed(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	c := s.give(t, customer, half)
	q := s.quote(t, ordered(t, customer, wantsBest, `"select":"none"`))
	s.block(t, customer) // full price is full price
	r := s.reserve(t, q)
	if got := s.couponStatus(t, c.ID); r.CouponID != nil || got != "available" {
		t.Errorf("coupon_id %v, the coupon is %s", r.CouponID, got)
	}
	s.tryReserve(t, q.ID).refusal(t, http.StatusConflict, "order.already_redeemed")
	s.becomes(t, r.ID, "confirm", "confirmed")
	if f := s.refund(t, r, `{"lines":[{"id":"A","quantity":1}]}`); f.Amount != "10.00" {
		t.Errorf("%+v", f)
	}
}

// The quote stands although a better coupon came: asked now for its coupon, its totals are the same.
func TestABetterCouponDoesNotMakeAQuoteStale(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	s.give(t, customer, tenth)
	q := s.quote(t, ordered(t, customer))
	s.give(t, customer, half)
	s.reserve(t, q)
}

func TestRedemptionsOfAnOrderAreListed(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	id, customer := unique("O")+"/ü +&=%", unique("c")
	q := s.quote(t, orderOf(t, customer, `"O-1"`, quoted(id)))
	var made []string
	for range 4 {
		r := s.reserve(t, q)
		s.becomes(t, r.ID, "release", "released")
		made = append(made, r.ID)
	}
	path := redemptionsPath + "?order_id=" + everyByte(id)
	for _, limit := range []string{"", "&limit=1", "&limit=3", "&limit=4"} {
		var got []string
		for _, r := range collect[redemption](t, path+limit, func(path string) answer { return s.get(t, path) }) {
			if r.Status != "released" || r.OrderID != id {
				t.Errorf("%+v", r)
			}
			got = append(got, r.ID)
		}
		if !slices.Equal(got, made) {
			t.Errorf("%s: want %v, got %v", limit, made, got)
		}
	}
	for _, bad := range []string{"&limit=0", "&limit=501", "&limit=x", "&cursor=nonsense"} {
		s.get(t, path+bad).refusal(t, http.StatusUnprocessableEntity, "request.invalid")
	}
	if none := collect[redemption](t, redemptionsPath+"?order_id="+unique("O"), func(path string) answer { return s.get(t, path) }); len(none) != 0 {
		t.Errorf("an order that was never redeemed has %v", none)
	}
}
