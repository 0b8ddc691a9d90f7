package cache

import (
	"context"
	"time"

	"github.com/maypok86/otter/v2"

	"scrip/engine"
)

// MemoryBytes is about how much memory the quotes of one process may take.
const MemoryBytes = 256 << 20

// Memory keeps quotes in the memory of this process. It implements
// [engine.Quotes]; beyond its bound it forgets those least likely to be asked
// for again.
type Memory struct {
	quotes   *otter.Cache[string, *engine.Quote]
	counters counters
}

// NewMemory makes a cache of at most about maxBytes. Close it after use.
func NewMemory(maxBytes uint64) (*Memory, error) {
	quotes, err := otter.New(&otter.Options[string, *engine.Quote]{
		MaximumWeight: maxBytes,
		Weigher:       func(_ string, q *engine.Quote) uint32 { return weight(q) },
		ExpiryCalculator: otter.ExpiryWritingFunc(func(e otter.Entry[string, *engine.Quote]) time.Duration {
			return e.Value.ExpiresAt.Sub(e.Value.CreatedAt)
		}),
	})
	if err != nil {
		return nil, err
	}
	return &Memory{quotes: quotes}, nil
}

// Known is the quote under a key, if it is remembered and lives at now.
func (m *Memory) Known(key string, now time.Time) (*engine.Quote, bool) {
	q, ok := m.quotes.GetIfPresent(key)
	if !ok || !now.Before(q.ExpiresAt) {
		return nil, false
	}
	m.counters.nearHits.Add(1)
	return q, true
}

// Find is what is known: nobody shares this cache.
func (m *Memory) Find(_ context.Context, key string, now time.Time) (*engine.Quote, bool) {
	q, ok := m.Known(key, now)
	if !ok {
		m.counters.misses.Add(1)
	}
	return q, ok
}

// Keep remembers a quote unless one that lives is there already.
func (m *Memory) Keep(_ context.Context, key string, q *engine.Quote, now time.Time) *engine.Quote {
	m.counters.misses.Add(1)
	return m.keep(key, q, func(old *engine.Quote) bool { return now.Before(old.ExpiresAt) })
}

// settle remembers a quote that others share, in the place of any other: two
// replicas answer the same from here on.
func (m *Memory) settle(key string, q *engine.Quote) *engine.Quote {
	return m.keep(key, q, func(old *engine.Quote) bool { return old.ID == q.ID })
}

// keep remembers a quote unless the one that is there stays.
func (m *Memory) keep(key string, q *engine.Quote, stays func(old *engine.Quote) bool) *engine.Quote {
	kept, _ := m.quotes.Compute(key, func(old *engine.Quote, found bool) (*engine.Quote, otter.ComputeOp) {
		if found && stays(old) {
			return old, otter.CancelOp
		}
		return q, otter.WriteOp
	})
	if kept == nil { // too large to keep
		return q
	}
	return kept
}

// Stats are the counts since the start.
func (m *Memory) Stats() Stats {
	return Stats{NearHits: m.counters.nearHits.Load(), Misses: m.counters.misses.Load()}
}

// Close ends the cache's own goroutines.
func (m *Memory) Close() error {
	m.quotes.StopAllGoroutines()
	return nil
}

// weight is about how many bytes a quote takes: structs by their size, texts
// by a guess, and as much for the quote as it is told. Reasons are shared
// between lines and hardly count.
func weight(q *engine.Quote) uint32 {
	const quoteBytes, subOrderBytes, lineBytes, couponBytes = 1_536, 160, 320, 256
	n := quoteBytes + len(q.SubOrders)*subOrderBytes + len(q.Coupons)*couponBytes
	for _, sub := range q.SubOrders {
		n += len(sub.Lines) * lineBytes
	}
	return uint32(n + len(q.Content)) // #nosec G115 -- an order is bounded
}
