package ledger

import (
	"context"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"

	"github.com/maypok86/otter/v2"
)

// Bounds of the facts kept in memory.
const (
	maxKnownBytes = 256 << 20
	// pollEvery is how often the store is asked whether others wrote: what they
	// block or revoke counts within a second (Contract §5).
	pollEvery = 250 * time.Millisecond
	// trustFor is how long an answer to that lasts: a store that is silent tells nothing.
	trustFor = 3 * pollEvery
)

// known keeps what the books say of customers in the memory of this process,
// because reading it costs more than the rest of a quote. Own writes drop what
// they touch before they are answered; others' writes drop everything. A
// booking never looks here.
//
// A reader that read before a write must not remember after it: each drop
// moves the generation of the customer's stripe on, and what was read under an
// older generation is not kept.
type known struct {
	customers *otter.Cache[string, *knownFacts]
	seed      maphash.Seed
	stripes   [256]stripe
	looked    atomic.Pointer[time.Time] // when the last look for others' writes that was answered began; nil: nobody looks
}

type stripe struct {
	mu         sync.Mutex
	generation uint64
}

type knownFacts struct {
	facts  Facts
	readAt time.Time // coupons that had expired by then are not among them
}

func newKnown() *known {
	return &known{
		seed: maphash.MakeSeed(),
		customers: otter.Must(&otter.Options[string, *knownFacts]{
			MaximumWeight: maxKnownBytes,
			Weigher: func(id string, k *knownFacts) uint32 {
				const customer, coupon = 256, 256                               // bytes, about
				return uint32(customer + len(id) + coupon*len(k.facts.Coupons)) // #nosec G115 -- at most 1,000 coupons
			},
		}),
	}
}

// trusted is whether all that others wrote until a moment ago is known.
func (k *known) trusted() bool {
	looked := k.looked.Load()
	return looked != nil && time.Since(*looked) < trustFor
}

func (k *known) stripe(customerID string) *stripe {
	return &k.stripes[maphash.String(k.seed, customerID)%uint64(len(k.stripes))]
}

// get is what is known of a customer at an instant.
func (k *known) get(customerID string, now time.Time) (Facts, bool) {
	if !k.trusted() {
		return Facts{}, false
	}
	kept, ok := k.customers.GetIfPresent(customerID)
	if !ok || now.Before(kept.readAt) {
		return Facts{}, false
	}
	return kept.facts.at(now), true
}

// generation is to be asked before reading what put will keep.
func (k *known) generation(customerID string) uint64 {
	s := k.stripe(customerID)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.generation
}

func (k *known) put(customerID string, generation uint64, facts Facts, now time.Time) {
	if !k.trusted() {
		return
	}
	s := k.stripe(customerID)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation == generation {
		k.customers.Set(customerID, &knownFacts{facts, now})
	}
}

// drop forgets customers, and what is being read of them.
func (k *known) drop(customerIDs []string) {
	for _, id := range customerIDs {
		s := k.stripe(id)
		s.mu.Lock()
		s.generation++
		k.customers.Invalidate(id)
		s.mu.Unlock()
	}
}

// clear forgets everybody.
func (k *known) clear() {
	for i := range k.stripes {
		s := &k.stripes[i]
		s.mu.Lock()
		s.generation++
		s.mu.Unlock()
	}
	k.customers.InvalidateAll()
}

// at leaves out coupons that have expired since or are held. Facts that are
// kept are never changed.
func (f Facts) at(now time.Time) Facts {
	all := f.Coupons
	for i := range all {
		if all[i].StatusAt(now) == StatusAvailable {
			continue
		}
		f.Coupons = make([]Coupon, 0, len(all))
		for j := range all {
			if all[j].StatusAt(now) == StatusAvailable {
				f.Coupons = append(f.Coupons, all[j])
			}
		}
		break
	}
	return f
}

// Watch looks for writes of others to the same ledger until ctx ends. Only
// while it does are customers' facts kept in memory.
func (b *Book) Watch(ctx context.Context) {
	var warming sync.WaitGroup
	defer warming.Wait()
	defer b.known.looked.Store(nil)
	warming.Go(func() { b.keepWarm(ctx) })
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		b.CatchUp(ctx)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// CatchUp looks once for writes of others and forgets what they may have made
// old: what was written before it is known after it. From then on customers'
// facts are kept in memory for a moment, so that whoever does not watch has to
// ask again.
func (b *Book) CatchUp(ctx context.Context) {
	b.foreign.Lock()
	defer b.foreign.Unlock()
	began := time.Now()
	now, err := b.store.ForeignWrites(ctx)
	if err != nil || !b.foreign.sure || now != b.foreign.mark {
		b.known.clear()
	}
	b.foreign.mark, b.foreign.sure = now, err == nil
	if err != nil {
		b.known.looked.Store(nil)
	} else {
		b.known.looked.Store(&began)
	}
}

// foreign is what the store said last of others' writes.
type foreign struct {
	sync.Mutex
	mark int64
	sure bool // it could be asked
}
