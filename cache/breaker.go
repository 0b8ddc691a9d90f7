package cache

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
)

// When the breaker opens, and how it finds out that it may close.
const (
	failuresInARow = 3 // or
	failureShare   = 4 // one in four of at least
	fewest         = 20
	window         = 10 * time.Second

	probesToClose = 2
	probeEvery    = 100 * time.Millisecond // give or take a quarter
)

// errOpen means that Redis is left alone.
var errOpen = errors.New("the breaker is open")

// errSlow is a round trip that succeeded, but too late for who waited.
var errSlow = errors.New("slower than the budget")

// breaker keeps requests away from a Redis that does not answer, or too late.
// While it is open, nothing but its own probes touches Redis, one at a time; no
// request is ever the probe. It closes after some of them succeeded.
type breaker struct {
	gate   *gobreaker.CircuitBreaker[struct{}]
	closed atomic.Bool
	wake   chan struct{}
	budget time.Duration // what takes longer has failed
	log    *slog.Logger
	last   atomic.Pointer[error] // failure
}

func newBreaker(budget time.Duration, log *slog.Logger) *breaker {
	b := &breaker{wake: make(chan struct{}, 1), budget: budget, log: log}
	b.closed.Store(true)
	b.gate = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Interval:    window,
		Timeout:     probeEvery / 2, // half-open by the next probe
		MaxRequests: probesToClose,
		ReadyToTrip: func(c gobreaker.Counts) bool {
			return c.ConsecutiveFailures >= failuresInARow || c.Requests >= fewest && c.TotalFailures*failureShare >= c.Requests
		},
		OnStateChange: b.changed,
	})
	return b
}

func (b *breaker) changed(_ string, from, to gobreaker.State) {
	b.closed.Store(to == gobreaker.StateClosed)
	switch {
	case to == gobreaker.StateClosed:
		b.log.Info("Redis answers again; quotes are shared")
	case from == gobreaker.StateClosed:
		b.log.Warn("Redis does not answer in time; quotes go on without it", "error", *b.last.Load())
		select {
		case b.wake <- struct{}{}:
		default: // awake already
		}
	}
}

// run does one round trip, unless the breaker is open.
func (b *breaker) run(trip func() error) error {
	if !b.closed.Load() {
		return errOpen
	}
	_, err := b.gate.Execute(func() (struct{}, error) { return struct{}{}, b.timed(trip) })
	if errors.Is(err, gobreaker.ErrOpenState) || errors.Is(err, gobreaker.ErrTooManyRequests) {
		return errOpen
	}
	return err
}

// timed is a trip that fails when it takes longer than the budget.
func (b *breaker) timed(trip func() error) error {
	start := time.Now()
	err := trip()
	if err == nil && time.Since(start) > b.budget {
		err = errSlow
	}
	if err != nil {
		b.last.Store(&err)
	}
	return err
}

// trip opens the breaker for an error that was met outside it.
func (b *breaker) trip(err error) {
	for b.closed.Load() {
		_ = b.run(func() error { return err })
	}
}

// watch probes while the breaker is open, until ctx ends. ready makes a
// connection, ping is what is measured.
func (b *breaker) watch(ctx context.Context, ready, ping func(context.Context) error) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.wake:
		}
		for !b.closed.Load() {
			pause := probeEvery*3/4 + rand.N(probeEvery/2) // #nosec G404 -- replicas should not probe together
			select {
			case <-ctx.Done():
				return
			case <-time.After(pause):
			}
			_, _ = b.gate.Execute(func() (struct{}, error) {
				if err := ready(ctx); err != nil {
					return struct{}{}, err
				}
				return struct{}{}, b.timed(func() error { return ping(ctx) })
			})
		}
	}
}
