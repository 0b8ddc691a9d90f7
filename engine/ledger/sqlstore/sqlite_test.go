// The SQLite store passes the suite of all stores; the rest of this file is
// about the file itself: how it is opened, shared and closed.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore/storetest"
)

func open(t testing.TB, path string) *sqlite {
	t.Helper()
	s, err := OpenSQLite(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*sqlite)
}

// opened opens a new ledger and closes it after the test.
func opened(t testing.TB) *sqlite {
	t.Helper()
	s := open(t, filepath.Join(t.TempDir(), "scrip.db"))
	t.Cleanup(func() { closing(t, s) })
	return s
}

func closing(t testing.TB, s ledger.Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func TestStore(t *testing.T) {
	t.Parallel()
	var stores []*sqlite
	storetest.Run(t, func(t *testing.T) ledger.Store {
		s := open(t, filepath.Join(t.TempDir(), "scrip.db"))
		stores = append(stores, s)
		return s
	})
	checkPlans(t, stores)
}

// A path is only a path: whatever means something in a URL does not here.
func TestPathsAreTakenAsTheyAre(t *testing.T) {
	for _, name := range []string{"scrip.db", "a b", "100%", "a%20b", "a?b", "a#b", "a&b=c", "ä", "file:x", ":memory:", "a'b"} {
		path := filepath.Join(t.TempDir(), name)
		closing(t, open(t, path))
		if info, err := os.Stat(path); err != nil || info.Size() == 0 {
			t.Errorf("the ledger %q is not where it should be: %v", name, err)
		}
	}
}

func TestTheFilesAreTheirOwnersOnly(t *testing.T) {
	s := opened(t)
	if err := s.Write(t.Context(), putMeta("name")); err != nil {
		t.Fatal(err)
	}
	var path string
	if err := s.reading.QueryRowContext(t.Context(), `SELECT file FROM pragma_database_list`).Scan(&path); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if info, err := os.Stat(path + suffix); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s%s: %v (%v)", path, suffix, info.Mode(), err)
		}
	}
}

func TestWhatWasWrittenIsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scrip.db")
	for i := range 3 {
		s := open(t, path)
		err := s.Write(t.Context(), func(tx ledger.Tx) error {
			_, err := tx.PutMeta(t.Context(), fmt.Sprint(i), "kept")
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for j := range i + 1 {
			if got, err := s.Meta(t.Context(), fmt.Sprint(j)); err != nil || got != "kept" {
				t.Errorf("opened %d times, value %d is %q (%v)", i+1, j, got, err)
			}
		}
		closing(t, s)
	}
}

// Everything acknowledged before Close is there afterwards, and nothing that
// was answered with an error.
func TestCloseUnderLoadKeepsWhatWasAcknowledged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scrip.db")
	s := open(t, path)
	acknowledged := make([]bool, 200)
	var all sync.WaitGroup
	begun := make(chan struct{}, len(acknowledged))
	for i := range acknowledged {
		all.Go(func() {
			err := s.Write(t.Context(), func(tx ledger.Tx) error {
				begun <- struct{}{}
				_, err := tx.PutMeta(t.Context(), fmt.Sprint(i), "kept")
				return err
			})
			if err != nil && !errors.Is(err, ledger.ErrUnavailable) {
				t.Errorf("write %d: %v", i, err)
			}
			acknowledged[i] = err == nil
		})
	}
	<-begun
	closing(t, s)
	all.Wait()
	s = open(t, path)
	defer closing(t, s)
	for i, want := range acknowledged {
		if _, err := s.Meta(t.Context(), fmt.Sprint(i)); (err == nil) != want {
			t.Errorf("write %d: acknowledged %v, read: %v", i, want, err)
		}
	}
}

func TestWhatIsNoLedgerIsNotOpened(t *testing.T) {
	folder := t.TempDir()
	garbage := filepath.Join(folder, "garbage")
	if err := os.WriteFile(garbage, []byte(strings.Repeat("not a database ", 1_000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"a folder":            folder,
		"in a missing folder": filepath.Join(folder, "missing", "scrip.db"),
		"another file":        garbage,
	} {
		s, err := OpenSQLite(t.Context(), path)
		if err == nil {
			closing(t, s)
			t.Errorf("%s was opened", name)
		} else if !errors.Is(err, ledger.ErrUnavailable) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: error %v, want ErrUnavailable and the path", name, err)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := OpenSQLite(gone, filepath.Join(folder, "scrip.db")); err == nil {
		t.Error("a ledger was opened for one who has gone")
	}
}

func TestPragmas(t *testing.T) {
	s := opened(t)
	want := map[string]string{"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "busy_timeout": "0", "query_only": "0"}
	err := s.Write(t.Context(), func(tx ledger.Tx) error {
		for name, value := range want {
			var got string
			if err := tx.(*session).one(t.Context(), "PRAGMA "+name, nil, &got); err != nil || got != value {
				t.Errorf("writing, %s is %q (%v), want %q", name, got, err, value)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want["query_only"], want["busy_timeout"] = "1", "5000"
	delete(want, "foreign_keys") // matters to writes only
	var held []*sql.Conn
	for i := range readers { // all at once, so that each is another connection
		conn, err := s.reading.Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		held = append(held, conn)
		for name, value := range want {
			var got string
			if err := conn.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&got); err != nil || got != value {
				t.Errorf("reader %d: %s is %q (%v), want %q", i, name, got, err, value)
			}
		}
	}
	for _, conn := range held {
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestReadersCannotWrite(t *testing.T) {
	s := opened(t)
	if _, err := s.PutMeta(t.Context(), "name", "value"); !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("a write through a reader: %v", err)
	}
}

// The tables refuse by themselves what the rules of the books never do.
func TestTablesRefuseWhatCannotBe(t *testing.T) {
	s := opened(t)
	five := func(id string) ledger.Campaign { return plainCampaign(id) }
	for name, step := range map[string]func(ledger.Tx) error{
		"a coupon of no campaign": func(tx ledger.Tx) error {
			return tx.InsertCoupons(t.Context(), []ledger.Coupon{{ID: "x", CampaignID: "none", CustomerID: "ann", State: ledger.Issued}}, false)
		},
		"a share of no campaign": func(tx ledger.Tx) error {
			_, err := tx.TakeShares(t.Context(), "none", []string{"ann"}, 1)
			return err
		},
		"a coupon in no known state": func(tx ledger.Tx) error {
			_, err := tx.InsertCampaign(t.Context(), five("c"))
			return errors.Join(err, tx.InsertCoupons(t.Context(), []ledger.Coupon{{ID: "x", CampaignID: "c", CustomerID: "ann", State: "lost"}}, false))
		},
		"a campaign without discount": func(tx ledger.Tx) error {
			c := five("c")
			c.Terms = ledger.Terms{}
			_, err := tx.InsertCampaign(t.Context(), c)
			return err
		},
		"a campaign with two discounts": func(tx ledger.Tx) error {
			c := five("c")
			c.Terms.Amount = 1
			_, err := tx.InsertCampaign(t.Context(), c)
			return err
		},
		"more issued than there are": func(tx ledger.Tx) error {
			c := five("c")
			c.Quantity, c.Issued = 1, 2
			_, err := tx.InsertCampaign(t.Context(), c)
			return err
		},
		"nothing for a customer": func(tx ledger.Tx) error {
			c := five("c")
			c.PerCustomer = 0
			_, err := tx.InsertCampaign(t.Context(), c)
			return err
		},
	} {
		if err := s.Write(t.Context(), step); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := count(t, s, `SELECT (SELECT count(*) FROM campaigns) + (SELECT count(*) FROM coupons)`); n != 0 {
		t.Errorf("%d rows were written", n)
	}
}

func plainCampaign(id string) ledger.Campaign {
	c := ledger.WelcomeCampaign(ledger.Campaign{}.CreatedAt)
	c.ID = id
	return c
}

// count reads one number past the store.
func count(t testing.TB, s *sqlite, query string, args ...any) (n int64) {
	t.Helper()
	if err := s.reading.QueryRowContext(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

// A row that no version of the program can have written is an error, not a
// campaign with other terms.
func TestUnreadableRowsAreErrors(t *testing.T) {
	for column, value := range map[string]string{"percent": "a lot", "currency": "XXX", "valid_for": "long"} {
		s := opened(t)
		err := s.Write(t.Context(), func(tx ledger.Tx) error {
			_, err1 := tx.InsertCampaign(t.Context(), plainCampaign("c"))
			_, err2 := tx.(*session).exec(t.Context(), `UPDATE campaigns SET `+column+` = ?`, value)
			return errors.Join(err1, err2)
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Campaign(t.Context(), "c"); !errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, ledger.ErrNotFound) {
			t.Errorf("%s %q: %v", column, value, err)
		}
		if _, err := s.Campaigns(t.Context(), ledger.Page{Limit: 1}); !errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("a list with %s %q: %v", column, value, err)
		}
	}
}
