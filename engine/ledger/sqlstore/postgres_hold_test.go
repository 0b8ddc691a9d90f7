// Values that a transaction holds: others change them after its end, and it runs again where they were changed before.
package sqlstore

import (
	"context"
	"testing"
	"time"

	"scrip/engine/ledger"
)

func setMeta(t *testing.T, s ledger.Store, value string) error {
	return s.Write(t.Context(), func(tx ledger.Tx) error { return tx.SetMeta(t.Context(), "name", value) })
}

// awaitWaiting waits until somebody waits for a row, or was done without.
func awaitWaiting(t *testing.T, s ledger.Store, done chan error) {
	t.Helper()
	waiting := 0
	for end := time.Now().Add(30 * time.Second); waiting == 0 && len(done) == 0; time.Sleep(time.Millisecond) {
		row := s.(*postgres).db.QueryRowContext(context.Background(),
			`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)
		if err := row.Scan(&waiting); err != nil || time.Now().After(end) {
			t.Fatalf("nobody waits: %v", err)
		}
	}
	if len(done) > 0 {
		t.Error("a value was changed under its holder")
	}
}

// Whoever looks after the change sees what the holder wrote.
func TestAHeldValueIsChangedAfterItsHolder(t *testing.T) {
	t.Parallel()
	stores := sharing(t, 2)
	put(t, stores[1], "name")
	changed := make(chan error, 1)
	tries, err := beside(t, stores[0],
		func(tx ledger.Tx) error { _, err := tx.HoldMeta(t.Context(), "name"); return err },
		func() {
			go func() { changed <- setMeta(t, stores[1], "other") }()
			awaitWaiting(t, stores[1], changed)
		},
		func(tx ledger.Tx) error { _, err := tx.PutMeta(t.Context(), "trace", ""); return err })
	if other := <-changed; tries != 1 || err != nil || other != nil {
		t.Errorf("%d tries, %v, the other: %v", tries, err, other)
	}
	if value, err := stores[0].Meta(t.Context(), "name"); value != "other" || err != nil {
		t.Errorf("the value is %q: %v", value, err)
	}
}

func TestAValueThatWasChangedSinceIsNotHeld(t *testing.T) {
	t.Parallel()
	stores := sharing(t, 2)
	put(t, stores[1], "name")
	held := ""
	tries, err := beside(t, stores[0],
		func(tx ledger.Tx) error { _, err := tx.Meta(t.Context(), "name"); return err },
		func() {
			if err := setMeta(t, stores[1], "other"); err != nil {
				t.Error(err)
			}
		},
		func(tx ledger.Tx) (err error) { held, err = tx.HoldMeta(t.Context(), "name"); return err })
	if tries != 2 || err != nil || held != "other" {
		t.Errorf("%d tries, %q is held, %v", tries, held, err)
	}
}
