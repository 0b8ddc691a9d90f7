// The memory cache keeps the engine's port: the first of several quotes stays, nothing outlives its end, memory is bounded.
package cache

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"scrip/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var _ engine.Quotes = (*Memory)(nil)

// now is near the real clock, as it is in the process: the cache forgets by the one and answers by the other.
var now = time.Now().UTC()

// quote is a quote made now that lives for a while.
func quote(id string, life time.Duration) *engine.Quote {
	return &engine.Quote{ID: id, CreatedAt: now, ExpiresAt: now.Add(life)}
}

func open(t testing.TB, bytes uint64) *Memory {
	t.Helper()
	m, err := NewMemory(bytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}

func TestWhatIsKeptIsFound(t *testing.T) {
	t.Parallel()
	m, q, other := open(t, MemoryBytes), quote("q", time.Hour), quote("other", time.Hour)
	if found, ok := m.Find(t.Context(), "k", now); ok || found != nil {
		t.Errorf("found %+v in an empty cache", found)
	}
	if kept := m.Keep(t.Context(), "k", q, now); kept != q {
		t.Errorf("kept %+v", kept)
	}
	if kept := m.Keep(t.Context(), "k2", other, now); kept != other {
		t.Errorf("kept %+v under another key", kept)
	}
	for key, want := range map[string]*engine.Quote{"k": q, "k2": other} {
		if found, ok := m.Find(t.Context(), key, now); !ok || found != want {
			t.Errorf("%s: found %+v, %t", key, found, ok)
		}
	}
	if _, ok := m.Find(t.Context(), "k3", now); ok {
		t.Error("found under a key that nothing was kept under")
	}
}

// A quote lives up to but not including its end, by the clock that is given.
func TestAQuoteEndsByTheGivenClock(t *testing.T) {
	t.Parallel()
	m, q := open(t, MemoryBytes), quote("q", time.Hour)
	m.Keep(t.Context(), "k", q, now)
	for _, c := range []struct {
		at    time.Duration
		lives bool
	}{{-time.Hour, true}, {0, true}, {time.Hour - 1, true}, {time.Hour, false}, {time.Hour + 1, false}, {0, true}} {
		if _, ok := m.Find(t.Context(), "k", now.Add(c.at)); ok != c.lives {
			t.Errorf("after %v it lives: %t", c.at, ok)
		}
	}
}

func TestTheFirstQuoteStaysUntilItsEnd(t *testing.T) {
	t.Parallel()
	m, first, second := open(t, MemoryBytes), quote("first", time.Hour), quote("second", 2*time.Hour)
	m.Keep(t.Context(), "k", first, now)
	if kept := m.Keep(t.Context(), "k", second, now.Add(time.Hour-1)); kept != first {
		t.Errorf("%s took the place of one that lives", kept.ID)
	}
	if found, _ := m.Find(t.Context(), "k", now); found != first {
		t.Errorf("found %s", found.ID)
	}
	if kept := m.Keep(t.Context(), "k", second, now.Add(time.Hour)); kept != second {
		t.Errorf("%s stays beyond its end", kept.ID)
	}
	if found, ok := m.Find(t.Context(), "k", now.Add(time.Hour)); !ok || found != second {
		t.Errorf("found %+v, %t", found, ok)
	}
	m.Keep(t.Context(), "short", quote("over", 0), now) // over as it is made
	if kept := m.Keep(t.Context(), "short", second, now); kept != second {
		t.Errorf("%s stays, which never lived", kept.ID)
	}
}

// Of those that arrive together one stays, everyone is told the same, and it is what is found.
func TestRacersAgreeOnOneQuote(t *testing.T) {
	t.Parallel()
	m := open(t, MemoryBytes)
	for round := range 50 {
		key := fmt.Sprint("k", round)
		const racers = 16
		var kept [racers]*engine.Quote
		var wg sync.WaitGroup
		gate := make(chan struct{})
		for i := range racers {
			wg.Go(func() {
				<-gate
				kept[i] = m.Keep(t.Context(), key, quote(fmt.Sprint(i), time.Hour), now)
				if found, ok := m.Find(t.Context(), key, now); !ok || found != kept[i] {
					t.Errorf("racer %d: kept %p, found %p", i, kept[i], found)
				}
			})
		}
		close(gate)
		wg.Wait()
		for i, q := range kept {
			if q == nil || q != kept[0] {
				t.Fatalf("round %d: racer %d has %+v, racer 0 %+v", round, i, q, kept[0])
			}
		}
	}
}

// Beyond its bound the cache forgets; what it gives back is still what was kept.
func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	const bound, quotes = 200_000, 2_000
	m := open(t, bound)
	big := func(id string, lines int) *engine.Quote {
		q := quote(id, time.Hour)
		q.SubOrders = []engine.SubOrderPrice{{Lines: make([]engine.LinePrice, lines)}}
		return q
	}
	for i := range quotes {
		q := big(fmt.Sprint(i), 10)
		if kept := m.Keep(t.Context(), q.ID, q, now); kept != q {
			t.Fatalf("kept %+v", kept)
		}
	}
	m.quotes.CleanUp()
	if size := m.quotes.WeightedSize(); size > bound || size < bound/2 {
		t.Errorf("%d bytes of %d", size, bound)
	}
	var found int
	for i := range quotes {
		if q, ok := m.Find(t.Context(), fmt.Sprint(i), now); ok {
			found++
			if q.ID != fmt.Sprint(i) {
				t.Fatalf("%d: found %s", i, q.ID)
			}
		}
	}
	if most := bound / int(weight(big("", 10))); found == 0 || found > most {
		t.Errorf("%d quotes found, room for %d", found, most)
	}
	whale := big("whale", 1_000_000)
	if kept := m.Keep(t.Context(), "whale", whale, now); kept != whale {
		t.Errorf("one too large comes back as %+v", kept)
	}
	if m.quotes.CleanUp(); m.quotes.WeightedSize() > bound {
		t.Error("one too large is kept")
	}
}

// The weight grows with everything that there may be many of.
func TestWeight(t *testing.T) {
	t.Parallel()
	lines := func(n int) []engine.SubOrderPrice {
		return []engine.SubOrderPrice{{Lines: make([]engine.LinePrice, n)}}
	}
	empty := weight(&engine.Quote{})
	one := weight(&engine.Quote{SubOrders: lines(1)})
	for name, q := range map[string]*engine.Quote{
		"sub-orders": {SubOrders: make([]engine.SubOrderPrice, 1000)}, "lines": {SubOrders: lines(1000)}, "coupons": {Coupons: make([]engine.CouponResult, 1000)},
	} {
		if w := weight(q); w < 64_000 {
			t.Errorf("a thousand %s weigh %d", name, w)
		}
	}
	if empty == 0 || one <= empty {
		t.Errorf("nothing weighs %d, one line %d", empty, one)
	}
}

func TestCloseEndsItsGoroutines(t *testing.T) { // alone, for it looks at all goroutines
	before := goleak.IgnoreCurrent()
	m, err := NewMemory(1 << 20)
	if err != nil {
		t.Fatal(err)
	}
	m.Keep(t.Context(), "k", quote("q", time.Hour), now)
	if m.Close(); goleak.Find(before) != nil {
		t.Error(goleak.Find(before))
	}
}

func TestACacheWithoutABoundIsRefused(t *testing.T) {
	t.Parallel()
	if m, err := NewMemory(0); err == nil {
		m.Close()
		t.Error("it would grow for ever")
	}
}
