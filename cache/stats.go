package cache

import (
	"context"
	"errors"
	"sync/atomic"
)

// Stats are counts since the start. Each quote that was looked for counts once,
// in NearHits, RedisHits or Misses.
type Stats struct {
	NearHits    uint64            // found in the memory of this process
	RedisHits   uint64            // found in Redis
	Misses      uint64            // made anew, or not found at all
	Errors      map[string]uint64 // what went wrong with Redis, by kind
	BreakerOpen bool              // Redis is left alone
	BatchSizes  []uint64          // round trips to Redis, by how many quotes they were about
}

// Kinds of errors. None of them fails a quote.
const (
	kindTimeout     = "timeout"     // the budget of a request ran out
	kindUnavailable = "unavailable" // no answer from Redis
	kindRefused     = "refused"     // Redis answers with an error
	kindGarbage     = "garbage"     // a value that is no quote of ours
	kindTooLarge    = "too_large"   // a quote that is not shared
	kindBusy        = "busy"        // too much waits for Redis already
	kindOpen        = "open"        // the breaker is open, Redis was not asked
)

var kinds = [...]string{kindTimeout, kindUnavailable, kindRefused, kindGarbage, kindTooLarge, kindBusy, kindOpen}

// counters are the living Stats.
type counters struct {
	nearHits, redisHits, misses atomic.Uint64
	errors                      [len(kinds)]atomic.Uint64
	batches                     [maxBatch + 1]atomic.Uint64
}

func (c *counters) failed(kind string) {
	for i := range kinds {
		if kinds[i] == kind {
			c.errors[i].Add(1)
		}
	}
}

func (c *counters) stats() Stats {
	s := Stats{NearHits: c.nearHits.Load(), RedisHits: c.redisHits.Load(), Misses: c.misses.Load(),
		Errors: make(map[string]uint64, len(kinds)), BatchSizes: make([]uint64, len(c.batches))}
	for i, kind := range kinds {
		s.Errors[kind] = c.errors[i].Load()
	}
	for i := range c.batches {
		s.BatchSizes[i] = c.batches[i].Load()
	}
	return s
}

// kindOf tells the kind of an error.
func kindOf(err error) string {
	switch {
	case errors.Is(err, errOpen):
		return kindOpen
	case errors.Is(err, errBusy):
		return kindBusy
	case errors.Is(err, errGarbage):
		return kindGarbage
	case errors.Is(err, errTooLarge):
		return kindTooLarge
	case errors.Is(err, errBudget), errors.Is(err, context.DeadlineExceeded):
		return kindTimeout
	case isReply(err):
		return kindRefused
	}
	return kindUnavailable
}
