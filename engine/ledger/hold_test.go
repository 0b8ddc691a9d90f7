// The life of a redemption: a hold that is confirmed, released, withdrawn with
// its coupon, or that ends at its instant.
package ledger_test

import (
	"testing"
	"time"

	"scrip/engine/ledger"
)

func TestConfirmingUsesTheCoupon(t *testing.T) {
	o := newOffice(t)
	for _, couponID := range []string{o.issued("welcome", "ann").ID, ""} {
		r := o.reserved("order of "+couponID, "ann", couponID)
		for i := range 3 { // idempotent
			o.advance(holdTTL / 2 * time.Duration(i)) // long after the hold too
			got, err := o.confirm(r.ID)
			if err != nil || got.StatusAt(o.Now()) != ledger.StatusConfirmed || got.ID != r.ID || got.Version != 1 {
				t.Errorf("confirmed %d times: %+v (%v)", i+1, got, err)
			}
			o.is("confirmed", r, ledger.StatusConfirmed, ledger.StatusUsed)
		}
		_, err := o.release(r.ID)
		refused(t, "releasing what is confirmed", err, ledger.RedemptionConfirmed)
		_, err = o.reserve(order(t, r.OrderID, "ann", ""))
		refused(t, "the order again", err, ledger.OrderRedeemed)
	}
}

func TestReleasingMakesTheCouponAvailable(t *testing.T) {
	o := newOffice(t)
	for _, couponID := range []string{o.issued("welcome", "ann").ID, ""} {
		r := o.reserved("order of "+couponID, "ann", couponID)
		for i := range 3 { // idempotent
			o.advance(holdTTL / 2 * time.Duration(i))
			got, err := o.release(r.ID)
			if err != nil || got.StatusAt(o.Now()) != ledger.StatusReleased || got.ID != r.ID || got.Version != 1 {
				t.Errorf("released %d times: %+v (%v)", i+1, got, err)
			}
			o.is("released", r, ledger.StatusReleased, ledger.StatusAvailable)
		}
		_, err := o.confirm(r.ID)
		refused(t, "confirming what was released", err, ledger.RedemptionReleased)
		again := o.reserved(r.OrderID, "ann", couponID)
		_, err = o.confirm(again.ID)
		o.must(err)
		o.is("the first, released", ledger.Redemption{ID: r.ID}, ledger.StatusReleased, "")
		o.is("the second", again, ledger.StatusConfirmed, ledger.StatusUsed)
	}
}

func TestMissingRedemptions(t *testing.T) {
	o := newOffice(t)
	_, err := o.confirm("rdm_none")
	refused(t, "confirming", err, ledger.RedemptionNotFound)
	_, err = o.release("rdm_none")
	refused(t, "releasing", err, ledger.RedemptionNotFound)
	_, err = o.refund("rdm_none", ledger.RefundRequest{})
	refused(t, "refunding", err, ledger.RedemptionNotFound)
	_, err = o.Redemption(t.Context(), "rdm_none")
	refused(t, "reading", err, ledger.RedemptionNotFound)
	_, err = o.Refunds(t.Context(), "rdm_none", ledger.Page{Limit: 1})
	refused(t, "listing refunds", err, ledger.RedemptionNotFound)
	_, err = o.Events(t.Context(), "cpn_none", ledger.Page{Limit: 1})
	refused(t, "listing events", err, ledger.CouponNotFound)
}

// A hold ends at its instant, without any sweeper (Contract §6).
func TestAHoldEndsAtItsInstant(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	first, second, third := o.issued("c", "ann"), o.issued("c", "ann"), o.issued("c", "ann")
	ended, late, last := o.reserved("o1", "ann", first.ID), o.reserved("o2", "ann", second.ID), o.reserved("o3", "ann", third.ID)
	o.at(holdTTL - tick)
	for _, r := range []ledger.Redemption{ended, late, last} {
		o.is("a tick before the end", r, ledger.StatusHeld, ledger.StatusReserved)
	}
	_, err := o.confirm(last.ID)
	o.must(err)
	_, err = o.reserve(order(t, "o1", "ann", ""))
	refused(t, "the order a tick before the end", err, ledger.OrderRedeemed)
	_, err = o.reserve(order(t, "o4", "ann", first.ID))
	refused(t, "the coupon a tick before the end", err, ledger.CouponUnavailable)
	o.at(holdTTL)
	before := o.books(first.ID, second.ID, third.ID)
	for _, r := range []ledger.Redemption{ended, late} {
		o.is("at the end", r, ledger.StatusRedemptionEnded, ledger.StatusAvailable)
		_, err := o.confirm(r.ID)
		refused(t, "confirming at the end", err, ledger.RedemptionExpired)
		got, err := o.release(r.ID)
		if err != nil || got.StatusAt(o.Now()) != ledger.StatusRedemptionEnded {
			t.Errorf("releasing at the end: %+v (%v)", got, err)
		}
	}
	o.is("confirmed in time", last, ledger.StatusConfirmed, ledger.StatusUsed)
	if after := o.books(first.ID, second.ID, third.ID); after != before {
		t.Errorf("what had ended was changed to\n%s\nfrom\n%s", after, before)
	}
	again := o.reserved("o1", "ann", second.ID) // the order of one, the coupon of the other
	o.is("reserved again", again, ledger.StatusHeld, ledger.StatusReserved)
	o.is("the order's first", ended, ledger.StatusRedemptionEnded, ledger.StatusAvailable)
	o.is("the coupon's first", ledger.Redemption{ID: late.ID}, ledger.StatusRedemptionEnded, "")
	for _, id := range []string{ended.ID, late.ID} {
		_, err := o.confirm(id)
		refused(t, "confirming what others took", err, ledger.RedemptionExpired)
	}
}

// What was written down as ended stays ended, also with the clock set back, and
// holds nothing.
func TestTheClockSetBackFreesNoHoldTwice(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	first, second, third := o.issued("c", "ann"), o.issued("c", "ann"), o.issued("c", "ann")
	ended, gone := o.reserved("o1", "ann", first.ID), o.reserved("o3", "ann", third.ID)
	o.at(holdTTL)
	taken := o.reserved("o1", "ann", second.ID)
	_, err := o.revoke(third.ID)
	o.must(err)
	o.at(time.Minute)
	o.is("ended by another of its order", ended, ledger.StatusRedemptionEnded, ledger.StatusAvailable)
	o.is("ended by its coupon's revocation", gone, ledger.StatusRedemptionEnded, ledger.StatusRevoked)
	o.is("the one that took the order", taken, ledger.StatusHeld, ledger.StatusReserved)
	for _, r := range []ledger.Redemption{ended, gone} {
		_, err = o.confirm(r.ID)
		refused(t, "confirming what had ended", err, ledger.RedemptionExpired)
	}
	_, err = o.revoke(first.ID)
	o.must(err)
	o.is("its coupon revoked", ended, ledger.StatusRedemptionEnded, ledger.StatusRevoked)
}

// A hold outlives its coupon's own expiry and a later blocklisting.
func TestAHoldOutlivesExpiryAndBlocklisting(t *testing.T) {
	o := newOffice(t)
	short := plain("short")
	short.EndsAt = epoch.Add(time.Minute)
	o.campaigns(short)
	kept, lost := o.reserved("o1", "ann", o.issued("short", "ann").ID), o.reserved("o2", "ann", o.issued("short", "ann").ID)
	released := o.reserved("o3", "ann", o.issued("short", "ann").ID)
	o.must(o.do(func(e *ledger.Entry) error { _, err := e.Block("ann", ""); return err }))
	for _, since := range []time.Duration{time.Minute, holdTTL - tick} {
		o.at(since)
		for _, r := range []ledger.Redemption{kept, lost, released} {
			o.is("after the coupon's end", r, ledger.StatusHeld, ledger.StatusReserved)
		}
	}
	_, err := o.confirm(kept.ID)
	o.must(err)
	_, err = o.release(released.ID)
	o.must(err)
	o.is("confirmed", kept, ledger.StatusConfirmed, ledger.StatusUsed)
	o.is("released after the coupon's end", released, ledger.StatusReleased, ledger.StatusExpired)
	o.at(holdTTL)
	o.is("the hold ended after the coupon's end", lost, ledger.StatusRedemptionEnded, ledger.StatusExpired)
	_, err = o.reserve(order(t, "o2", "ann", lost.CouponID))
	refused(t, "reserving the expired one again", err, ledger.CouponUnavailable)
}

// Revoking a held coupon ends the hold; confirming then says what happened.
func TestRevokingAHeldCouponEndsTheHold(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	r := o.reserved("o1", "ann", o.issued("c", "ann").ID)
	for range 2 {
		c, err := o.revoke(r.CouponID)
		if err != nil || c.StatusAt(o.Now()) != ledger.StatusRevoked || !c.HeldUntil.IsZero() {
			t.Errorf("revoked %+v (%v)", c, err)
		}
		o.is("revoked", r, ledger.StatusReleased, ledger.StatusRevoked)
	}
	before := o.books(r.CouponID)
	_, err := o.confirm(r.ID)
	refused(t, "confirming", err, ledger.CouponUnavailable)
	got, err := o.release(r.ID)
	if err != nil || got.StatusAt(o.Now()) != ledger.StatusReleased {
		t.Errorf("releasing: %+v (%v)", got, err)
	}
	if after := o.books(r.CouponID); after != before {
		t.Errorf("changed to\n%s\nfrom\n%s", after, before)
	}
	o.reserved("o1", "ann", o.issued("c", "ann").ID) // the order is free
	used := o.confirmed("o2", "ann", o.issued("c", "ann").ID)
	_, err = o.revoke(used.CouponID)
	refused(t, "revoking a used one", err, ledger.CouponUsed)
	o.is("confirmed", used, ledger.StatusConfirmed, ledger.StatusUsed)
}

// What is held may come back: it counts for the customer's limit.
func TestHeldCouponsCountForTheLimit(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	o.fill("c", "ann", ledger.MaxAvailable, epoch)
	r := o.reserved("o1", "ann", "cpn_filled_0")
	_, err := o.issue("c", "ann")
	refused(t, "one more while one is held", err, ledger.CustomerCouponLimit)
	_, err = o.confirm(r.ID)
	o.must(err)
	o.issued("c", "ann")
}
