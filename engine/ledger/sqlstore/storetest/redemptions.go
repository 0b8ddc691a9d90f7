// Redemptions come back as they went in; one of an order and one of a coupon
// is live; whoever changes one that was changed meanwhile does not.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/pricing"
)

// redemption is a reserved one of an order without coupon, held for an hour
// from epoch on.
func redemption(id, orderID string) ledger.Redemption {
	return ledger.Redemption{
		ID: id, QuoteID: "q_" + id, OrderID: orderID, CustomerID: "ann", PolicyRevision: "r", Currency: currency("USD"),
		Totals: pricing.Totals{Original: 1_000, Payable: 1_000}, Lines: []ledger.RedeemedLine{redeemed("A", 1_000, 3)},
		State: ledger.Reserved, HoldUntil: epoch.Add(time.Hour), CreatedAt: epoch,
	}
}

func redeemed(id string, paid, quantity int64) (l ledger.RedeemedLine) {
	l.ID, l.Paid, l.Quantity = id, amount(paid), quantity
	return l
}

// withCoupon is the same for a coupon.
func withCoupon(r ledger.Redemption, couponID string) ledger.Redemption {
	r.CouponID = couponID
	return r
}

// sampleRedemptions use every column at rest and at its extremes.
func sampleRedemptions() []ledger.Redemption {
	full := withCoupon(redemption("full", "odd — “order” 🎟"), "one")
	full.Currency, full.PolicyRevision, full.QuoteID = currency("KWD"), strings.Repeat("r", 1_000), "q_\"<&>'"
	full.Totals = pricing.Totals{Original: 10, Eligible: 9, OtherDiscounts: 3, CouponDiscount: 2, Charges: 6, Payable: 11}
	line := redeemed("l<&>\u2028\"", 5, 1_000_000)
	line.Units, line.ByQuantity, line.ByAmount = 999_999, 2, 1
	full.Lines = []ledger.RedeemedLine{line, redeemed("", 0, 1)}
	full.Charges = []ledger.RedeemedCharge{{ID: "c\x7f", Amount: 6, Refunded: 4}, {ID: "free"}}
	full.State, full.Version = ledger.Confirmed, 7
	full.HoldUntil = time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	full.CreatedAt = time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	large := redemption("large", "large")
	large.Totals.Payable, large.Version = math.MaxInt64, math.MaxInt64
	large.Lines = nil
	for i := range 1_000 {
		large.Lines = append(large.Lines, redeemed(fmt.Sprint("line ", i), 1<<53+1, 1))
	}
	return []ledger.Redemption{full, redemption("plain", "plain"), large}
}

func insert(t testing.TB, s ledger.Store, r ledger.Redemption) bool {
	t.Helper()
	return won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.InsertRedemption(ctx, r) })
}

func update(t testing.TB, s ledger.Store, r ledger.Redemption) bool {
	t.Helper()
	return won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.UpdateRedemption(ctx, r) })
}

// sameRedemption compares exactly; lists of no length are all alike.
func sameRedemption(t testing.TB, got, want ledger.Redemption) {
	t.Helper()
	if got, want := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("redemption\n got %.2000s\nwant %.2000s", got, want)
	}
}

func testRedemptions(t *testing.T, s ledger.Store) {
	ctx := t.Context()
	addCampaign(t, s)
	addCoupons(t, s, coupon("one", "ann"))
	for _, r := range sampleRedemptions() {
		if !insert(t, s, r) {
			t.Errorf("redemption %q is new and was not inserted", r.ID)
		}
		sameRedemption(t, must[ledger.Redemption](t)(s.Redemption(ctx, r.ID)), r)
		listed := must[[]ledger.Redemption](t)(s.Redemptions(ctx, r.OrderID, ledger.Page{Limit: 2}))
		if len(listed) != 1 {
			t.Fatalf("order %q has %d redemptions", r.OrderID, len(listed))
		}
		sameRedemption(t, listed[0], r)
		if live := must[string](t)(s.LiveRedemption(ctx, r.OrderID)); live != r.ID {
			t.Errorf("the live redemption of %q is %q", r.OrderID, live)
		}
	}
	for _, missing := range []string{"", "nobody's", "Plain", "q_plain"} {
		_, err := s.Redemption(ctx, missing)
		notFound(t, "a missing redemption", err)
		_, err = s.LiveRedemption(ctx, missing)
		notFound(t, "the live redemption of an order without", err)
		if listed := must[[]ledger.Redemption](t)(s.Redemptions(ctx, missing, ledger.Page{Limit: 2})); len(listed) > 0 {
			t.Errorf("order %q has %d redemptions", missing, len(listed))
		}
	}
}

// testLiveRedemptions: what is reserved or confirmed keeps others of its order
// and of its coupon out, whether its hold has run out or not; what has ended
// keeps nobody out.
func testLiveRedemptions(t *testing.T, s ledger.Store) {
	addCampaign(t, s)
	live := map[ledger.RedemptionState]bool{ledger.Reserved: true, ledger.Confirmed: true}
	for _, state := range []ledger.RedemptionState{ledger.Reserved, ledger.Confirmed, ledger.Released, ledger.Withdrawn, ledger.Lapsed} {
		at := string(state) + " "
		addCoupons(t, s, coupon(at+"coupon", "ann"), coupon(at+"other", "ann"))
		first := withCoupon(redemption(at+"first", at+"order"), at+"coupon")
		first.State, first.HoldUntil = state, epoch.Add(-time.Hour)
		insert(t, s, first)
		for what, r := range map[string]ledger.Redemption{
			"of the order":  redemption(at+"second", at+"order"),
			"of the coupon": withCoupon(redemption(at+"third", at+"order 3"), at+"coupon"),
		} {
			inserted := insert(t, s, r)
			if inserted == live[state] {
				t.Errorf("beside one that is %s, another %s was inserted: %v", state, what, inserted)
			}
			if _, err := s.Redemption(t.Context(), r.ID); errors.Is(err, ledger.ErrNotFound) == inserted {
				t.Errorf("beside one that is %s, another %s: inserted %v, read %v", state, what, inserted, err)
			}
		}
		id, err := s.LiveRedemption(t.Context(), at+"order")
		if want := map[bool]string{true: first.ID, false: at + "second"}[live[state]]; id != want {
			t.Errorf("%s: the live one of the order is %q (%v), want %q", state, id, err, want)
		}
		if !insert(t, s, withCoupon(redemption(at+"fourth", at+"order 4"), at+"other")) {
			t.Errorf("%s: another order with another coupon was kept out", state)
		}
	}
	if !insert(t, s, redemption("fifth", "order 5")) || !insert(t, s, redemption("sixth", "order 6")) {
		t.Error("two orders without a coupon keep each other out")
	}
}

// testUpdating: state, lines and charges change, the rest does not, and only
// for who read the last version.
func testUpdating(t *testing.T, s ledger.Store) {
	addCampaign(t, s)
	addCoupons(t, s, coupon("one", "ann"))
	was, other := withCoupon(redemption("r", "o"), "one"), redemption("other", "p")
	insert(t, s, was)
	insert(t, s, other)
	changed := was
	changed.State, changed.Version = ledger.Confirmed, 1
	changed.Lines = []ledger.RedeemedLine{redeemed("A", 1_000, 3)}
	changed.Lines[0].Units, changed.Lines[0].ByQuantity, changed.Lines[0].ByAmount = 1, 333, 5
	changed.Charges = []ledger.RedeemedCharge{{ID: "c", Amount: 9, Refunded: 9}}
	for i, step := range []struct {
		id      string
		version int64
		ok      bool
	}{{"r", 1, false}, {"r", -1, false}, {"none", 0, false}, {"r", 0, true}, {"r", 0, false}, {"r", 2, false}} {
		asked := changed
		asked.ID, asked.Version = step.id, step.version
		if ok := update(t, s, asked); ok != step.ok {
			t.Errorf("step %d: updating version %d of %q: ok %v, want %v", i, step.version, step.id, ok, step.ok)
		}
		want := was
		if i >= 3 {
			want = changed
		}
		sameRedemption(t, must[ledger.Redemption](t)(s.Redemption(t.Context(), "r")), want)
	}
	sameRedemption(t, must[ledger.Redemption](t)(s.Redemption(t.Context(), "other")), other)
}

// testEndingHolds: of an order and of a coupon, those that are reserved and
// have run out, at their instant.
func testEndingHolds(t *testing.T, s ledger.Store) {
	addCampaign(t, s)
	end := epoch.Add(time.Hour)
	addCoupons(t, s, coupon("one", "ann"), coupon("two", "ann"), coupon("used", "ann"))
	confirmed, used := redemption("confirmed", "confirmed order"), withCoupon(redemption("used", "used order"), "used")
	confirmed.State, used.State = ledger.Confirmed, ledger.Confirmed
	byOrder, byCoupon := redemption("by order", "order"), withCoupon(redemption("by coupon", "another order"), "one")
	for _, r := range []ledger.Redemption{byOrder, byCoupon, withCoupon(redemption("other", "third order"), "two"), redemption("bare", "fourth order"), confirmed, used} {
		insert(t, s, r)
	}
	ended := func(order, coupon string, at time.Time) (ids []string) {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error {
			all, err := tx.EndHolds(ctx, ledger.Hold{OrderID: order, CouponID: coupon}, at)
			for _, r := range all {
				ids = append(ids, r.ID)
				if stored, err := tx.Redemption(ctx, r.ID); err != nil || fmt.Sprint(stored) != fmt.Sprint(r) || r.State != ledger.Lapsed || r.Version != 1 {
					t.Errorf("ended as\n%+v\nstored as\n%+v (%v)", r, stored, err)
				}
			}
			return err
		})
		slices.Sort(ids)
		return ids
	}
	for i, step := range []struct {
		order, coupon string
		at            time.Time
		want          []string
	}{
		{"order", "one", end.Add(-time.Microsecond), nil},
		{"", "", end.Add(time.Hour), nil},
		{"nobody's", "nobody's", end, nil},
		{"confirmed order", "used", end, nil},
		{"order", "one", end, []string{"by coupon", "by order"}},
		{"order", "one", end.Add(time.Hour), nil},
		{"", "two", end.Add(time.Hour), []string{"other"}},
		{"fourth order", "", end, []string{"bare"}},
	} {
		if got := ended(step.order, step.coupon, step.at); !slices.Equal(got, step.want) {
			t.Errorf("step %d: ended %q, want %q", i, got, step.want)
		}
	}
}
