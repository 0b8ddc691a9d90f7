// Remembered decisions are the decisions: every odd policy answers the same with and without memory.
package policy

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"sync"
	"testing"
	"time"

	"scrip/engine/prove"
	"scrip/policies"
)

func TestMemoAndPlainEvaluationAgree(t *testing.T) {
	t.Parallel()
	for _, p := range oddPolicies {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			remembering := loaded(t, patience, p.files())
			plain := loaded(t, patience, p.files())
			for _, d := range plain.decisions {
				d.memo = nil
			}
			rng := rand.New(rand.NewPCG(1, uint64(len(p.name)))) // #nosec G404 -- tests repeat
			for range prove.Count(300, 100_000) {                // of each of more than thirty policies
				facts := random(rng)
				agree(t, remembering.OrderDenials, plain.OrderDenials, facts)
			}
		})
	}
}

func agree[T any](t *testing.T, remembering, plain func(context.Context, *Facts) (T, error), facts *Facts) {
	t.Helper()
	got, gotErr := remembering(t.Context(), facts)
	want, wantErr := plain(t.Context(), facts)
	if !reflect.DeepEqual(got, want) || (gotErr == nil) != (wantErr == nil) {
		t.Fatalf("%+v: remembered %v, %v; plain %v, %v", facts, got, gotErr, want, wantErr)
	}
}

// The same of the policies that are shipped, on words that they know and others.
func TestMemoAndPlainEvaluationAgreeOnTheShippedPolicies(t *testing.T) {
	t.Parallel()
	shipped := func(memo bool) *Snapshot {
		s, err := Load(t.Context(), Folder("built in", policies.FS), Options{Timeout: patience, Memo: memo}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	remembering, plain := shipped(true), shipped(false)
	rng := rand.New(rand.NewPCG(2, 3)) // #nosec G404 -- tests repeat
	for range prove.Count(1_000, 100_000) {
		facts := random(rng)
		pick := func(known ...string) string { return append(known, facts.Customer.ID)[rng.IntN(len(known)+1)] }
		if facts.Order != nil {
			facts.Order.Type = pick("dropshipping", "sample", "wholesale")
		}
		if facts.Line != nil {
			facts.Line.ProductType = pick("ordinary", "supplier", "combo", "video", "service", "pod", "virtual")
		}
		if facts.Coupon != nil {
			facts.Coupon.Status = pick("available", "used", "revoked", "expired", "reserved")
			facts.Coupon.Window = pick("pending", "open", "ended")
		}
		agree(t, remembering.OrderDenials, plain.OrderDenials, facts)
		agree(t, remembering.ProductExclusions, plain.ProductExclusions, facts)
		agree(t, remembering.CouponDenials, plain.CouponDenials, facts)
		agree(t, remembering.Grants, plain.Grants, facts)
	}
}

func TestOneEvaluationADistinctQuestion(t *testing.T) {
	t.Parallel()
	s := loaded(t, patience, map[string]string{"order/x.rego": denial("order", `input.order.type == "sample"`)})
	var all sync.WaitGroup
	for range 16 {
		for i := range 8 {
			all.Go(func() {
				kind := []string{"sample", "dropshipping"}[i%2]
				facts := &Facts{Order: &Order{ID: fmt.Sprint(i), Type: kind}}
				if reasons, err := s.OrderDenials(t.Context(), facts); err != nil || len(reasons) != 1-i%2 {
					t.Errorf("%s: %v, %v", kind, reasons, err)
				}
			})
		}
	}
	all.Wait()
	if cost := s.Costs()[0]; cost.Asked() != 128 || cost.Evaluated != 2 || cost.Entries != 2 {
		t.Errorf("%+v", cost)
	}
}

func TestFailuresAreNotRemembered(t *testing.T) {
	t.Parallel()
	s := loaded(t, patience, map[string]string{"order/x.rego": denial("order", `to_number(input.order.type) == 1`)})
	for range 3 {
		if _, err := s.OrderDenials(t.Context(), &Facts{Order: &Order{Type: "x"}}); err == nil {
			t.Error("no error")
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.OrderDenials(gone, &Facts{Order: &Order{Type: "1"}}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if kept := s.decisions[OrderDeny].memo.answers.EstimatedSize(); kept != 0 {
		t.Errorf("%d failures kept", kept)
	}
}

func TestLongKeysAreAskedAboutEachTime(t *testing.T) {
	t.Parallel()
	s := loaded(t, patience, map[string]string{"order/x.rego": denial("order", `input.order.attributes.x`)})
	long := `{"x":"` + fmt.Sprintf("%05000d", 1) + `"}`
	for range 2 {
		if reasons, err := s.OrderDenials(t.Context(), &Facts{Order: &Order{Attributes: long}}); err != nil || len(reasons) != 1 {
			t.Errorf("%v, %v", reasons, err)
		}
	}
	if cost := s.Costs()[0]; cost.Entries != 0 || cost.Evaluated != 2 || cost.TooLong != 2 || cost.Recalled != 0 {
		t.Errorf("%+v", cost)
	}
}

// If the walk ever missed what a decision sees, a shadow check finds out, tells, and asks about everything from there.
func TestAShadowCheckWidensADecision(t *testing.T) {
	t.Parallel()
	var alarmed []string
	s := loaded(t, patience, map[string]string{"order/x.rego": denial("order", `input.order.id == "bad"`)})
	d := s.decisions[OrderDeny]
	d.alarm = func(decision string) { alarmed = append(alarmed, decision) }
	d.fields = nil // as if the walk had seen nothing
	good, bad := &Facts{Order: &Order{ID: "good"}}, &Facts{Order: &Order{ID: "bad"}}
	for range shadowEvery {
		if _, err := s.OrderDenials(t.Context(), good); err != nil {
			t.Fatal(err)
		}
	}
	if len(alarmed) != 0 {
		t.Fatal("alarmed although the answers agree")
	}
	for len(alarmed) == 0 {
		if reasons, err := s.OrderDenials(t.Context(), bad); err != nil || len(reasons) != 0 {
			t.Fatalf("%v, %v", reasons, err)
		}
	}
	if reasons, err := s.OrderDenials(t.Context(), bad); err != nil || len(reasons) != 1 {
		t.Errorf("after the alarm: %v, %v", reasons, err)
	}
	if told := s.Dependencies()[0]; !reflect.DeepEqual(told.DependsOn, []string{""}) || alarmed[0] != OrderDeny {
		t.Errorf("told %+v, alarmed %v", told, alarmed)
	}
}
