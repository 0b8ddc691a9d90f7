// Twins in Postgres: whoever comes with a key that another transaction has
// taken waits for its end, in any store, and not for ever (Contract §3).
package sqlstore

import (
	"errors"
	"sync"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore/pgtest"
)

// taking takes the key, tells so, waits to be let go on and saves a reply.
func taking(t *testing.T, took func(ok bool), then func() error) func(ledger.Tx) error {
	return func(tx ledger.Tx) error {
		ok, err := tx.TakeKey(t.Context(), "key", time.Unix(1, 0))
		if err != nil {
			return err
		}
		if took(ok); !ok {
			return errRefused
		}
		if err := then(); err != nil {
			return err
		}
		return tx.SaveReply(t.Context(), ledger.StoredReply{Key: "key", Fingerprint: []byte{1}, Response: []byte{2}, CreatedAt: time.Unix(1, 0)}, time.Unix(0, 0))
	}
}

func TestATwinWaitsForTheFirstToEnd(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end   error
		taken bool // by the first, for good
	}{
		"which books":      {nil, true},
		"which is refused": {errRefused, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stores := sharing(t, 2)
			began, end := make(chan struct{}), make(chan struct{})
			var all sync.WaitGroup
			all.Go(func() {
				err := stores[0].Write(t.Context(), taking(t, func(bool) { close(began) }, func() error { <-end; return test.end }))
				if !errors.Is(err, test.end) {
					t.Errorf("the first: %v", err)
				}
			})
			<-began
			all.Go(func() {
				free := false
				err := stores[1].Write(t.Context(), taking(t, func(ok bool) { free = ok }, func() error { return nil }))
				if free == test.taken || free != (err == nil) {
					t.Errorf("its twin took the key: %v, %v", free, err)
				}
			})
			eventually(t, func() bool {
				var waiting int
				err := stores[0].one(t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`, nil, &waiting)
				return err == nil && waiting == 1
			})
			if _, err := stores[1].Reply(t.Context(), "key"); !errors.Is(err, ledger.ErrNotFound) {
				t.Errorf("a reply that is not booked yet: %v", err)
			}
			close(end)
			all.Wait()
			if r, err := stores[0].Reply(t.Context(), "key"); err != nil || len(r.Response) == 0 {
				t.Errorf("the reply: %+v, %v", r, err)
			}
		})
	}
}

func TestATwinDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	first, hasty := openPostgres(t, url), openPostgres(t, with(url, "options", "-c lock_timeout=50ms"))
	t.Cleanup(func() { closing(t, first) })
	t.Cleanup(func() { closing(t, hasty) })
	again := func() error {
		return hasty.Write(t.Context(), taking(t, func(bool) {}, func() error { return nil }))
	}
	if err := first.Write(t.Context(), taking(t, func(bool) {}, func() error {
		if err := again(); !errors.Is(err, ledger.ErrInFlight) {
			t.Errorf("a twin of one that does not end: %v", err)
		}
		if hasty.failed.Load() {
			t.Error("the server is blamed for the twin")
		}
		return errRefused
	})); !errors.Is(err, errRefused) {
		t.Error(err)
	}
	if err := again(); err != nil {
		t.Errorf("after its end: %v", err)
	}
}
