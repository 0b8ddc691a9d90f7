// A ledger file that was damaged by hand, in each way of testdata/harms.txt:
// the damage is named, and nothing else.
package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"scrip/engine/keys"
	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore/storetest"
)

// harm is a title, statements that break something, and the faults that an
// audit finds then, one to a line, after ">". <name> is the id of what
// [storetest.Live] calls so, (kind) that of an event.
type harm struct {
	title, sql string
	faults     []string
}

func readHarms(t *testing.T) (all []harm) {
	t.Helper()
	text, err := os.ReadFile("testdata/harms.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
		lines := strings.Split(block, "\n")
		h := harm{title: strings.TrimPrefix(lines[0], "# "), sql: lines[1]}
		for _, line := range lines[2:] {
			h.faults = append(h.faults, strings.TrimPrefix(line, "> "))
		}
		all = append(all, h)
	}
	return all
}

func TestDamageIsNamed(t *testing.T) {
	t.Parallel()
	whole := filepath.Join(t.TempDir(), "whole.db")
	s := open(t, whole)
	lived := storetest.Live(t, s)
	closing(t, s)
	file, err := os.ReadFile(whole)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range readHarms(t) {
		path := filepath.Join(t.TempDir(), "scrip.db")
		if err := os.WriteFile(path, file, 0o600); err != nil {
			t.Fatal(err)
		}
		events := damage(t, path, h.sql, lived.IDs)
		s := open(t, path)
		var got []string
		for _, fault := range lived.Faults(s) {
			got = append(got, events.Replace(fault))
		}
		closing(t, s)
		if slices.Sort(got); !slices.Equal(got, h.faults) {
			t.Errorf("# %s\n%s\n> %s\nwant\n> %s", h.title, h.sql, strings.Join(got, "\n> "), strings.Join(h.faults, "\n> "))
		}
	}
}

// damage runs statements past everything that refuses them, and tells how
// events are called.
func damage(t *testing.T, path, statements string, ids map[string]string) *strings.Replacer {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	var names, events []string
	for name, id := range ids {
		names = append(names, "<"+name+">", id)
	}
	rows, err := db.QueryContext(t.Context(), `SELECT id, kind FROM events`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var id, kind string
		if err := rows.Scan(&id, &kind); err != nil {
			t.Fatal(err)
		}
		events = append(events, id, "("+kind+")")
	}
	err = errors.Join(rows.Err(), rows.Close())
	for _, statement := range []string{
		`PRAGMA ignore_check_constraints = ON`, `PRAGMA foreign_keys = OFF`, `DROP TRIGGER events_stay`, `DROP TRIGGER events_remain`, `DROP TRIGGER journal_stays`, `DROP TRIGGER journal_remains`,
		`DROP INDEX redemptions_live_order`, `DROP INDEX redemptions_live_coupon`, strings.NewReplacer(names...).Replace(statements),
	} {
		_, failed := db.ExecContext(t.Context(), statement)
		err = errors.Join(err, failed)
	}
	if err != nil {
		t.Fatalf("%s: %v", statements, err)
	}
	return strings.NewReplacer(events...)
}

// An audit sees one instant: what is written beside it is no fault.
func TestAnAuditBesideAWriterFindsNoFault(t *testing.T) {
	t.Parallel()
	s := opened(t)
	storetest.Live(t, s)
	master, err := keys.Parse("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")
	if err != nil {
		t.Fatal(err)
	}
	book, err := ledger.Open(t.Context(), s, master, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Write(t.Context(), func(tx ledger.Tx) error {
		_, err := tx.InsertCampaign(t.Context(), plainCampaign("many"))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		var err error
		for i := range 300 {
			_, _, failed := book.Do(t.Context(), ledger.Request{}, func(e *ledger.Entry) (ledger.Reply, error) {
				coupons, err := e.Issue("many", []string{fmt.Sprint(i)})
				if err == nil {
					_, err = e.Revoke(coupons[0].ID)
				}
				return ledger.Reply{}, err
			})
			err = errors.Join(err, failed)
		}
		done <- err
	}()
	for audits := 0; ; audits++ {
		faults, err := ledger.Verify(t.Context(), s)
		if err != nil || len(faults) > 0 {
			t.Errorf("%+v, %v", faults, err)
		}
		select {
		case err := <-done:
			if err != nil || audits == 0 {
				t.Errorf("%d audits beside the writer: %v", audits, err)
			}
			return
		default:
		}
	}
}
