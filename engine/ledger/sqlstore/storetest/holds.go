// Coupons that redemptions hold: taken when they are available, let go and used
// by who holds them, and reserved until the hold's instant meanwhile.
package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

func amount(n int64) money.Amount { return money.Amount(n) }

func hold(t testing.TB, s ledger.Store, id, by string, until, at time.Time) bool {
	t.Helper()
	return won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.HoldCoupon(ctx, id, by, until, at) })
}

// testHolds holds coupons at every edge of what makes them available.
func testHolds(t *testing.T, s ledger.Store) {
	addCampaign(t, s)
	end, us := epoch.Add(time.Hour), time.Microsecond
	var coupons []ledger.Coupon
	for _, id := range []string{"endless", "short", "pending", "used", "revoked"} {
		coupons = append(coupons, coupon(id, "ann"))
	}
	coupons[1].ExpiresAt = end
	coupons[2].StartsAt = end.Add(time.Hour)
	coupons[3].State, coupons[4].State = ledger.Used, ledger.Revoked
	addCoupons(t, s, coupons...)
	for i, step := range []struct {
		id        string
		until, at time.Time
		ok        bool
	}{
		{"short", end.Add(time.Hour), end, false},
		{"short", end.Add(time.Hour), end.Add(us), false},
		{"short", end.Add(time.Hour), end.Add(-us), true}, // beyond the coupon's own end
		{"short", end.Add(2 * time.Hour), end.Add(time.Hour), false},
		{"endless", end, epoch, true},
		{"endless", end.Add(time.Hour), epoch, false},
		{"endless", end.Add(time.Hour), end.Add(-us), false},
		{"endless", end.Add(time.Hour), end, true}, // the hold before has ended
		{"pending", end, epoch, true},
		{"used", end, epoch, false},
		{"revoked", end, epoch, false},
		{"missing", end, epoch, false},
	} {
		by := fmt.Sprint("holder ", i)
		before, _ := s.Coupon(t.Context(), step.id)
		if ok := hold(t, s, step.id, by, step.until, step.at); ok != step.ok {
			t.Errorf("step %d: holding %q: ok %v, want %v", i, step.id, ok, step.ok)
		}
		if step.ok {
			before.HeldUntil = step.until
		}
		if after, err := s.Coupon(t.Context(), step.id); after != before || step.id == "missing" != (err != nil) {
			t.Errorf("step %d: %+v, want %+v (%v)", i, after, before, err)
		}
	}
	testLettingGo(t, s)
}

// testLettingGo: only who holds a coupon lets go of it or uses it, whether the
// hold has run out or not.
func testLettingGo(t *testing.T, s ledger.Store) {
	addCoupons(t, s, coupon("let go", "ann"), coupon("taken", "ann"), coupon("held twice", "ann"), coupon("withdrawn", "ann"))
	until := epoch.Add(time.Minute)
	for _, id := range []string{"let go", "taken", "held twice", "withdrawn"} {
		hold(t, s, id, "me", until, epoch)
	}
	hold(t, s, "held twice", "you", until.Add(time.Hour), until)
	won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.Revoke(ctx, "withdrawn") })
	release := func(ctx context.Context, tx ledger.Tx, id, by string) (bool, error) {
		return tx.ReleaseCoupon(ctx, id, by)
	}
	use := func(ctx context.Context, tx ledger.Tx, id, by string) (bool, error) { return tx.UseCoupon(ctx, id, by) }
	for i, step := range []struct {
		do     func(context.Context, ledger.Tx, string, string) (bool, error)
		id, by string
		ok     bool
		state  ledger.State
		until  time.Time
	}{
		{release, "let go", "you", false, ledger.Issued, until},
		{use, "let go", "you", false, ledger.Issued, until},
		{release, "let go", "", false, ledger.Issued, until},
		{release, "let go", "me", true, ledger.Issued, time.Time{}},
		{release, "let go", "me", false, ledger.Issued, time.Time{}},
		{use, "let go", "me", false, ledger.Issued, time.Time{}},
		{use, "taken", "me", true, ledger.Used, time.Time{}},
		{use, "taken", "me", false, ledger.Used, time.Time{}},
		{release, "taken", "me", false, ledger.Used, time.Time{}},
		{use, "held twice", "me", false, ledger.Issued, until.Add(time.Hour)},
		{release, "held twice", "me", false, ledger.Issued, until.Add(time.Hour)},
		{use, "held twice", "you", true, ledger.Used, time.Time{}},
		{use, "withdrawn", "me", false, ledger.Revoked, time.Time{}},
		{release, "withdrawn", "me", false, ledger.Revoked, time.Time{}},
		{release, "missing", "me", false, "", time.Time{}},
		{use, "missing", "me", false, "", time.Time{}},
	} {
		ok := won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return step.do(ctx, tx, step.id, step.by) })
		c, _ := s.Coupon(t.Context(), step.id)
		if ok != step.ok || c.State != step.state || c.HeldUntil != step.until {
			t.Errorf("step %d, %q: ok %v, %s until %v; want %v, %s, %v", i, step.id, ok, c.State, c.HeldUntil, step.ok, step.state, step.until)
		}
	}
	// What was let go can be held again.
	if !hold(t, s, "let go", "you", until, epoch) {
		t.Error("a coupon that was let go is not available")
	}
}

func testHeldBy(t *testing.T, s ledger.Store) {
	addCampaign(t, s)
	heldBy := func(couponID string) (r ledger.Redemption, err error) {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error {
			r, err = tx.HeldBy(ctx, couponID)
			return nil
		})
		return r, err
	}
	states := []ledger.RedemptionState{ledger.Confirmed, ledger.Released, ledger.Withdrawn, ledger.Lapsed}
	for _, state := range states {
		addCoupons(t, s, coupon(string(state), "ann"))
		r := withCoupon(redemption(string(state), string(state)), string(state))
		r.State = state
		insert(t, s, r)
		_, err := heldBy(string(state))
		notFound(t, "who holds a coupon whose redemption is "+string(state), err)
	}
	addCoupons(t, s, coupon("one", "ann"), coupon("free", "ann"))
	r := withCoupon(redemption("r", "o"), "one")
	r.HoldUntil = epoch.Add(-time.Hour) // has run out, and is still reserved to the books
	insert(t, s, r)
	insert(t, s, redemption("bare", "p"))
	got, err := heldBy("one")
	if err != nil {
		t.Error(err)
	}
	sameRedemption(t, got, r)
	for _, id := range []string{"", "free", "missing"} {
		_, err := heldBy(id)
		notFound(t, "who holds the coupon "+id, err)
	}
}

// testHeldStatuses: a held coupon is reserved until the hold's instant, beyond
// its own end too, and then what it would be without.
func testHeldStatuses(t *testing.T, s ledger.Store) {
	addCampaign(t, s)
	end := epoch.Add(2 * time.Second)
	var coupons []ledger.Coupon
	for _, until := range []time.Duration{time.Second, 2 * time.Second, 3 * time.Second} {
		for _, expires := range []time.Time{end, {}} {
			c := coupon(fmt.Sprint("until ", until, expires.IsZero()), "ann")
			c.ExpiresAt = expires
			addCoupons(t, s, c)
			c.HeldUntil = epoch.Add(until)
			hold(t, s, c.ID, "r "+c.ID, c.HeldUntil, epoch)
			coupons = append(coupons, c)
		}
	}
	for _, since := range []time.Duration{0, time.Second, 2 * time.Second, 3 * time.Second} {
		for _, by := range []time.Duration{-time.Microsecond, 0, time.Microsecond} {
			now := epoch.Add(since + by)
			checkStatuses(t, s, coupons, now)
			want := ledger.Facts{}
			for _, c := range coupons {
				if status := c.StatusAt(now); status == ledger.StatusAvailable || status == ledger.StatusReserved {
					want.Coupons = append(want.Coupons, c)
				}
			}
			sameHoldings(t, must[[]ledger.Holding](t)(s.Holdings(t.Context(), []string{"ann"}, now)), map[string]ledger.Facts{"ann": want})
			sameHoldings(t, must[[]ledger.Holding](t)(s.Holdings(t.Context(), []string{"ann", "bob"}, now)), map[string]ledger.Facts{"ann": want, "bob": {}})
		}
	}
}
