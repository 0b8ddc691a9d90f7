// A fault at every n-th write and sync of the fixed run: the program is killed there, the disk is full, or it fails. What
// was answered holds after a restart, the ledger is sound, and what is asked again is booked once. A sync that fails ends
// the program before it answers anybody; a write that fails is a refusal, and the next one may succeed.
package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"scrip/engine/prove"
)

// exitNotDurable is the exit status after a failed sync.
const exitNotDurable = 74

// kind is a sort of fault with the places where it is tried every day, calls of steps; a proof tries all.
type kind struct {
	name        string
	calls, what string
	usual       map[string]int
}

var kinds = []kind{
	{"killed at a write", writes, killed, map[string]int{"reserve": 7, "pay": 5}},
	{"killed at a sync", syncs, killed, map[string]int{"release": 1, mistyped: 1}},
	{"killed at a truncation", cuts, killed, nil},
	{"killed at a removal", removals, killed, map[string]int{stopping: 1}},
	{"a sync fails", syncs, diskFails, map[string]int{"confirm": 1, "redeem a card": 1, withCheckpoint: 2}},
	{"the disk is full", writes, diskFull, map[string]int{"refund": 3, "withdraw": 2}},
	{"a write fails", writes, diskFails, nil},
}

// stopping is the last step: the sidecar is told to stop.
const stopping = "stop"

func TestAFaultAtAnyCallOfTheFixedRun(t *testing.T) {
	t.Parallel()
	for _, k := range kinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			all := 0
			for _, b := range append(bookings[:len(bookings):len(bookings)], booking{name: stopping}) {
				places := map[int]bool{} // of faults that were put
				switch {
				case prove.Count(0, 1) == 1:
					for n := 1; !t.Failed() && (places[n] || k.put(t, b, n, places)); n++ {
						all++
					}
				case k.usual[b.name] > 0 && !k.put(t, b, k.usual[b.name], places):
					t.Errorf("%s has no call %d of %s", b.name, k.usual[b.name], k.calls)
				}
			}
			if all > 0 {
				t.Logf("%s: %d places", k.name, all)
			}
		})
	}
}

// put puts the fault into the n-th call of a step and tells whether there is one. Should Go move the step between threads
// on its way, it is another call that is hit, which is as good as any, and the n-th is tried again.
func (k kind) put(t *testing.T, b booking, n int, places map[int]bool) bool {
	t.Helper()
	there := true
	t.Run(fmt.Sprintf("%s %d", b.name, n), func(t *testing.T) {
		for try := 0; there && !places[n] && (len(places) == 0 || prove.Count(0, 1) == 1); try++ {
			if try == 50 {
				t.Fatalf("of %v the %d-th was never hit", places, n)
			}
			hit, calls := k.at(t, b, n)
			if there = hit > 0 || calls >= n; hit > 0 {
				places[hit] = true
			}
		}
	})
	return there
}

// at makes the journey with a fault that waits for the n-th call of a thread in a step, and tells which call of the step
// it was put into, 0 if none, and how many there were.
func (k kind) at(t *testing.T, b booking, n int) (hit, calls int) {
	t.Helper()
	in := injection{calls: k.calls, what: k.what, when: fmt.Sprint(n)}
	j := depart(t)
	answered := j.interrupt(t, b, in)
	if hit, calls = in.seen(t, j.trace); hit > 0 {
		k.outcome(t, j, b, hit, answered)
		j.restart(t)
		j.finish(t)
	}
	j.leave(t)
	return hit, calls
}

// interrupt makes the steps before b, then b with the fault.
func (j *journey) interrupt(t *testing.T, b booking, in injection) (answered bool) {
	t.Helper()
	for _, before := range bookings {
		if before.name == b.name {
			break
		}
		if before.prepare == nil {
			j.book(t, before)
		}
	}
	if b.name == stopping {
		strace := j.s.attach(t, in)
		j.s.once.Do(func() { _ = j.s.end(syscall.SIGTERM) })
		j.trace = strace.log
		strace.end(t, false)
		return false
	}
	if b.prepare != nil {
		b.prepare(t, j.s)
	}
	c := j.ask(t, b)
	strace := j.s.attach(t, in)
	a, err := j.s.send(c)
	// Another write waits for the checkpoint that may follow b. It writes nothing: that campaign exists.
	_, gone := j.s.send(posts(campaignsPath, campaignBody("welcome", plenty), true)(t, j))
	j.trace = strace.log
	strace.end(t, gone == nil)
	if err != nil {
		if b.name == mistyped {
			j.doubts++
		}
		return false
	}
	if a.status == b.status {
		j.answers[b.name] = a
	} else {
		a.refusal(t, http.StatusServiceUnavailable, "ledger.unavailable")
	}
	return true
}

// outcome is what the fault must have done to the program.
func (k kind) outcome(t *testing.T, j *journey, b booking, hit int, answered bool) {
	t.Helper()
	lives := k.what != killed && k.calls != syncs
	if !lives || b.name == stopping {
		within(t, "the sidecar ends", j.s.ended)
	}
	if err := j.s.transcriptFault(); err != nil {
		t.Error(err)
	}
	switch {
	case k.what == killed:
		if how := waited(j.s.err); how.Signal() != syscall.SIGKILL {
			t.Errorf("it ended by %v", j.s.err)
		}
	case k.calls == syncs:
		if waited(j.s.err).ExitStatus() != exitNotDurable || !strings.Contains(j.s.stderr.String(), "the disk did not keep the ledger") {
			t.Errorf("after a failed sync it ended by %v:\n%s", j.s.err, j.s.stderr)
		}
		if answered && hit == 1 { // the first is the commit's
			t.Error("somebody was answered after a failed sync")
		}
	case b.name == stopping:
		if j.s.err != nil {
			t.Errorf("told to stop it ended by %v:\n%s", j.s.err, j.s.stderr)
		}
	default:
		j.s.quote(t, ordered(t, "ann"))
		j.retry(t, b) // there is room again
	}
}

// waited is how a process ended.
func waited(err error) (how syscall.WaitStatus) {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		how, _ = exit.Sys().(syscall.WaitStatus)
	}
	return how
}

// leave ends the sidecar, whatever became of it.
func (j *journey) leave(t *testing.T) {
	t.Helper()
	j.s.once.Do(func() { _ = j.s.end(syscall.SIGKILL) })
	j.s.client.CloseIdleConnections()
}
