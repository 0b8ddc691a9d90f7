// The Postgres store passes the suite of all stores; the rest of this file is
// about several stores on one database, as sidecars on several hosts have it.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore/pgtest"
	"scrip/engine/ledger/sqlstore/storetest"
	"scrip/engine/prove"
)

func openPostgres(t testing.TB, url string) *postgres {
	t.Helper()
	s, err := OpenPostgres(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*postgres)
}

// sharing opens stores on one new database and closes them after the test.
func sharing(t testing.TB, n int) []*postgres {
	t.Helper()
	url, stores := pgtest.Database(t), make([]*postgres, n)
	for i := range stores {
		s := openPostgres(t, url)
		t.Cleanup(func() { closing(t, s) })
		stores[i] = s
	}
	return stores
}

func TestPostgresStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) ledger.Store { return openPostgres(t, pgtest.Database(t)) })
}

func TestRacesBetweenPostgresStoresAreExact(t *testing.T) {
	t.Parallel()
	for range prove.Count(1, 20) {
		stores := sharing(t, 3)
		storetest.Race(t, stores[0], stores[1], stores[2])
	}
}

func TestSeveralOpenAFreshDatabaseAtOnce(t *testing.T) {
	t.Parallel()
	for range prove.Count(2, 40) {
		url := pgtest.Database(t)
		together(6, func(i int) {
			s, err := OpenPostgres(context.Background(), url)
			if err != nil {
				t.Errorf("opener %d: %v", i, err)
				return
			}
			if err := s.Ready(t.Context()); err != nil {
				t.Errorf("opener %d is not ready: %v", i, err)
			}
			closing(t, s)
		})
	}
}

// eventually waits until something holds, within reason.
func eventually(t *testing.T, holds func() bool) {
	t.Helper()
	deadline, poll := time.NewTimer(time.Minute), time.NewTicker(5*time.Millisecond)
	defer deadline.Stop()
	defer poll.Stop()
	for !holds() {
		select {
		case <-poll.C:
		case <-deadline.C:
			t.Fatal("it never came about")
		}
	}
}

// put writes a row in a transaction of its own.
func put(t *testing.T, s ledger.Store, name string) {
	t.Helper()
	if err := s.Write(t.Context(), putMeta(name)); err != nil {
		t.Error(err)
	}
}

func TestOnlyOthersWritesToPostgresAreForeign(t *testing.T) {
	t.Parallel()
	stores := sharing(t, 2)
	mark := func() int64 {
		t.Helper()
		n, err := stores[0].ForeignWrites(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	start := mark()
	together(64, func(i int) { put(t, stores[0], fmt.Sprint("own ", i)) })
	if mark() != start {
		t.Error("own writes are foreign")
	}
	for i := range 3 {
		before := mark()
		if err := stores[1].Write(t.Context(), func(tx ledger.Tx) error {
			if err := putMeta(fmt.Sprint("other ", i))(tx); err != nil {
				return err
			}
			if mark() != before {
				t.Error("noticed before it can be read")
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if mark() == before {
			t.Errorf("write %d of another store went unnoticed", i)
		}
	}
	before := mark()
	_ = stores[1].Write(t.Context(), func(tx ledger.Tx) error { return errors.Join(putMeta("refused")(tx), errRefused) })
	_ = stores[1].Write(t.Context(), func(tx ledger.Tx) error { _, err := tx.Meta(t.Context(), "name"); return err })
	if mark() != before {
		t.Error("what wrote nothing was noticed")
	}
}

// The counts of those who are no more are added up, and nobody's sum changes.
func TestCountsOfOldWritersAreKept(t *testing.T) {
	t.Parallel()
	stores := sharing(t, 3)
	together(8, func(i int) { put(t, stores[1], fmt.Sprint("one ", i)) })
	put(t, stores[2], "two")
	before, err := stores[0].ForeignWrites(t.Context())
	if err != nil || before < 9 {
		t.Fatalf("%d writes of others (%v), want 9", before, err)
	}
	for range 2 {
		if _, err := stores[0].exec(t.Context(), `UPDATE writers SET written_at = now() - interval '2 days' WHERE writer = ?`, stores[1].writer); err != nil {
			t.Fatal(err)
		}
		if _, err := stores[0].exec(t.Context(), foldWriters); err != nil {
			t.Fatal(err)
		}
		after, err := stores[0].ForeignWrites(t.Context())
		if err != nil || after != before {
			t.Errorf("%d writes of others (%v), want %d as before", after, err, before)
		}
		var rows int
		if err := stores[0].one(t.Context(), `SELECT count(*) FROM writers WHERE writer = ?`, []any{stores[1].writer}, &rows); err != nil || rows != 0 {
			t.Errorf("%d rows of one who is no more (%v)", rows, err)
		}
		put(t, stores[1], fmt.Sprint("again ", before)) // it was there after all
		before++
	}
}

// Who goes while the transaction runs is served to the end: the answer has to
// say what happened.
func TestWhoGoesMeanwhileIsServedByPostgresToo(t *testing.T) {
	t.Parallel()
	s := sharing(t, 1)[0]
	ctx, leave := context.WithCancel(t.Context())
	err := s.Write(ctx, func(tx ledger.Tx) error {
		leave()
		_, err := tx.PutMeta(ctx, "name", "value")
		return err
	})
	if _, missing := s.Meta(t.Context(), "name"); err != nil || missing != nil {
		t.Errorf("answered %v, and reading it: %v", err, missing)
	}
}

// A transaction that ends its goroutine leaves its place to others, as one that
// panics does.
func TestATransactionThatEndsItsGoroutineLeavesItsPlace(t *testing.T) {
	t.Parallel()
	s := openPostgres(t, with(pgtest.Database(t), "pool_max_conns", "2"))
	defer closing(t, s)
	for i := range 3 {
		together(1, func(int) {
			_ = s.Write(t.Context(), func(tx ledger.Tx) error {
				_ = putMeta("name")(tx)
				runtime.Goexit()
				return nil
			})
		})
		put(t, s, fmt.Sprint(i))
	}
	if _, err := s.Meta(t.Context(), "name"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("it was written: %v", err)
	}
}
