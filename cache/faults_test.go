// A Redis that is slow, silent, broken or gone: what a request waits, that soon nobody asks, and that all comes back.
package cache

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"scrip/cache/redistest"
	"scrip/engine/prove"
)

// brisk is a pace at which a silent Redis does not hold the tests up; generous enough for a working one.
var brisk = pace{budget: 100 * time.Millisecond, trip: 200 * time.Millisecond}

// faulty is a replica behind a link that can be made to fail, and another one that is not.
func faulty(t *testing.T) (r, healthy *Redis, server *redistest.Server, link *redistest.Link, log *journal) {
	t.Helper()
	server = redistest.Start(t)
	link = redistest.NewLink(t, server.Addr)
	log = new(journal)
	return joinAs(t, "redis://"+link.Addr, secret, brisk, log), join(t, "redis://"+server.Addr), server, link, log
}

// keepUntil keeps new quotes, which must always succeed, until the breaker is as wanted.
func keepUntil(t *testing.T, r *Redis, open bool) {
	t.Helper()
	n := 0
	redistest.Eventually(t, fmt.Sprintf("the breaker opens: %t", open), func() bool {
		q := quote(fmt.Sprint("until", open, n), time.Hour)
		keeps(t, r, q.ID, q, now, q)
		finds(t, r, q.ID, now, q)
		n++
		return r.Stats().BreakerOpen == open
	})
}

func TestAnOutageOpensTheBreakerAndItsEndClosesIt(t *testing.T) {
	t.Parallel()
	type scene struct {
		server *redistest.Server
		link   *redistest.Link
	}
	for name, c := range map[string]struct{ begin, end func(scene) }{
		"slow":       {func(s scene) { s.link.Slow(5 * brisk.budget) }, func(s scene) { s.link.Heal() }},
		"black hole": {func(s scene) { s.link.BlackHole() }, func(s scene) { s.link.Heal() }},
		"reset":      {func(s scene) { s.link.Reset() }, func(s scene) { s.link.Heal() }},
		"frozen":     {func(s scene) { s.server.Freeze() }, func(s scene) { s.server.Thaw() }},
		"killed":     {func(s scene) { s.server.Kill() }, func(s scene) { s.server.Restart() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, healthy, server, link, log := faulty(t)
			first := quote("first", time.Hour)
			keeps(t, r, "first", first, now, first)
			c.begin(scene{server, link})
			keepUntil(t, r, true)
			finds(t, r, "first", now, first) // from near
			untouched(t, r)
			c.end(scene{server, link})
			keepUntil(t, r, false)
			redistest.Eventually(t, "quotes are shared again", func() bool {
				q := quote(fmt.Sprint("after", r.Stats().Misses), time.Hour)
				r.Keep(t.Context(), q.ID, q, now)
				_, ok := healthy.Find(t.Context(), q.ID, now)
				return ok
			})
			if said := log.String(); strings.Count(said, "answers again") == 0 || strings.Count(said, `"WARN"`) == 0 {
				t.Errorf("the log says %s", said)
			}
		})
	}
}

// untouched expects that no request waits for Redis while the breaker is open: all are turned away at once.
func untouched(t *testing.T, r *Redis) {
	t.Helper()
	before := r.Stats()
	const asked = 100
	turnedAway := 0
	for i := range asked {
		q := quote(fmt.Sprint("aside", i), time.Hour)
		keeps(t, r, q.ID, q, now, q)
		finds(t, r, fmt.Sprint("absent", i), now, nil)
		turnedAway += 2
	}
	after := r.Stats()
	if open := after.Errors[kindOpen] - before.Errors[kindOpen]; open != uint64(turnedAway) {
		t.Errorf("%d of %d were turned away: %v", open, turnedAway, after.Errors)
	}
}

// A Redis that answers everything, but later than anybody waits, is no better than none.
func TestSlowButSureOpensTheBreaker(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	link := redistest.NewLink(t, server.Addr)
	r := joinAs(t, "redis://"+link.Addr, secret, pace{budget: 50 * time.Millisecond, trip: 20 * time.Second}, nil)
	link.Slow(150 * time.Millisecond)
	keepUntil(t, r, true)
	link.Heal()
	keepUntil(t, r, false)
}

// A Keep does not wait beyond its budget, and its write arrives all the same.
func TestAWriteGoesOnBehindItsAnswer(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := joinAs(t, "redis://"+server.Addr, secret, pace{budget: 50 * time.Millisecond, trip: 20 * time.Second}, nil)
	server.Freeze()
	q := quote("q", time.Hour)
	keeps(t, r, "k", q, now, q) // returns although nobody answers
	if n := r.Stats().Errors[kindTimeout]; n != 1 {
		t.Errorf("%d timeouts", n)
	}
	server.Thaw()
	plain := server.Client()
	redistest.Eventually(t, "it is in Redis", func() bool { return plain.Exists(t.Context(), redisKey("k")).Val() == 1 })
}

func TestAClientThatLeavesIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := joinAs(t, "redis://"+server.Addr, secret, pace{budget: time.Hour, trip: 20 * time.Second}, nil)
	server.Freeze()
	defer server.Thaw()
	ctx, leave := context.WithCancel(t.Context())
	leave()
	q := quote("q", time.Hour)
	if kept := r.Keep(ctx, "k", q, now); kept != q {
		t.Errorf("kept %s", idOf(kept))
	}
	if _, ok := r.Find(ctx, "k2", now); ok {
		t.Error("found")
	}
	if sum(r.Stats().BatchSizes) > 0 {
		t.Error("it was waited for, until the round trip failed")
	}
}

// However many requests give up, no goroutine is left for each.
func TestGivingUpLeavesNoGoroutines(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	r := joinAs(t, "redis://"+server.Addr, secret, pace{budget: time.Millisecond, trip: 20 * time.Second}, nil)
	server.Freeze()
	before := runtime.NumGoroutine()
	const crowd = 2 * maxWaiting
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for i := range crowd / 8 {
				q := quote(fmt.Sprint(worker, "-", i), time.Hour)
				keeps(t, r, q.ID, q, now, q)
			}
		})
	}
	wg.Wait()
	if grown := runtime.NumGoroutine() - before; grown > crowd/4 { // other tests run beside this one
		t.Errorf("%d goroutines more after %d requests", grown, crowd)
	}
	if n := r.Stats().Errors[kindBusy]; n == 0 {
		t.Error("the queue has no end")
	}
	server.Thaw()
}

func TestARedisThatIsNotThereYetIsAWarning(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	server.Kill()
	log := new(journal)
	r := joinAs(t, "redis://"+server.Addr, secret, brisk, log)
	if !r.Stats().BreakerOpen || strings.Count(log.String(), `"level":"WARN"`) != 1 {
		t.Errorf("%+v\n%s", r.Stats(), log)
	}
	untouched(t, r)
	server.Restart()
	keepUntil(t, r, false)
}

// When Redis comes back, a crowd that waits for it meets it in a few batches, not all at once.
func TestRecoveryIsNoStampede(t *testing.T) {
	t.Parallel()
	server := redistest.Start(t)
	link := redistest.NewLink(t, server.Addr)
	r := joinAs(t, "redis://"+link.Addr, secret, brisk, nil)
	link.BlackHole()
	keepUntil(t, r, true)
	done := make(chan struct{})
	var crowd sync.WaitGroup
	for worker := range prove.Count(20, 100) {
		crowd.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
					q := quote(fmt.Sprint(worker, "-", i), time.Hour)
					keeps(t, r, q.ID, q, now, q)
				}
			}
		})
	}
	link.Heal()
	redistest.Eventually(t, "the breaker closes", func() bool { return !r.Stats().BreakerOpen })
	shared := r.Stats().BatchSizes
	redistest.Eventually(t, "batches go out", func() bool { return len(shared) > 0 && sum(r.Stats().BatchSizes) > sum(shared)+10 })
	close(done)
	crowd.Wait()
	clients, err := server.Client().ClientList(t.Context()).Result()
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(clients, "cmd=ping") + strings.Count(clients, "cmd=getrange"); n > poolSize+2 {
		t.Errorf("%d connections:\n%s", n, clients)
	}
}

func sum(list []uint64) (total uint64) {
	for _, n := range list {
		total += n
	}
	return total
}

func TestCloseEndsEverything(t *testing.T) { // alone, for it looks at all goroutines
	server := redistest.Start(t)
	for name, freeze := range map[string]bool{"working": false, "frozen": true} {
		before := goleak.IgnoreCurrent()
		near, err := NewMemory(MemoryBytes)
		if err != nil {
			t.Fatal(err)
		}
		at, err := ParseAddress("redis://" + server.Addr)
		if err != nil {
			t.Fatal(err)
		}
		r := OpenRedis(t.Context(), at, secret, near, quiet)
		if freeze {
			server.Freeze()
		}
		q := quote("q", time.Hour)
		keeps(t, r, "k"+name, q, now, q)
		if err := r.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if freeze {
			server.Thaw()
		}
		if err := goleak.Find(before); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
