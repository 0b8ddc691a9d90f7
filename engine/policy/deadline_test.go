// Deadlines: nobody waits longer for an evaluation, and those that do not end are bounded.
package policy

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/types"
)

// short is a deadline for evaluations that never end by themselves.
const short = 20 * time.Millisecond

// endless is a condition that no machine comes to the end of.
var endless = strings.TrimSuffix(strings.Repeat("some _ in numbers.range(1, 1000); ", 20), "; ") + "; false"

func TestAnEndlessRuleStopsAtItsDeadline(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"grant/x.rego":        "package grant\n\ncampaigns contains \"x\" if {\n\t" + endless + "\n}\n",
		"wallet/topup/x.rego": "package wallet.topup\n\nbonus_percent := \"x\" if {\n\t" + endless + "\n}\n",
	}
	for _, dir := range denying {
		files[dir+"/x.rego"] = denial(dotted(dir), endless)
	}
	s := loaded(t, short, files)
	for name, ask := range answers(t.Context(), s, &Facts{}) {
		if _, err := ask(); !errors.Is(err, ErrDeadline) || !strings.HasPrefix(err.Error(), dotted(name)+".") {
			t.Errorf("%s: %v", name, err)
		}
	}
	settle(s)
}

// An evaluation ends with its caller's context too, which is not an overrun deadline; a caller's own deadline may say
// that it is one.
func TestACallerThatLeavesEndsItsEvaluation(t *testing.T) {
	t.Parallel()
	s := loaded(t, patience, map[string]string{"order/x.rego": denial("order", endless)})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.OrderDenials(gone, &Facts{}); !errors.Is(err, context.Canceled) || errors.Is(err, ErrDeadline) {
		t.Error(err)
	}
	late, cancel := context.WithTimeoutCause(t.Context(), short, ErrDeadline)
	defer cancel()
	d := s.decisions[OrderDeny]
	if _, err := d.ask(late, d.fields, &Facts{}); !errors.Is(err, ErrDeadline) {
		t.Error(err)
	}
	settle(s)
}

// settle waits for evaluations that were given up. It must come to an end: they see the cancellation.
func settle(s *Snapshot) {
	for s.decisions[OrderDeny].abandoned.Load() > 0 {
		runtime.Gosched()
	}
}

// hangs makes a decision whose builtin hangs until it is released, whatever its deadline.
func hangs(t *testing.T, timeout time.Duration) (d *decision, entered *atomic.Int64, release func()) {
	t.Helper()
	entered, gate := new(atomic.Int64), make(chan struct{})
	query, err := rego.New(
		rego.Query(`hang("x")`),
		rego.Function1(&rego.Function{Name: "hang", Decl: types.NewFunction(types.Args(types.S), types.S)},
			func(rego.BuiltinContext, *ast.Term) (*ast.Term, error) {
				entered.Add(1)
				<-gate
				return ast.StringTerm("back"), nil
			}),
		rego.GenerateJSON(asItIs),
	).PrepareForEval(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d = &decision{name: OrderDeny, query: query, timeout: timeout, abandoned: new(atomic.Int64)}
	release = sync.OnceFunc(func() { close(gate) })
	t.Cleanup(release)
	return d, entered, release
}

// A builtin that hangs costs its callers their deadline and no more. At most so many are left hanging; beyond that a
// decision fails at once, and once they end it is asked again.
func TestABuiltinThatHangsHoldsNobody(t *testing.T) {
	t.Parallel()
	d, entered, release := hangs(t, short)
	for d.abandoned.Load() < maxAbandoned {
		var wg sync.WaitGroup
		for range maxAbandoned - d.abandoned.Load() {
			wg.Go(func() {
				if _, err := d.ask(t.Context(), d.fields, &Facts{}); !errors.Is(err, ErrDeadline) {
					t.Error(err)
				}
			})
		}
		wg.Wait() // while the builtin hangs
	}
	asked := entered.Load()
	for range 3 {
		if _, err := d.ask(t.Context(), d.fields, &Facts{}); !errors.Is(err, ErrDeadline) || !strings.Contains(err.Error(), "too many") {
			t.Errorf("beyond the bound: %v", err)
		}
	}
	if entered.Load() != asked || asked > maxAbandoned {
		t.Errorf("%d evaluations hang, %d at the bound", entered.Load(), asked)
	}
	release()
	settle(&Snapshot{decisions: map[string]*decision{OrderDeny: d}})
	d.timeout = patience
	if value, err := d.ask(t.Context(), d.fields, &Facts{}); err != nil || value.String() != `"back"` {
		t.Errorf("once they ended: %v, %v", value, err)
	}
}

// Only what was given up counts as hanging: many that run at once and end in time are all answered.
func TestManyAtOnceAreAllAnswered(t *testing.T) {
	t.Parallel()
	d, entered, release := hangs(t, patience)
	const callers = 3 * maxAbandoned
	var wg sync.WaitGroup
	for range callers {
		wg.Go(func() {
			if _, err := d.ask(t.Context(), d.fields, &Facts{}); err != nil {
				t.Error(err)
			}
		})
	}
	for entered.Load() < callers && !t.Failed() {
		runtime.Gosched()
	}
	release()
	wg.Wait()
}
