// Evaluators are used again, are no more than there is work for, and end.
package policy

import (
	"runtime"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// A job that comes before the idle one listens may start another evaluator,
// which ends: one is kept.
func TestIdleEvaluatorsAreUsedAgain(t *testing.T) {
	e := NewEvaluators(1)
	defer e.Close()
	where := func() (stack string) {
		done := make(chan struct{})
		e.run(func() {
			defer close(done)
			space := make([]byte, 64)
			stack = string(space[:runtime.Stack(space, false)]) // begins with the goroutine's number
		})
		<-done
		soon(t, "the evaluator is idle", func() bool { return len(e.idle) == 1 })
		return stack[:len("goroutine 000000")]
	}
	first := where()
	for range 20 {
		soon(t, "the evaluator is used again", func() bool { return where() == first })
	}
}

func TestJobsNeverWaitForAnEvaluator(t *testing.T) {
	before := goleak.IgnoreCurrent()
	e := NewEvaluators(2)
	var all sync.WaitGroup
	everybody := make(chan struct{})
	all.Add(10)
	for range 10 { // each waits for all the others
		e.run(func() { all.Done(); <-everybody })
	}
	all.Wait()
	close(everybody)
	soon(t, "two are idle", func() bool { return len(e.idle) == 2 })
	e.Close()
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
	done := make(chan struct{})
	e.run(func() { close(done) }) // what comes late is done too
	<-done
	if err := goleak.Find(before); err != nil {
		t.Error(err)
	}
}

func TestDecisionsOnEvaluators(t *testing.T) {
	t.Parallel()
	e := NewEvaluators(1)
	defer e.Close()
	s, err := Load(t.Context(), Folder("test", folder(map[string]string{"order/x.rego": denial("order", `input.order.type == "sample"`)})),
		Options{Timeout: patience, Evaluators: e}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 10 {
		kind := []string{"sample", "dropshipping"}[i%2]
		if reasons, err := s.OrderDenials(t.Context(), &Facts{Order: &Order{Type: kind}}); err != nil || len(reasons) != 1-i%2 {
			t.Errorf("%s: %v, %v", kind, reasons, err)
		}
	}
}
