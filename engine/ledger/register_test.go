package ledger_test

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"scrip/engine/ledger"
)

// of names the campaigns of coupons.
func of(coupons []ledger.Coupon) string {
	var names []string
	for _, c := range coupons {
		names = append(names, c.CampaignID)
	}
	return strings.Join(names, " ")
}

func TestRegistrationGrantsOnce(t *testing.T) {
	o := newOffice(t)
	o.campaigns(plain("c"), plain("later"))
	if known, err := o.Registered(t.Context(), "ann"); err != nil || known {
		t.Errorf("ann is registered before she registered: %v (%v)", known, err)
	}
	granted, first, err := o.register("ann", "c", "welcome")
	if err != nil || !first || of(granted) != "c welcome" {
		t.Fatalf("granted %q, first %v (%v)", of(granted), first, err)
	}
	o.issued("c", "ann") // not granted: no repeat tells of it
	for _, campaigns := range [][]string{{"c", "welcome"}, {"later"}, nil} {
		o.advance(time.Hour)
		again, first, err := o.register("ann", campaigns...)
		if err != nil || first || len(again) != 2 {
			t.Fatalf("again: %+v, first %v (%v)", again, first, err)
		}
		for i, c := range again {
			if c.ID != granted[i].ID || c.Terms == nil || c.Terms.Percent.String() != "5" {
				t.Errorf("again: coupon %d is %+v, was %+v", i, c, granted[i])
			}
		}
	}
	if known, err := o.Registered(t.Context(), "ann"); err != nil || !known {
		t.Errorf("ann is registered: %v (%v)", known, err)
	}
	if _, first, err := o.register("Ann"); err != nil || !first {
		t.Errorf("another customer: first %v (%v)", first, err)
	}
	o.counted("c", 2)
	o.counted("welcome", 1)
	o.counted("later", 0)
}

func TestRegistrationSkipsWhatCannotBeIssued(t *testing.T) {
	o := newOffice(t)
	paused, ended, last, spent, had := plain("paused"), plain("ended"), plain("last"), plain("spent"), plain("had")
	paused.Paused, ended.EndsAt, last.Quantity, spent.Quantity, had.PerCustomer = true, epoch.Add(time.Hour), 1, 1, 1
	o.campaigns(paused, ended, last, spent, had)
	o.issued("spent", "bob")
	o.issued("had", "ann")
	o.at(time.Hour)
	granted, first, err := o.register("ann", "none", "paused", "ended", "spent", "had", "last", "welcome")
	if err != nil || !first || of(granted) != "last welcome" {
		t.Errorf("granted %q, first %v (%v)", of(granted), first, err)
	}
	for campaign, issued := range map[string]int64{"paused": 0, "ended": 0, "spent": 1, "had": 1, "last": 1, "welcome": 1} {
		o.counted(campaign, issued)
	}
	// What was skipped stays skipped, whatever becomes of it.
	_, err = o.pause("paused", false)
	o.must(err)
	if again, first, err := o.register("ann", "paused", "welcome"); err != nil || first || of(again) != "last welcome" {
		t.Errorf("again: %q, first %v (%v)", of(again), first, err)
	}
}

func TestRegistrationWithNothingToGrant(t *testing.T) {
	o := newOffice(t)
	for _, wantFirst := range []bool{true, false, false} {
		granted, first, err := o.register("ann")
		if err != nil || first != wantFirst || len(granted) > 0 {
			t.Errorf("granted %+v, first %v (%v)", granted, first, err)
		}
	}
	if granted, _, err := o.register("ann", "welcome"); err != nil || len(granted) > 0 {
		t.Errorf("granted afterwards: %+v (%v)", granted, err)
	}
}

func TestManyRegistrationsAtOnceGrantOnce(t *testing.T) {
	o := newOffice(t)
	c := plain("c")
	c.PerCustomer = 5
	o.campaigns(c)
	var firsts atomic.Int64
	told := make([]string, 64)
	together(64, func(i int) {
		coupons, first, err := o.register("ann", "c", "welcome")
		if err != nil {
			t.Errorf("registration %d: %v", i, err)
			return
		}
		if first {
			firsts.Add(1)
		}
		for _, c := range coupons {
			told[i] += c.ID + " "
		}
	})
	for i := range told {
		if told[i] != told[0] || len(strings.Fields(told[i])) != 2 {
			t.Errorf("registration %d was told %q, another %q", i, told[i], told[0])
		}
	}
	if held := o.holds("ann", ""); firsts.Load() != 1 || len(held) != 2 {
		t.Errorf("%d were first, ann holds %q", firsts.Load(), held)
	}
	o.counted("c", 1)
	o.counted("welcome", 1)
}

func TestRegistrationsRaceForQuantity(t *testing.T) {
	o := newOffice(t)
	c := plain("c")
	c.Quantity = 10
	o.campaigns(c)
	var granted atomic.Int64
	together(64, func(i int) {
		coupons, first, err := o.register(fmt.Sprint("customer ", i), "c")
		if err != nil || !first {
			t.Errorf("registration %d: first %v (%v)", i, first, err)
		}
		granted.Add(int64(len(coupons)))
	})
	if granted.Load() != 10 {
		t.Errorf("%d were granted of 10", granted.Load())
	}
	o.counted("c", 10)
}

// A registration whose transaction is given up did not happen.
func TestARegistrationThatFailedGrantsAnew(t *testing.T) {
	o := newOffice(t)
	errLater := fmt.Errorf("the answer could not be written")
	err := o.do(func(e *ledger.Entry) error {
		if _, _, err := e.Register("ann", []string{"welcome"}); err != nil {
			return err
		}
		return errLater
	})
	if err != errLater { //nolint:errorlint // the very same
		t.Fatalf("failed with %v", err)
	}
	o.counted("welcome", 0)
	if granted, first, err := o.register("ann", "welcome"); err != nil || !first || of(granted) != "welcome" {
		t.Errorf("granted %q, first %v (%v)", of(granted), first, err)
	}
}
