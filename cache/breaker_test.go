// When the breaker opens, and who may touch Redis until it closes.
package cache

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"scrip/cache/redistest"
)

// One failure in three is enough, though never several in a row.
func TestEveryThirdFailureOpensTheBreaker(t *testing.T) {
	t.Parallel()
	b := newBreaker(time.Hour, quiet)
	for i := range fewest * failureShare {
		_ = b.run(func() error {
			if i%3 == 0 {
				return errBusy
			}
			return nil
		})
	}
	if b.closed.Load() {
		t.Error("the breaker is closed")
	}
	seldom := newBreaker(time.Hour, quiet)
	for i := range fewest * failureShare {
		_ = seldom.run(func() error {
			if i%(2*failureShare) == failureShare {
				return errBusy
			}
			return nil
		})
	}
	if !seldom.closed.Load() {
		t.Error("one failure in eight opens the breaker")
	}
}

// While a probe is under way no request follows it, and one success is not enough.
func TestOnlyProbesTouchAnOpenBreakersRedis(t *testing.T) {
	t.Parallel()
	b := newBreaker(time.Hour, quiet)
	b.trip(errBusy)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	probing, answer := make(chan struct{}), make(chan error)
	ready := func(context.Context) error {
		probing <- struct{}{}
		return <-answer
	}
	var watch sync.WaitGroup
	watch.Go(func() { b.watch(ctx, ready, func(context.Context) error { return nil }) })
	for i, outcome := range []error{errBusy, nil, errBusy, nil, nil} {
		<-probing
		if err := b.run(func() error { return nil }); !errors.Is(err, errOpen) {
			stop()
			answer <- errBusy
			t.Fatalf("probe %d: a request gets %v", i, err)
		}
		answer <- outcome
	}
	redistest.Eventually(t, "the breaker closes", b.closed.Load)
	stop()
	watch.Wait()
}
