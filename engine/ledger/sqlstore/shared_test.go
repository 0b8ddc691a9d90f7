// Two stores on one file, as two processes have it: races stay exact, and
// whoever finds the file busy waits.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore/storetest"
	"scrip/engine/prove"
)

// together runs fn n times at once and waits for all.
func together(n int, fn func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	all.Wait()
}

func TestRacesBetweenStoresAreExact(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scrip.db")
	first, second := open(t, path), open(t, path)
	defer closing(t, first)
	defer closing(t, second)
	storetest.Race(t, first, second)
}

// A fresh file may be opened by several processes at once.
func TestSeveralOpenAFreshFileAtOnce(t *testing.T) {
	t.Parallel()
	for range prove.Count(6, 40) {
		path := filepath.Join(t.TempDir(), "scrip.db")
		var stores [4]ledger.Store
		together(len(stores), func(i int) {
			var err error
			if stores[i], err = OpenSQLite(context.Background(), path); err != nil {
				t.Errorf("opener %d: %v", i, err)
			}
		})
		for i, s := range stores {
			if s == nil {
				continue
			}
			if err := s.Ready(t.Context()); err != nil {
				t.Errorf("opener %d is not ready: %v", i, err)
			}
			closing(t, s)
		}
	}
}

func TestTheSecondWriterWaitsForTheFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scrip.db")
	first, second := open(t, path), open(t, path)
	defer closing(t, first)
	defer closing(t, second)
	entered, release := make(chan struct{}), make(chan struct{})
	var all sync.WaitGroup
	all.Go(func() {
		if err := first.Write(t.Context(), func(tx ledger.Tx) error {
			close(entered)
			<-release
			_, err := tx.PutMeta(t.Context(), "name", "first")
			return err
		}); err != nil {
			t.Errorf("first: %v", err)
		}
	})
	<-entered
	all.Go(func() {
		err := second.Write(t.Context(), func(tx ledger.Tx) error {
			ok, err := tx.PutMeta(t.Context(), "name", "second")
			if ok {
				t.Error("the second did not see what the first wrote")
			}
			return err
		})
		if err != nil {
			t.Errorf("second: %v", err)
		}
	})
	if _, err := second.Meta(t.Context(), "name"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("a reader beside the writer: %v", err)
	}
	close(release)
	all.Wait()
}

// A file that stays busy is unavailable, and only as long as it is busy.
func TestABusyFileIsUnavailable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scrip.db")
	first, second := open(t, path), open(t, path)
	defer closing(t, first)
	defer closing(t, second)
	put := func(i int) error {
		return second.Write(t.Context(), func(tx ledger.Tx) error {
			_, err := tx.PutMeta(t.Context(), fmt.Sprint(i), "value")
			return err
		})
	}
	second.writer.patience = 0 // with the other one: this test has no clock
	err := first.Write(t.Context(), func(ledger.Tx) error {
		if err := put(1); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("a write to a busy file: %v", err)
		}
		gone, leave := context.WithCancel(t.Context())
		leave()
		for range 20 { // whether they were taken into the queue or not
			if err := second.Write(gone, putMeta("gone")); !errors.Is(err, context.Canceled) {
				t.Errorf("one who has gone waits for the file: %v", err)
			}
		}
		if _, err := second.Holdings(t.Context(), []string{"c"}, time.Unix(0, 0)); err != nil {
			t.Errorf("a read of a busy file: %v", err)
		}
		if err := second.Ready(t.Context()); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("ready while nothing can be written: %v", err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := put(2); err != nil {
		t.Errorf("a write to the file that is free again: %v", err)
	}
	if n := count(t, second, `SELECT count(*) FROM meta`); n != 1 {
		t.Errorf("%d rows, want the one that was acknowledged", n)
	}
}

func TestOnlyOthersWritesAreForeign(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scrip.db")
	first, second := open(t, path), open(t, path)
	defer closing(t, second)
	mark := func() int64 {
		t.Helper()
		n, err := first.ForeignWrites(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	put := func(s ledger.Store, name string) {
		t.Helper()
		if err := s.Write(t.Context(), func(tx ledger.Tx) error {
			_, err := tx.PutMeta(t.Context(), name, "value")
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	start := mark()
	put(first, "own")
	if mark() != start {
		t.Error("an own write is foreign")
	}
	for i := range 3 {
		before := mark()
		put(second, fmt.Sprint("other", i))
		if mark() == before {
			t.Errorf("write %d of another store went unnoticed", i)
		}
		if after := mark(); mark() != after {
			t.Error("noticed twice")
		}
	}
	closing(t, first)
	if _, err := first.ForeignWrites(t.Context()); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("a closed store: %v", err)
	}
}
