package cache

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"scrip/engine"
)

// Budget is how long one request waits for Redis in all. Then its own quote is
// the answer, and the write goes on behind it if it can.
const Budget = 20 * time.Millisecond

// tripTimeout bounds one round trip: a write may take longer than its request
// waits.
const tripTimeout = 5 * Budget

// startTimeout bounds what a start waits for a Redis that may not be there.
const startTimeout = time.Second

// keyFormat makes a Redis key: versioned, and with a hash tag, so that whatever
// else is ever kept about a quote lies beside it.
const keyFormat = "scrip:q1:{%s}"

// hurryAfter is how long a request waits behind others before it asks for a
// round trip beside theirs: longer than one usually takes nearby.
const hurryAfter = time.Millisecond

// errBudget means that a request's time for Redis is over.
var errBudget = errors.New("no answer within the budget")

// Redis keeps quotes in the memory of this process and, behind it, in a Redis
// that replicas share. It implements [engine.Quotes]: of several made at once,
// in whatever replica, the first that reaches Redis stays. A Redis that is slow,
// gone or poisoned costs at most [Budget], and soon nothing: then quotes are
// shared no more, but go on.
type Redis struct {
	near     *Memory
	client   redis.UniversalClient
	sealer   *sealer
	breaker  *breaker
	batches  *batcher
	counters *counters
	budget   time.Duration

	stopProbes context.CancelFunc
	probes     sync.WaitGroup
}

// OpenRedis connects to the Redis at an address, with near before it, which it
// closes at its end. Values are authenticated under secret, which replicas
// share. A Redis that does not answer yet is no error. Close it after use.
func OpenRedis(ctx context.Context, at Address, secret []byte, near *Memory, log *slog.Logger) *Redis {
	return openRedis(ctx, at, secret, near, log, pace{Budget, tripTimeout})
}

// pace is how long a request waits for Redis, and how long a round trip may
// take.
type pace struct{ budget, trip time.Duration }

func openRedis(ctx context.Context, at Address, secret []byte, near *Memory, log *slog.Logger, p pace) *Redis {
	redis.SetLogger(silent{}) // it would write to stderr; failures are counted and logged here
	probing, stop := context.WithCancel(context.WithoutCancel(ctx))
	r := &Redis{near: near, client: at.connect(), sealer: newSealer(secret), counters: &near.counters, budget: p.budget,
		breaker: newBreaker(p.budget, log.With("redis", at.String())), stopProbes: stop}
	r.batches = newBatcher(r.client, p.trip, r.breaker, r.counters)
	if err := r.ready(ctx); err != nil {
		r.breaker.trip(err)
	}
	r.probes.Go(func() { r.breaker.watch(probing, r.ready, r.ping) })
	return r
}

// ready makes sure of a connection: dialing and its greetings may take longer
// than a request's budget.
func (r *Redis) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	return r.client.Ping(ctx).Err()
}

func (r *Redis) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.budget)
	defer cancel()
	return r.client.Ping(ctx).Err()
}

// Known is the quote under a key, if this process remembers it and it lives.
func (r *Redis) Known(key string, now time.Time) (*engine.Quote, bool) { return r.near.Known(key, now) }

// Find is the quote under a key, from this process's memory or else from Redis.
func (r *Redis) Find(ctx context.Context, key string, now time.Time) (*engine.Quote, bool) {
	if q, ok := r.near.Known(key, now); ok {
		return q, true
	}
	name := redisKey(key)
	budget := newBudget(r.budget)
	defer budget.timer.Stop()
	answer := question{key: name}
	if err := r.ask(ctx, budget, &answer); err == nil {
		if q := r.standing(&answer, now); q != nil {
			r.counters.redisHits.Add(1)
			return r.near.settle(key, q), true
		}
	}
	r.counters.misses.Add(1)
	return nil, false
}

// Keep remembers a quote here and in Redis, unless one that lives is there
// already; it returns the one that stayed.
func (r *Redis) Keep(ctx context.Context, key string, q *engine.Quote, now time.Time) *engine.Quote {
	if known, ok := r.near.Known(key, now); ok {
		return known
	}
	if first := r.share(ctx, redisKey(key), q, now); first != nil {
		r.counters.redisHits.Add(1)
		return r.near.settle(key, first)
	}
	return r.near.Keep(ctx, key, q, now)
}

// share writes a quote to Redis and returns the one that stood there before
// it. It is nil when q is the first, and when Redis does not tell in time.
func (r *Redis) share(ctx context.Context, name string, q *engine.Quote, now time.Time) *engine.Quote {
	life := q.ExpiresAt.Sub(now)
	if life < time.Millisecond || !r.breaker.closed.Load() {
		if life >= time.Millisecond {
			r.counters.failed(kindOpen)
		}
		return nil
	}
	value, err := r.sealer.seal(name, q)
	if err != nil {
		r.counters.failed(kindOf(err))
		return nil
	}
	budget := newBudget(r.budget)
	defer budget.timer.Stop()
	first := question{key: name, value: value, life: life}
	if err := r.ask(ctx, budget, &first); err != nil {
		return nil
	}
	if first.late { // between our two commands
		first = question{key: name}
		if err := r.ask(ctx, budget, &first); err != nil {
			return nil
		}
	}
	if other := r.standing(&first, now); other != nil {
		return other
	}
	if first.unkept != nil || len(first.found) == 0 && !first.strange {
		return nil // it was not taken, or is gone at once: Redis is full
	}
	again := question{key: name, value: value, life: life, garbage: &first.found}
	if err := r.ask(ctx, budget, &again); err != nil || bytes.Equal(again.found, value) {
		return nil
	}
	return r.standing(&again, now) // somebody was faster
}

// standing is the quote that an answer holds, if it is authentic and lives.
func (r *Redis) standing(answer *question, now time.Time) *engine.Quote {
	if len(answer.found) == 0 && !answer.strange {
		return nil
	}
	q, err := r.sealer.open(answer.key, answer.found)
	if err != nil {
		r.counters.failed(kindOf(err))
		return nil
	}
	if !now.Before(q.ExpiresAt) {
		return nil
	}
	return q
}

// ask waits for an answer as long as the budget lasts. What is asked is asked
// to the end even so.
func (r *Redis) ask(ctx context.Context, b *budget, q *question) error {
	err := errOpen
	if r.breaker.closed.Load() {
		if err = r.batches.submit(q); err == nil {
			err = r.await(ctx, b, q)
		}
	}
	switch {
	case err != nil && ctx.Err() == nil:
		r.counters.failed(kindOf(err))
	case err == nil && q.unkept != nil:
		r.counters.failed(kindOf(q.unkept))
	}
	return err
}

func (r *Redis) await(ctx context.Context, b *budget, q *question) error {
	for {
		select {
		case <-q.done:
			return q.unheard
		case <-ctx.Done():
			return ctx.Err() // the client is gone
		case <-b.timer.C:
			if b.isOver() {
				return errBudget
			}
			r.batches.hurry()
		}
	}
}

// budget is a request's time for Redis. Its timer rings first when it is time
// to hurry, then at its end.
type budget struct {
	timer *time.Timer
	ends  time.Time
}

func newBudget(d time.Duration) *budget {
	return &budget{time.NewTimer(min(d, hurryAfter)), time.Now().Add(d)}
}

func (b *budget) isOver() bool {
	left := time.Until(b.ends)
	b.timer.Reset(max(left, 0))
	return left <= 0
}

// Stats are the counts since the start.
func (r *Redis) Stats() Stats {
	s := r.counters.stats()
	s.BreakerOpen = !r.breaker.closed.Load()
	return s
}

// Close writes what waits, then ends everything, near included.
func (r *Redis) Close() error {
	r.stopProbes()
	r.probes.Wait()
	r.batches.close()
	return errors.Join(r.client.Close(), r.near.Close())
}

func redisKey(key string) string { return fmt.Sprintf(keyFormat, key) }

// silent is a logger for go-redis.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
