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
	quotes *otter.Cache[string, *engine.Quote]
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
	return &Memory{quotes}, nil
}

// Known is the quote under a key, if it is remembered and lives at now.
func (m *Memory) Known(key string, now time.Time) (*engine.Quote, bool) {
	q, ok := m.quotes.GetIfPresent(key)
	return q, ok && now.Before(q.ExpiresAt)
}

// Find is what is known: nobody shares this cache.
func (m *Memory) Find(_ context.Context, key string, now time.Time) (*engine.Quote, bool) {
	return m.Known(key, now)
}

// Keep remembers a quote unless one that lives is there already.
func (m *Memory) Keep(_ context.Context, key string, q *engine.Quote, now time.Time) *engine.Quote {
	kept, _ := m.quotes.Compute(key, func(old *engine.Quote, found bool) (*engine.Quote, otter.ComputeOp) {
		if found && now.Before(old.ExpiresAt) {
			return old, otter.CancelOp
		}
		return q, otter.WriteOp
	})
	if kept == nil { // too large to keep
		return q
	}
	return kept
}

// Close ends the cache's own goroutines.
func (m *Memory) Close() { m.quotes.StopAllGoroutines() }

// weight is about how many bytes a quote takes: structs by their size, texts
// by a guess. Reasons are shared between lines and hardly count.
func weight(q *engine.Quote) uint32 {
	const quoteBytes, subOrderBytes, lineBytes, couponBytes = 512, 96, 128, 128
	n := quoteBytes + len(q.SubOrders)*subOrderBytes + len(q.Coupons)*couponBytes
	for _, sub := range q.SubOrders {
		n += len(sub.Lines) * lineBytes
	}
	return uint32(n) // #nosec G115 -- an order is bounded
}
