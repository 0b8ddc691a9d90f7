package policy

import (
	"context"
	"fmt"
	"sync/atomic"
)

// Active holds the snapshot that is in force. Loading another swaps it in one
// step; one that is refused leaves the last good one in force.
type Active struct {
	load    func(context.Context) (*Snapshot, error)
	current atomic.Pointer[Snapshot]
	last    atomic.Pointer[error]
	loading chan struct{} // holds one token while a load runs
}

// Activate loads the first snapshot with load, which later reloads use too.
func Activate(ctx context.Context, load func(context.Context) (*Snapshot, error)) (*Active, error) {
	a := &Active{load: load, loading: make(chan struct{}, 1)}
	return a, a.Reload(ctx)
}

// Current is the snapshot in force.
func (a *Active) Current() *Snapshot { return a.current.Load() }

// LastError is why the last load failed, nil if it did not.
func (a *Active) LastError() error {
	if err := a.last.Load(); err != nil {
		return *err
	}
	return nil
}

// Reload loads the policies again. A failure, usually a [*RefusedError], is
// returned and remembered; content that is in force already is left alone.
//
// Policies can keep OPA's type checker busy for longer than anybody waits.
// Such a load goes on alone: Reload returns when ctx ends, and so do others
// that ask meanwhile.
func (a *Active) Reload(ctx context.Context) error {
	select {
	case a.loading <- struct{}{}:
	case <-ctx.Done():
		return fmt.Errorf("another load of the policies is still under way: %w", ctx.Err())
	}
	done := make(chan error, 1)
	go func() {
		err := a.swap(context.WithoutCancel(ctx))
		<-a.loading
		done <- err
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("the policies are still being checked: %w", ctx.Err())
	}
}

func (a *Active) swap(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the policies cannot be checked: panic: %v", p)
		}
		if err != nil {
			a.last.Store(&err)
		}
	}()
	s, err := a.load(ctx)
	if err != nil {
		return err
	}
	a.last.Store(nil)
	if current := a.current.Load(); current == nil || current.Revision != s.Revision {
		a.current.Store(s)
	}
	return nil
}
