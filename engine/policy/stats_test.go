// What decisions cost is counted while they decide, and what is counted never goes back.
package policy

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestQuestionsAreCountedByHowTheyWereAnswered(t *testing.T) {
	t.Parallel()
	s := loaded(t, patience, map[string]string{
		"order/x.rego":  denial("order", `input.order.type == "sample"`),
		"coupon/x.rego": denial("coupon", `to_number(input.coupon.kind) == 1`),
	})
	for i := range 10 {
		if _, err := s.OrderDenials(t.Context(), &Facts{Order: &Order{ID: fmt.Sprint(i), Type: []string{"sample", "b"}[i%2]}}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if _, err := s.CouponDenials(t.Context(), &Facts{Coupon: &Coupon{Kind: "x"}}); err == nil {
			t.Fatal("no error")
		}
	}
	soon(t, "the memory is weighed", func() bool { return s.Costs()[0].Bytes > 0 })
	order, product, coupon := s.Costs()[0], s.Costs()[1], s.Costs()[2]
	if order.Name != OrderDeny || order.Asked() != 10 || order.Recalled != 8 || order.Evaluated != 2 || order.Errors != 0 || order.Entries != 2 ||
		order.Bytes > order.BytesBudget || order.Mean() <= 0 || order.Quantile(.5) <= 0 || order.Quantile(.99) < order.Quantile(.5) {
		t.Errorf("%+v", order)
	}
	if product.Asked() != 0 || product.Mean() != 0 || product.Quantile(.99) != 0 {
		t.Errorf("%+v", product)
	}
	if coupon.Evaluated != 3 || coupon.Errors != 3 || coupon.Overruns != 0 || coupon.Recalled != 0 || coupon.Entries != 0 {
		t.Errorf("%+v", coupon)
	}
}

func TestOverrunsAreCountedAndCallersThatLeaveAreNot(t *testing.T) {
	t.Parallel()
	s := loaded(t, short, map[string]string{"order/x.rego": denial("order", endless)})
	if _, err := s.OrderDenials(t.Context(), &Facts{}); err == nil {
		t.Fatal("no error")
	}
	s.decisions[OrderDeny].memo = nil // so that the caller's own context reaches the evaluation
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.OrderDenials(gone, &Facts{}); err == nil {
		t.Fatal("no error")
	}
	settle(s)
	if cost := s.Costs()[0]; cost.Evaluated != 2 || cost.Overruns != 1 || cost.Errors != 0 || cost.BytesBudget != 0 {
		t.Errorf("%+v", cost)
	}
}

// One that waits for the same question of another is answered along with it.
func TestOnesThatAskTheSameAtOnceShareAnEvaluation(t *testing.T) {
	t.Parallel()
	d, entered, release := hangs(t, patience)
	d.memo, d.tally = newMemo(), new(tally)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { // the answer is a text, which is no set of reasons
			if _, err := recall(t.Context(), d, &Facts{}, parseReasons); err == nil {
				t.Error("no error")
			}
		})
	}
	for entered.Load() == 0 {
		time.Sleep(time.Millisecond)
	}
	release()
	all.Wait()
	if c := d.tally.counts(); c.Asked() != 8 || c.Evaluated != uint64(entered.Load()) || c.Errors != c.Evaluated {
		t.Errorf("%+v, %d evaluations", c, entered.Load())
	}
}

func TestShadowChecksAreCountedApart(t *testing.T) {
	t.Parallel()
	s := loaded(t, patience, map[string]string{"order/x.rego": denial("order", `input.order.id == "bad"`)})
	s.decisions[OrderDeny].fields = nil // as if the walk had seen nothing
	ask := func(id string, times int) Counts {
		for range times {
			if _, err := s.OrderDenials(t.Context(), &Facts{Order: &Order{ID: id}}); err != nil {
				t.Fatal(err)
			}
		}
		return s.Costs()[0].Counts
	}
	if c := ask("good", 1+shadowEvery); c.Checks != 1 || c.Mismatches != 0 || c.Evaluated != 1 || c.Recalled != shadowEvery {
		t.Errorf("%+v", c)
	}
	if c := ask("bad", shadowEvery); c.Checks != 2 || c.Mismatches != 1 || c.Evaluated != 1 {
		t.Errorf("%+v", c)
	}
}

func TestQuantilesAreEstimatedWithinTheirClass(t *testing.T) {
	t.Parallel()
	counted := new(tally)
	for range 90 {
		counted.evaluation(15*time.Microsecond, nil, false)
	}
	for range 9 {
		counted.evaluation(20*time.Microsecond, nil, false) // a bound belongs to what it bounds
	}
	counted.evaluation(time.Minute, nil, false)
	c := counted.counts()
	for share, want := range map[float64]time.Duration{0.5: 15 * time.Microsecond, 0.99: 20 * time.Microsecond, 1: Timeout} {
		if got := c.Quantile(share); got < want-time.Microsecond || got > want+time.Microsecond {
			t.Errorf("%v: %v, want about %v", share, got, want)
		}
	}
	if c.Took[1] != 99 || c.Took[len(EvaluationBounds)] != 1 || c.Mean() != c.Time/100 {
		t.Errorf("%+v", c)
	}
}

// Revisions come and go; the totals are those of all of them, and each revision's cost begins with it.
func TestTotalsOutliveRevisions(t *testing.T) {
	t.Parallel()
	var next atomic.Pointer[Snapshot]
	var broken atomic.Bool
	release := func(text string) *Snapshot {
		s := loaded(t, patience, map[string]string{"order/x.rego": denial("order", `input.order.id == "`+text+`"`)})
		next.Store(s)
		return s
	}
	first := release("1")
	active, err := Activate(t.Context(), func(context.Context) (*Snapshot, error) {
		if broken.Load() {
			return nil, &RefusedError{Faults: []Fault{{Message: "broken"}}}
		}
		return next.Load(), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(s *Snapshot, times int) {
		for range times {
			if _, err := s.OrderDenials(t.Context(), &Facts{Order: &Order{ID: "o"}}); err != nil {
				t.Error(err)
			}
		}
	}
	expect := func(total, ofCurrent uint64, reloads Reloads) {
		t.Helper()
		all, current := active.Totals()[OrderDeny], active.Current().Costs()[0]
		if all.Asked() != total || current.Asked() != ofCurrent || active.Reloads() != reloads || len(active.Totals()) != len(decisionNames) {
			t.Errorf("total %+v, current %+v, %+v", all, current, active.Reloads())
		}
	}
	ask(active.Current(), 3)
	expect(3, 3, Reloads{Activated: 1})
	for range 2 { // the same again
		if err := active.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	expect(3, 3, Reloads{Activated: 1, Unchanged: 2})
	release("2")
	if err := active.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	expect(3, 0, Reloads{Activated: 2, Unchanged: 2})
	ask(active.Current(), 5)
	ask(first, 1) // a request that began before the swap still counts
	expect(9, 6, Reloads{Activated: 2, Unchanged: 2})
	broken.Store(true)
	if err := active.Reload(t.Context()); err == nil {
		t.Fatal("no error")
	}
	expect(9, 6, Reloads{Activated: 2, Unchanged: 2, Refused: 1})
}
