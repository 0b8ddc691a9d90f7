// Coupons come back as they went in, have the status that their state and the
// instant give them, and change state once.
package storetest

import (
	"context"
	"slices"
	"testing"
	"time"

	"scrip/engine/ledger"
)

func testCoupons(t *testing.T, s ledger.Store) {
	addCampaign(t, s)
	plain, full, used, revoked := coupon("plain", "ann"), coupon("full", "ann"), coupon("used", "ann"), coupon("revoked", "bob")
	full.StartsAt = epoch.Add(-time.Microsecond)
	full.ExpiresAt = epoch.Add(time.Hour + time.Microsecond)
	full.CreatedAt = epoch.Add(time.Microsecond)
	used.State, used.CreatedAt = ledger.Used, time.Date(1969, 12, 31, 23, 59, 59, 1_000, time.UTC)
	used.ExpiresAt = time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	revoked.State = ledger.Revoked
	addCoupons(t, s, plain, full, used, revoked)
	for _, want := range []ledger.Coupon{plain, full, used, revoked} {
		if got := must[ledger.Coupon](t)(s.Coupon(t.Context(), want.ID)); got != want {
			t.Errorf("coupon\n got %+v\nwant %+v", got, want)
		}
	}
	_, err := s.Coupon(t.Context(), "nobody's")
	notFound(t, "a missing coupon", err)

	got := must[[]ledger.Coupon](t)(s.Coupons(t.Context(), "ann", "", epoch, ledger.Page{Limit: 500}))
	if want := []ledger.Coupon{used, plain, full}; !slices.Equal(got, want) {
		t.Errorf("coupons of ann\n got %+v\nwant %+v", got, want)
	}
	if got := must[[]ledger.Coupon](t)(s.Coupons(t.Context(), "cid", "", epoch, ledger.Page{Limit: 500})); len(got) > 0 {
		t.Errorf("a customer without coupons has %+v", got)
	}
}

// testStatuses looks at every kind of coupon one microsecond before, at and
// after each end of its life: lives are half-open.
func testStatuses(t *testing.T, s ledger.Store) {
	addCampaign(t, s)
	var coupons []ledger.Coupon
	for _, state := range []ledger.State{ledger.Issued, ledger.Used, ledger.Revoked} {
		endless, short, pending := coupon("endless "+string(state), "ann"), coupon("short "+string(state), "ann"), coupon("pending "+string(state), "ann")
		short.ExpiresAt = epoch.Add(time.Second)
		pending.StartsAt, pending.ExpiresAt = epoch.Add(time.Hour), epoch.Add(2*time.Hour)
		for _, c := range []ledger.Coupon{endless, short, pending} {
			c.State = state
			coupons = append(coupons, c)
		}
	}
	addCoupons(t, s, coupons...)
	for _, end := range []time.Duration{0, time.Second, time.Hour, 2 * time.Hour} {
		for _, by := range []time.Duration{-time.Microsecond, 0, time.Microsecond} {
			checkStatuses(t, s, coupons, epoch.Add(end+by))
		}
	}
}

func checkStatuses(t *testing.T, s ledger.Store, coupons []ledger.Coupon, now time.Time) {
	t.Helper()
	in := make(map[ledger.Status][]string)
	for _, c := range coupons {
		status := c.StatusAt(now)
		in[status], in[""] = append(in[status], c.ID), append(in[""], c.ID)
	}
	for _, status := range append([]ledger.Status{""}, ledger.Statuses...) {
		var got []string
		for _, c := range must[[]ledger.Coupon](t)(s.Coupons(t.Context(), "ann", status, now, ledger.Page{Limit: 500})) {
			got = append(got, c.ID)
		}
		slices.Sort(in[status])
		if !slices.Equal(got, in[status]) {
			t.Errorf("at %v, status %q\n got %q\nwant %q", now.Sub(epoch), status, got, in[status])
		}
	}
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		counts, err := tx.CountAvailable(ctx, []string{"ann"}, now)
		n, want := counts["ann"], int64(0) // what is held may be available again
		for _, c := range coupons {
			if c.HeldUntil = (time.Time{}); c.StatusAt(now) == ledger.StatusAvailable {
				want++
			}
		}
		if n != want {
			t.Errorf("at %v: %d are available or held, want %d", now.Sub(epoch), n, want)
		}
		return err
	})
}

func testGrants(t *testing.T, s ledger.Store) {
	ctx := t.Context()
	addCampaign(t, s)
	register := func(id string, at time.Time) bool {
		return won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.Register(ctx, id, at) })
	}
	_, err := s.Grants(ctx, "ann")
	notFound(t, "grants of one who never registered", err)
	if !register("ann", epoch) || register("ann", epoch) || register("ann", epoch.Add(time.Hour)) || !register("bob", epoch) {
		t.Error("a customer registers once and only once")
	}
	if got := must[[]ledger.Coupon](t)(s.Grants(ctx, "ann")); len(got) > 0 {
		t.Errorf("a registration without coupons has %+v", got)
	}
	later, first, same := coupon("later", "ann"), coupon("x", "ann"), coupon("y", "ann")
	later.CreatedAt, later.State = epoch.Add(time.Microsecond), ledger.Revoked
	first.ExpiresAt = epoch // ended at once, and still granted
	addCoupons(t, s, coupon("bought", "ann"))
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		for _, c := range []ledger.Coupon{later, same, first} {
			if err := tx.InsertCoupons(ctx, []ledger.Coupon{c}, true); err != nil {
				return err
			}
		}
		return nil
	})
	if got, want := must[[]ledger.Coupon](t)(s.Grants(ctx, "ann")), []ledger.Coupon{first, same, later}; !slices.Equal(got, want) {
		t.Errorf("grants\n got %+v\nwant %+v", got, want)
	}
	if got := must[[]ledger.Coupon](t)(s.Grants(ctx, "bob")); len(got) > 0 {
		t.Errorf("another customer's grants are %+v", got)
	}
}

func testRevoking(t *testing.T, s ledger.Store) {
	addCampaign(t, s)
	used := coupon("used", "ann")
	used.State = ledger.Used
	addCoupons(t, s, coupon("one", "ann"), coupon("two", "ann"), used)
	for i, step := range []struct {
		id string
		ok bool
	}{{"one", true}, {"one", false}, {"used", false}, {"missing", false}} {
		if ok := won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.Revoke(ctx, step.id) }); ok != step.ok {
			t.Errorf("step %d: revoking %q: ok %v, want %v", i, step.id, ok, step.ok)
		}
	}
	for id, want := range map[string]ledger.State{"one": ledger.Revoked, "two": ledger.Issued, "used": ledger.Used} {
		if c := must[ledger.Coupon](t)(s.Coupon(t.Context(), id)); c.State != want {
			t.Errorf("coupon %q is %s, want %s", id, c.State, want)
		}
	}
}
