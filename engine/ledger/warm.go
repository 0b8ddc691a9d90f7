package ledger

import (
	"context"
	"sync"
)

// Bounds of reading ahead.
const (
	maxTouched = 1 << 17 // customers that wait to be read
	warmBatch  = 128     // read by one statement
)

// touched are customers whose facts own writes have changed. They are read
// again behind the answer, many at once: who was just given a coupon is likely
// to order next, and then a quote need not wait for the ledger; who has just
// ordered is not. Nothing rests on it; beyond its bound it forgets.
type touched struct {
	mu    *sync.Mutex
	ids   map[string]struct{}
	there chan struct{} // holds a token while ids are waiting
}

func newTouched() touched {
	return touched{mu: new(sync.Mutex), ids: make(map[string]struct{}), there: make(chan struct{}, 1)}
}

func (t touched) add(customerIDs []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range customerIDs {
		if len(t.ids) >= maxTouched {
			break
		}
		t.ids[id] = struct{}{}
	}
	t.tell()
}

// tell leaves a token if ids are waiting.
func (t touched) tell() {
	if len(t.ids) == 0 {
		return
	}
	select {
	case t.there <- struct{}{}:
	default:
	}
}

// take takes some ids.
func (t touched) take() (ids []string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.tell() // of those that are left
	for id := range t.ids {
		if len(ids) == warmBatch {
			break
		}
		ids = append(ids, id)
		delete(t.ids, id)
	}
	return ids
}

// keepWarm reads touched customers until ctx ends.
func (b *Book) keepWarm(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.touched.there:
			if ids := b.touched.take(); len(ids) > 0 { // none if they came while others were taken
				b.warm(ctx, ids)
			}
		}
	}
}

// warm reads customers into memory. One that cannot be read, or that is written
// meanwhile, is read when a quote asks.
func (b *Book) warm(ctx context.Context, customerIDs []string) {
	generations := make(map[string]uint64, len(customerIDs))
	for _, id := range customerIDs {
		generations[id] = b.known.generation(id)
	}
	now := b.Now()
	holdings, err := b.holdings(ctx, customerIDs, now)
	if err != nil {
		return
	}
	for _, h := range holdings {
		b.known.put(h.CustomerID, generations[h.CustomerID], h.Facts, now)
	}
}
