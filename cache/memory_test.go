// The memory cache beside what every cache keeps: its memory is bounded, its goroutines end.
package cache

import (
	"fmt"
	"testing"
	"time"

	"go.uber.org/goleak"

	"scrip/engine"
)

var _ engine.Quotes = (*Memory)(nil)

// now is near the real clock, as it is in the process: the cache forgets by the one and answers by the other.
var now = time.Now().UTC().Truncate(time.Microsecond)

// quote is a quote made now that lives for a while.
func quote(id string, life time.Duration) *engine.Quote {
	return &engine.Quote{ID: id, CreatedAt: now, ExpiresAt: now.Add(life), Currency: currency("USD")}
}

func open(t testing.TB, bytes uint64) *Memory {
	t.Helper()
	m, err := NewMemory(bytes)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = m.Close() })
	return m
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
	if _ = m.Close(); goleak.Find(before) != nil {
		t.Error(goleak.Find(before))
	}
}

func TestACacheWithoutABoundIsRefused(t *testing.T) {
	t.Parallel()
	if m, err := NewMemory(0); err == nil {
		_ = m.Close()
		t.Error("it would grow for ever")
	}
}
