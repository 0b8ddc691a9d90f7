// A fleet: sidecars that share one ledger and one key, and what is asked of all of them at once (Contract §2).
package e2e

import (
	"errors"
	"sync"
	"testing"

	"scrip/engine/ledger/sqlstore/pgtest"
)

type fleet []*sidecar

// fleets are where a fleet may have its ledger.
var fleets = map[string]func(t *testing.T) (ledger []option){
	"SQLite":   func(*testing.T) []option { return nil },
	"Postgres": func(t *testing.T) []option { return []option{withFlag("ledger", pgtest.Database(t))} },
}

// startFleet starts three.
func startFleet(t *testing.T, opts ...option) fleet {
	t.Helper()
	f := fleet{start(t, opts...)}
	for len(f) < 3 {
		f = append(f, f.another(t, opts...))
	}
	return f
}

// another is one more sidecar on the ledger, which may have settings of its own.
func (f fleet) another(t *testing.T, opts ...option) *sidecar {
	t.Helper()
	return start(t, append(opts[:len(opts):len(opts)], withData(f[0].dir))...)
}

// rush sends all calls at once, the i-th to the i-th sidecar in turn.
func (f fleet) rush(t *testing.T, calls []call) []answer {
	t.Helper()
	answers, errs := make([]answer, len(calls)), make([]error, len(calls))
	begin := make(chan struct{})
	var wait sync.WaitGroup
	for i, c := range calls {
		wait.Go(func() {
			<-begin
			answers[i], errs[i] = f[i%len(f)].send(c)
		})
	}
	close(begin)
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return answers
}

// won sends all calls at once: so many are 201, which come back, and the others are refused with the code.
func (f fleet) won(t *testing.T, calls []call, want, status int, code string) (winners []answer) {
	t.Helper()
	for i, a := range f.rush(t, calls) {
		if err := a.shapeFault(calls[i]); err != nil {
			t.Error(err)
		}
		if a.status == 201 {
			winners = append(winners, a)
			continue
		}
		a.refusal(t, status, code)
	}
	if len(winners) != want {
		t.Errorf("%s: %d of %d have won, not %d", calls[0].path, len(winners), len(calls), want)
	}
	return winners
}

// sound runs scrip ledger verify on the fleet's ledger.
func (f fleet) sound(t *testing.T, ledger []option) {
	t.Helper()
	set, err := gather(ledger)
	if err != nil {
		t.Fatal(err)
	}
	f[0].sound(t, "--ledger", set.flags["ledger"])
}
