// How rivals fight: all clients at all that is fought over, on a fleet of sidecars, and every request on record.
package e2e

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// quarrel is a handful of things that all clients want. A request and what matters of its answer are what its model
// takes.
type quarrel interface {
	record() *ring
	call(in any) call
	hear(in any, a answer) (outcome, error)
	atLast() []any // what each sidecar is asked in the end
}

// outcome is what matters of an answer.
type outcome interface {
	said() (status int, code string) // the code of a refusal
}

// ring has the places of those who fight at once, and the record of the fight.
type ring struct {
	places chan struct{}

	mu      sync.Mutex
	history []porcupine.Operation
}

func newRing() *ring { return &ring{places: make(chan struct{}, clients/abreast)} }

func (r *ring) record() *ring { return r }

// tactics is what a client asks next, as the n-th request of a quarrel of which there are so many.
type tactics[Q quarrel] func(q Q, n, of int, dice *rand.Rand) any

// race is all clients at all quarrels.
type race[Q quarrel] struct {
	fleet    []*sidecar
	tactics  tactics[Q]
	quarrels []Q
	each     int // requests a quarrel
	began    time.Time

	mu     sync.Mutex
	faults []error
}

// abreast is how many quarrels are under way at once. All clients fight in them, at most clients/abreast at the same
// time in each: the search for an order of their requests is exponential in that number.
const abreast = 8

// run has the clients take their turns, quarrel by quarrel, and each sidecar say in the end what it knows of each.
func (r *race[Q]) run(t *testing.T) {
	t.Helper()
	r.began = time.Now()
	dice := make(chan *rand.Rand, clients)
	for i := range clients {
		dice <- rand.New(rand.NewPCG(uint64(i), 64)) // #nosec G404 -- no secret
	}
	total := len(r.quarrels) * r.each
	atOnce(clients, total, func(n int) {
		d := <-dice
		defer func() { dice <- d }()
		q, turn := r.turn(n)
		q.record().places <- struct{}{}
		defer func() { <-q.record().places }()
		r.ask(q, r.fleet[d.IntN(len(r.fleet))], r.tactics(q, turn, r.each, d))
	})
	seconds := time.Since(r.began).Seconds()
	for _, q := range r.quarrels {
		for _, s := range r.fleet {
			for _, in := range q.atLast() {
				r.ask(q, s, in)
			}
		}
	}
	t.Logf("%d requests in %.1f s, then what all know in the end:\n%s", total, seconds, r.tally())
	if err := errors.Join(r.faults[:min(len(r.faults), 10)]...); err != nil {
		t.Fatalf("%d faults, first: %v", len(r.faults), err)
	}
}

// turn is the quarrel of the n-th request of all, and the how manieth it is there.
func (r *race[Q]) turn(n int) (q Q, turn int) {
	first := n / (abreast * r.each) * abreast
	width := min(abreast, len(r.quarrels)-first)
	n -= first * r.each
	return r.quarrels[first+n%width], n / width
}

// ask asks a sidecar and records the answer.
func (r *race[Q]) ask(q Q, s *sidecar, in any) {
	request := q.call(in)
	from := time.Since(r.began)
	a, err := s.send(request)
	to := time.Since(r.began)
	if err == nil {
		err = a.shapeFault(request)
	}
	var out outcome
	if err == nil {
		out, err = q.hear(in, a)
	}
	if err != nil { // an answer that was lost would leave the history open
		r.mu.Lock()
		defer r.mu.Unlock()
		r.faults = append(r.faults, fmt.Errorf("%#v: %w: %s", in, err, clip(a.body)))
		return
	}
	ring := q.record()
	ring.mu.Lock()
	defer ring.mu.Unlock()
	ring.history = append(ring.history, porcupine.Operation{Input: in, Call: int64(from), Output: out, Return: int64(to)})
}

// tally counts answers: operations by verb and status, refusals by code.
func (r *race[Q]) tally() string {
	counts := map[string]int{}
	for _, q := range r.quarrels {
		for _, o := range q.record().history {
			status, code := o.Output.(outcome).said()
			counts[fmt.Sprintf("%v %d %s", o.Input, status, code)]++
		}
	}
	var lines []string
	for what, n := range counts {
		lines = append(lines, fmt.Sprintf("%8d %s", n, what))
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// atOnce does n things, so many at a time.
func atOnce(workers, n int, do func(i int)) {
	var next atomic.Int64
	var gone sync.WaitGroup
	for range workers {
		gone.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				do(int(i))
			}
		})
	}
	gone.Wait()
}
