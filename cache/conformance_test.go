// What every cache keeps of the engine's port, told once: in memory, in a real Redis, and across replicas of it.
package cache

import (
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"scrip/cache/redistest"
	"scrip/engine"
)

// caches are the ways of keeping quotes. Each gives as many replicas as asked; what one keeps, all must know.
func caches(t *testing.T) map[string]func(t *testing.T, replicas int) []engine.Quotes {
	t.Helper()
	server := redistest.Start(t)
	return map[string]func(*testing.T, int) []engine.Quotes{
		"memory": func(t *testing.T, replicas int) (all []engine.Quotes) {
			m := open(t, MemoryBytes)
			for range replicas {
				all = append(all, m)
			}
			return all
		},
		"Redis": func(t *testing.T, replicas int) (all []engine.Quotes) {
			server.Client().FlushAll(t.Context())
			for range replicas {
				all = append(all, join(t, "redis://"+server.Addr))
			}
			return all
		},
	}
}

func TestEveryCacheKeepsThePort(t *testing.T) {
	t.Parallel()
	for name, open := range caches(t) {
		t.Run(name, func(t *testing.T) {
			for promise, test := range map[string]func(*testing.T, []engine.Quotes){
				"what is kept is found":                  keptIsFound,
				"a quote ends by the given clock":        endsByTheClock,
				"the first stays until its end":          firstStays,
				"racers agree on one quote":              racersAgree,
				"what nobody else asks for is known":     knownAsksNobody,
				"a quote comes back as it was":           comesBackWhole,
				"one that never lives is not in the way": neverLives,
			} {
				t.Run(promise, func(t *testing.T) { test(t, open(t, 4)) })
			}
		})
	}
}

// finds expects a quote under a key in a replica, or nil for none.
func finds(t *testing.T, c engine.Quotes, key string, at time.Time, want *engine.Quote) {
	t.Helper()
	found, ok := c.Find(t.Context(), key, at)
	if ok != (want != nil) || ok && found.ID != want.ID || !ok && found != nil {
		t.Errorf("%s: found %s, want %s", key, idOf(found), idOf(want))
	}
}

func idOf(q *engine.Quote) string {
	if q == nil {
		return "none"
	}
	return q.ID
}

// keeps expects that one stays when another one is kept.
func keeps(t *testing.T, c engine.Quotes, key string, q *engine.Quote, at time.Time, want *engine.Quote) {
	t.Helper()
	if kept := c.Keep(t.Context(), key, q, at); kept == nil || kept.ID != want.ID {
		t.Errorf("%s: %s stays, want %s", key, idOf(kept), idOf(want))
	}
}

func keptIsFound(t *testing.T, replicas []engine.Quotes) {
	q, other := quote("q", time.Hour), quote("other", time.Hour)
	finds(t, replicas[0], "k", now, nil)
	keeps(t, replicas[0], "k", q, now, q)
	keeps(t, replicas[1], "k2", other, now, other)
	for _, c := range replicas {
		finds(t, c, "k", now, q)
		finds(t, c, "k2", now, other)
		finds(t, c, "k3", now, nil)
	}
}

// endsByTheClock: a quote lives up to but not including its end, by the clock that is given.
func endsByTheClock(t *testing.T, replicas []engine.Quotes) {
	q := quote("q", time.Hour)
	keeps(t, replicas[0], "k", q, now, q)
	for _, c := range []struct {
		at    time.Duration
		lives bool
	}{{time.Hour, false}, {-time.Hour, true}, {0, true}, {time.Hour - 1, true}, {time.Hour, false}, {time.Hour + 1, false}, {0, true}} {
		want := q
		if !c.lives {
			want = nil
		}
		for _, replica := range replicas {
			finds(t, replica, "k", now.Add(c.at), want)
			if _, ok := replica.Known("k", now.Add(c.at)); ok && !c.lives {
				t.Errorf("after %v it is known", c.at)
			}
		}
	}
}

func firstStays(t *testing.T, replicas []engine.Quotes) {
	first, second := quote("first", time.Hour), quote("second", 2*time.Hour)
	keeps(t, replicas[0], "k", first, now, first)
	for _, c := range replicas {
		keeps(t, c, "k", second, now.Add(time.Hour-1), first)
		finds(t, c, "k", now, first)
	}
	keeps(t, replicas[1], "k", second, now.Add(time.Hour), second)
	for _, c := range replicas {
		finds(t, c, "k", now.Add(time.Hour), second)
	}
}

func neverLives(t *testing.T, replicas []engine.Quotes) {
	over, q := quote("over", 0), quote("q", time.Hour) // over as it is made
	keeps(t, replicas[0], "k", over, now, over)
	finds(t, replicas[1], "k", now, nil)
	keeps(t, replicas[0], "k", q, now, q)
	finds(t, replicas[1], "k", now, q)
}

// racersAgree: of those that arrive together one stays, everyone is told the same, and it is what is found.
func racersAgree(t *testing.T, replicas []engine.Quotes) {
	for round := range 30 {
		key := fmt.Sprint("k", round)
		const racers = 16
		var kept [racers]*engine.Quote
		var wg sync.WaitGroup
		gate := make(chan struct{})
		for i := range racers {
			wg.Go(func() {
				<-gate
				c := replicas[i%len(replicas)]
				kept[i] = c.Keep(t.Context(), key, quote(fmt.Sprint(i), time.Hour), now)
				finds(t, c, key, now, kept[i])
			})
		}
		close(gate)
		wg.Wait()
		for i, q := range kept {
			if q == nil || q.ID != kept[0].ID {
				t.Fatalf("round %d: racer %d has %+v, racer 0 %+v", round, i, q, kept[0])
			}
			if twin := kept[i%len(replicas)]; q != twin {
				t.Fatalf("round %d: one replica gives two copies of one quote", round)
			}
		}
	}
}

// knownAsksNobody: what was kept or found is known, what another replica kept is not, unless memory is shared.
func knownAsksNobody(t *testing.T, replicas []engine.Quotes) {
	q := quote("q", time.Hour)
	if found, ok := replicas[0].Known("k", now); ok || found != nil {
		t.Errorf("%+v is known to an empty cache", found)
	}
	keeps(t, replicas[0], "k", q, now, q)
	if found, ok := replicas[0].Known("k", now); !ok || found != q {
		t.Errorf("what was kept is not known: %+v", found)
	}
	if _, ok := replicas[1].Known("k", now); ok != (replicas[0] == replicas[1]) {
		t.Errorf("what another replica kept is known: %t", ok)
	}
	finds(t, replicas[1], "k", now, q)
	first, _ := replicas[1].Known("k", now)
	if again, ok := replicas[1].Find(t.Context(), "k", now); !ok || again != first || first == nil {
		t.Errorf("what was found is not known: %+v, %+v", first, again)
	}
}

func comesBackWhole(t *testing.T, replicas []engine.Quotes) {
	q := bulk()
	keeps(t, replicas[0], "k", q, now, q)
	if found, ok := replicas[1].Find(t.Context(), "k", now); !ok || !reflect.DeepEqual(found, q) {
		t.Errorf("kept %+v\nfound %+v", q, found)
	}
}
