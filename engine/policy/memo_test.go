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

	"scrip/engine/prove"
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
			for range prove.Count(300, 3_000) {                  // of each of more than thirty policies
				facts := random(rng)
				got, gotErr := remembering.OrderDenials(t.Context(), facts)
				want, wantErr := plain.OrderDenials(t.Context(), facts)
				if !reflect.DeepEqual(got, want) || (gotErr == nil) != (wantErr == nil) {
					t.Fatalf("%+v: remembered %v, %v; plain %v, %v", facts, got, gotErr, want, wantErr)
				}
			}
		})
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
