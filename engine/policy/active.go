package policy

import (
	"context"
	"sync"
	"sync/atomic"
)

// Active holds the snapshot that is in force. Loading another swaps it in one
// step; one that is refused leaves the last good one in force.
type Active struct {
	load    func(context.Context) (*Snapshot, error)
	current atomic.Pointer[Snapshot]
	mu      sync.Mutex // one load at a time
	last    atomic.Pointer[error]
}

// Activate loads the first snapshot with load, which later reloads use too.
func Activate(ctx context.Context, load func(context.Context) (*Snapshot, error)) (*Active, error) {
	a := &Active{load: load}
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
func (a *Active) Reload(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	s, err := a.load(ctx)
	if err != nil {
		a.last.Store(&err)
		return err
	}
	a.last.Store(nil)
	if current := a.current.Load(); current == nil || current.Revision != s.Revision {
		a.current.Store(s)
	}
	return nil
}
