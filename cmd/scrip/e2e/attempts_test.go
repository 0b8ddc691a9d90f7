// Failed attempts to redeem gift cards: ten in a row are answered, by customer and by number; then even the right code
// has to wait (Contract §7).
package e2e

import (
	"net/http"
	"strconv"
	"testing"

	"scrip/engine/prove"
)

// fails makes n attempts that fail, each at a number of its own unless one is given.
func (s *sidecar) fails(t *testing.T, n int, customer func() string, number string) {
	t.Helper()
	for range n {
		at := number
		if at == "" {
			at = unique("number")
		}
		s.claim(t, customer(), at, "00000000000000000000").refusal(t, http.StatusNotFound, "gift_card.invalid")
	}
}

// locked expects 429 with a Retry-After of at most 15 minutes.
func (a answer) locked(t *testing.T) {
	t.Helper()
	a.refusal(t, http.StatusTooManyRequests, "gift_card.too_many_attempts")
	if wait, err := strconv.Atoi(a.header.Get("Retry-After")); err != nil || wait < 1 || wait > 15*60 {
		t.Errorf("Retry-After: %q", a.header.Get("Retry-After"))
	}
}

func TestACustomerWhoFailedTenTimesWaits(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, c := unique("c"), s.card(t, "5", "USD")
	s.fails(t, 10, func() string { return customer }, "")
	for range 3 {
		s.claim(t, customer, c.Number, c.Code).locked(t)
		s.claim(t, customer, c.Number, wrongCode(c.Code)).locked(t)
	}
	if w := s.wallet(t, customer); len(w.Balances) != 0 {
		t.Errorf("%+v", w)
	}
	s.claim(t, unique("c"), c.Number, c.Code).want(t, http.StatusCreated) // it is not the number's fault
	s.claim(t, customer, c.Number, c.Code).locked(t)                      // a 409 would tell that the code is right
}

func TestANumberThatWasTriedTenTimesWaits(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	c := s.card(t, "5", "USD")
	anybody := func() string { return unique("c") }
	for _, number := range []string{c.Number, "4000000000000002", unique("no such")} { // existing or not
		s.fails(t, 10, anybody, number)
		s.claim(t, anybody(), number, c.Code).locked(t)
		s.claim(t, anybody(), " "+number+" ", c.Code).locked(t) // spaces do not matter
	}
	customer := unique("c")
	s.credit(t, customer, "7", "USD")
	s.claim(t, customer, c.Number, c.Code).locked(t)
}

func TestNeitherReplaysNorConflictsAreFailures(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, c := unique("c"), s.card(t, "5", "USD")
	redeem := claimCall(customer, c.Number, c.Code, unique("key"))
	first := s.first(t, redeem, http.StatusCreated)
	conflicts := func() {
		t.Helper()
		for range 4 {
			s.replays(t, redeem, first)
			s.claim(t, customer, c.Number, c.Code).refusal(t, http.StatusConflict, "gift_card.redeemed")
		}
	}
	me := func() string { return customer }
	conflicts()
	s.fails(t, 9, me, "")
	conflicts()
	s.fails(t, 1, me, "")
	s.claim(t, customer, c.Number, c.Code).locked(t)
	s.replays(t, redeem, first) // what was answered stays so
}

func TestASuccessResetsBothCounts(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	me := func() string { return customer }
	for range 2 {
		c := s.card(t, "5", "USD")
		s.fails(t, 9, me, c.Number)
		s.claim(t, customer, c.Number, c.Code).want(t, http.StatusCreated)
		s.fails(t, 9, func() string { return unique("c") }, c.Number)
	}
	s.fails(t, 10, me, "")
	s.claim(t, customer, unique("number"), "0").locked(t)
}

// A failure is counted and yet no reply: its key is free for whatever comes next.
func TestAFailedAttemptLeavesItsKeyFree(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, c, key := unique("c"), s.card(t, "5", "USD"), unique("key")
	wrong := claimCall(customer, c.Number, wrongCode(c.Code), key)
	for range 2 {
		s.do(t, wrong).refusal(t, http.StatusNotFound, "gift_card.invalid")
	}
	right := claimCall(customer, c.Number, c.Code, key)
	s.replays(t, right, s.first(t, right, http.StatusCreated))
}

// The count is in the ledger: three sidecars share it, and a restart forgets nothing.
func TestFailuresAreCountedByAllSidecarsTogether(t *testing.T) {
	t.Parallel()
	for name, ledger := range fleets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := ledger(t)
			f := startFleet(t, opts...)
			c := f[0].card(t, "5", "USD")
			for i := range 10 {
				f[i%3].fails(t, 1, func() string { return "c" }, "")
				if i == 4 {
					f.restart(t, opts...)
				}
			}
			for range 2 {
				for _, s := range f {
					s.claim(t, "c", c.Number, c.Code).locked(t)
				}
				f.restart(t, opts...)
			}
			for range prove.Count(1, 100) {
				one, each := unique("one"), func() string { return unique("each") }
				f.failAtOnce(t, func() string { return one }, each)
				f.failAtOnce(t, each, func() string { return one })
			}
			f.sound(t, opts)
		})
	}
}

// restart stops each of the fleet and starts another in its place.
func (f fleet) restart(t *testing.T, opts ...option) {
	t.Helper()
	for i := range f {
		f[i].stop(t)
		f[i] = f.another(t, opts...)
	}
}

// failAtOnce sends 64 wrong codes at once, all of one customer or all at one number: ten of them are answered.
func (f fleet) failAtOnce(t *testing.T, customer, number func() string) {
	t.Helper()
	calls := make([]call, clients)
	for i := range calls {
		calls[i] = claimCall(customer(), number(), "00000000000000000000", "")
	}
	heard := 0
	for _, a := range f.rush(t, calls) {
		if a.status == http.StatusNotFound {
			heard++
			continue
		}
		a.locked(t)
	}
	if heard != 10 {
		t.Errorf("%d attempts were answered", heard)
	}
}
