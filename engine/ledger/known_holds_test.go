package ledger_test

import (
	"slices"
	"testing"
	"time"
)

// Facts in memory follow holds by the clock: a held coupon takes no part until
// its hold ends.
func TestKnownFactsFollowHolds(t *testing.T) {
	o, store := countedOffice(t)
	o.Trust()
	short := plain("short")
	short.EndsAt = epoch.Add(holdTTL + tick)
	o.campaigns(plain("c"), short)
	first, second, ending := o.issued("c", "ann"), o.issued("c", "ann"), o.issued("short", "ann")
	o.reserved("o1", "ann", first.ID)
	o.at(tick)
	later := o.reserved("o2", "ann", ending.ID)
	for i, step := range []struct {
		at    time.Duration
		reads int64
		held  []string
	}{
		{tick, 1, []string{second.ID}},
		{holdTTL - tick, 0, []string{second.ID}},
		{holdTTL, 0, []string{first.ID, second.ID}},
		{holdTTL + tick, 0, []string{first.ID, second.ID}}, // the other's own end came with its hold's
		{time.Minute, 0, []string{second.ID}},              // the clock is set back
	} {
		o.at(step.at)
		facts, reads := o.facts(store, "ann")
		var held []string
		for _, c := range facts.Coupons {
			held = append(held, c.ID)
		}
		if !slices.Equal(held, step.held) || reads != step.reads {
			t.Errorf("step %d: %q, read %d times; want %q, %d", i, held, reads, step.held, step.reads)
		}
	}
	for i, op := range []func() error{
		func() error { _, err := o.release(later.ID); return err },
		func() error { _, err := o.confirm(o.live("o1")); return err },
		func() error { _, err := o.reserve(order(t, "o3", "ann", second.ID)); return err },
	} { // own writes count at once
		o.must(op())
		if facts, reads := o.facts(store, "ann"); len(facts.Coupons) != []int{2, 2, 1}[i] || reads != 1 {
			t.Errorf("write %d: %d coupons, read %d times", i, len(facts.Coupons), reads)
		}
	}
}

// Whoever looks at a wallet writes down the ends of holds that it paid for: what
// was known of their coupons is old then, whatever the clock says later.
func TestLookingAtAWalletForgetsTheHoldsThatItEnds(t *testing.T) {
	o, store := countedOffice(t)
	o.Trust()
	o.campaigns(plain("c"))
	coupon := o.issued("c", "ann")
	held := o.reserved("o1", "ann", coupon.ID)
	o.must(o.topUp("ann", 100, 0))
	_, err := o.pay("ann", held.ID, 1)
	o.must(err)
	if facts, _ := o.facts(store, "ann"); len(facts.Coupons) != 0 {
		t.Fatalf("%d coupons beside the one that is held", len(facts.Coupons))
	}
	o.at(holdTTL)
	if _, err := o.Wallet(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	o.at(holdTTL - tick) // the clock is set back
	if facts, reads := o.facts(store, "ann"); len(facts.Coupons) != 1 || reads != 1 {
		t.Errorf("%d coupons, read %d times", len(facts.Coupons), reads)
	}
}
