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
	tallies tallies       // of the decisions, whatever the revision

	activated, unchanged, refused atomic.Uint64
}

// Reloads counts how loads of the policies ended, since the process started.
type Reloads struct {
	Activated uint64 // another revision came into force, the first one included
	Unchanged uint64 // it was in force already
	Refused   uint64 // it could not be read, or is not fit; the last good one stayed
}

// Activate loads the first snapshot with load, which later reloads use too.
func Activate(ctx context.Context, load func(context.Context) (*Snapshot, error)) (*Active, error) {
	a := &Active{load: load, loading: make(chan struct{}, 1), tallies: newTallies()}
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

// Reloads is how the loads so far ended.
func (a *Active) Reloads() Reloads {
	return Reloads{Activated: a.activated.Load(), Unchanged: a.unchanged.Load(), Refused: a.refused.Load()}
}

// Totals is what each decision was asked since the process started, over all
// revisions, by its name.
func (a *Active) Totals() map[string]Counts {
	totals := make(map[string]Counts, len(a.tallies))
	for name, t := range a.tallies {
		totals[name] = t.counts()
	}
	return totals
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
			a.refused.Add(1)
		}
	}()
	s, err := a.load(ctx)
	if err != nil {
		return err
	}
	a.last.Store(nil)
	if current := a.current.Load(); current != nil && current.Revision == s.Revision {
		a.unchanged.Add(1)
		return nil
	}
	s.countOn(a.tallies)
	a.current.Store(s)
	a.activated.Add(1)
	return nil
}
