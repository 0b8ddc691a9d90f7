package ledger_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/refusal"
)

func TestReservingBooksTheOrderAsItWasQuoted(t *testing.T) {
	o := newOffice(t)
	coupon := o.issued("welcome", "ann")
	o.at(time.Second)
	for _, couponID := range []string{coupon.ID, ""} {
		asked := order(t, "order of "+couponID, "ann", couponID)
		got, err := o.reserve(asked)
		o.must(err)
		want := asked.Redemption
		want.ID, want.State, want.CreatedAt, want.HoldUntil = got.ID, ledger.Reserved, o.Now(), o.Now().Add(holdTTL)
		if got.ID == "" || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("reserved\n%+v, want\n%+v", got, want)
		}
		if stored := o.redemption(got.ID); fmt.Sprintf("%+v", stored) != fmt.Sprintf("%+v", want) {
			t.Errorf("stored\n%+v, want\n%+v", stored, want)
		}
		o.is("reserved", got, ledger.StatusHeld, ledger.StatusReserved)
	}
	if got, err := o.Redemptions(t.Context(), "order of ", ledger.Page{Limit: 2}); err != nil || len(got) != 1 {
		t.Errorf("the order has %d redemptions (%v)", len(got), err)
	}
}

// Holds finer than the books' time end at the instant that the books keep.
func TestAHoldEndsToTheMicrosecond(t *testing.T) {
	o := newOffice(t)
	asked := order(t, "o1", "ann", "")
	asked.Hold = time.Second + 999
	r, err := o.reserve(asked)
	if err != nil || r.HoldUntil != epoch.Add(time.Second) || o.redemption(r.ID).HoldUntil != r.HoldUntil {
		t.Errorf("held until %v (%v)", r.HoldUntil, err)
	}
}

// Whatever else stands against it: first the order, then the coupon, then the
// quote (Contract §6); and a refusal writes nothing.
func TestRefusalsOfReservingInTheirOrder(t *testing.T) {
	o := newOffice(t)
	short := plain("short")
	short.EndsAt = epoch.Add(time.Hour)
	o.campaigns(plain("c"), short)
	coupons := map[string]string{"none": "", "available": o.issued("c", "ann").ID, "missing": "cpn_missing", "expired": o.issued("short", "ann").ID}
	for _, name := range []string{"used", "reserved", "revoked"} {
		coupons[name] = o.issued("c", "ann").ID
	}
	o.confirmed("order of used", "ann", coupons["used"])
	_, err := o.revoke(coupons["revoked"])
	o.must(err)
	o.at(time.Hour)
	o.reserved("order of reserved", "ann", coupons["reserved"])
	o.reserved("o1", "bob", "") // orders are global
	o.confirmed("o2", "ann", "")
	stale := refusal.New("quote.stale", "stale")
	for orderID, live := range map[string]bool{"o1": true, "o2": true, "o3": false} {
		for name, couponID := range coupons {
			for _, holds := range []error{nil, stale, ledger.ErrChanged} {
				if !live && holds == nil && (name == "none" || name == "available") {
					continue // nothing stands against it
				}
				asked, looked := order(t, orderID, "ann", couponID), false
				asked.Holds = func(time.Time, bool, *ledger.Coupon) error { looked = true; return holds }
				before := o.books(coupons["available"])
				_, err := o.reserve(asked)
				what := fmt.Sprintf("order %s, coupon %s, holds %v", orderID, name, holds)
				switch {
				case live:
					refused(t, what, err, ledger.OrderRedeemed)
				case name != "none" && name != "available":
					refused(t, what, err, ledger.CouponUnavailable)
				case !looked || !errors.Is(err, holds):
					t.Errorf("%s: %v, looked %v", what, err, looked)
				}
				if looked && (live || name != "none" && name != "available") {
					t.Errorf("%s: the quote was looked at", what)
				}
				if after := o.books(coupons["available"]); after != before {
					t.Errorf("%s left\n%s\nwhere there was\n%s", what, after, before)
				}
			}
		}
	}
}

func TestAQuoteIsHeldAgainstWhatTheTransactionSees(t *testing.T) {
	o := newOffice(t)
	coupon := o.issued("welcome", "ann")
	o.must(o.do(func(e *ledger.Entry) error { _, err := e.Block("bob", ""); return err }))
	o.at(time.Second)
	for _, c := range []struct {
		customer, coupon string
		blocked          bool
	}{{"ann", coupon.ID, false}, {"ann", "", false}, {"bob", "", true}} {
		asked := order(t, "order of "+c.customer+c.coupon, c.customer, c.coupon)
		asked.Holds = func(now time.Time, blocked bool, held *ledger.Coupon) error {
			if now != o.Now() || blocked != c.blocked || (held == nil) != (c.coupon == "") {
				t.Errorf("%s at %v: blocked %v, coupon %+v", c.customer, now, blocked, held)
			}
			if held != nil && (held.ID != coupon.ID || held.Terms == nil || held.Window(now) != ledger.WindowOpen) {
				t.Errorf("the coupon is %+v", held)
			}
			return nil
		}
		_, err := o.reserve(asked)
		o.must(err)
	}
}

// Of many who reserve one order, or one coupon, exactly one does.
func TestRacesForAnOrderAndForACoupon(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"))
	coupon := o.issued("c", "ann").ID
	for name, c := range map[string]struct {
		orders, coupons []string
		code            string
	}{
		"one order":  {[]string{"o1"}, []string{""}, ledger.OrderRedeemed},
		"one coupon": {names(64), []string{coupon}, ledger.CouponUnavailable},
	} {
		outcomes := make([]error, 64)
		together(64, func(i int) {
			_, outcomes[i] = o.reserve(order(t, c.orders[i%len(c.orders)], "ann", c.coupons[0]))
		})
		won := 0
		for _, err := range outcomes {
			if err == nil {
				won++
				continue
			}
			refused(t, name, err, c.code)
		}
		if won != 1 {
			t.Errorf("%s: %d won", name, won)
		}
	}
}
