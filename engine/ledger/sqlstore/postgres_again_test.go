package sqlstore

import (
	"sync"
	"testing"

	"scrip/engine/ledger"
)

// TestAServerThatIsBackIsReadAndWrittenAtOnce: after a server has ended its
// connections, as one that stops does, the pool still has them, all dead and none
// known to be. Whatever is asked first finds a living one.
func TestAServerThatIsBackIsReadAndWrittenAtOnce(t *testing.T) {
	t.Parallel()
	s := server(t)
	store, err := OpenPostgres(t.Context(), s.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer closing(t, store)
	const writers = 8
	for range 2 { // a connection that was never used again is looked at first
		var all, begun sync.WaitGroup
		begun.Add(writers)
		for range writers { // all at the same time: each on a connection of its own
			all.Go(func() { reads(t, store, &begun) })
		}
		all.Wait()
	}
	s.Exec(t, `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'scrip'`)
	for range writers / 2 {
		if _, err := store.Blocked(t.Context(), "nobody"); err != nil {
			t.Errorf("a read after the server is back: %v", err)
		}
		err := store.Write(t.Context(), func(tx ledger.Tx) error { return tx.SetMeta(t.Context(), "back", "yes") })
		if err != nil {
			t.Errorf("a write after the server is back: %v", err)
		}
	}
}

// reads is a transaction that goes on when the others have begun too.
func reads(t *testing.T, store ledger.Store, begun *sync.WaitGroup) {
	var once sync.Once
	err := store.Write(t.Context(), func(tx ledger.Tx) error {
		once.Do(func() {
			begun.Done()
			begun.Wait()
		})
		_, err := tx.Blocked(t.Context(), "nobody")
		return err
	})
	if err != nil {
		t.Error(err)
	}
}
