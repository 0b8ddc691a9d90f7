// Whoever examines a ledger leaves it as it is, and is told of tables that are
// not this program's.
package sqlstore

import (
	"bytes"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore/pgtest"
	"scrip/engine/ledger/sqlstore/storetest"
)

// examined expects a sound ledger, or to be refused with these words.
func examined(t *testing.T, e *Examined, err error, refusal string) {
	t.Helper()
	if refusal != "" {
		if err == nil || !strings.Contains(err.Error(), refusal) {
			t.Errorf("want %q, got %v", refusal, err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	faults, err := ledger.Verify(t.Context(), e)
	if err = errors.Join(err, e.Close()); err != nil || len(faults) > 0 {
		t.Errorf("%+v, %v", faults, err)
	}
}

// migration says that the last migration was another one.
func migration(t *testing.T, db *sql.DB, statement string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

const (
	without = `DELETE FROM goose_db_version WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`
	beyond  = `UPDATE goose_db_version SET version_id = 1000 WHERE version_id = (SELECT max(version_id) FROM goose_db_version)`
)

func TestABackupIsExaminedAndStaysAsItIs(t *testing.T) {
	t.Parallel()
	path, backup := inFolder(t, "scrip.db"), inFolder(t, "b.db")
	s := open(t, path)
	storetest.Live(t, s)
	e, err := ExamineSQLite(t.Context(), path)
	examined(t, e, err, "") // beside the one who writes
	closing(t, s)
	if err := Backup(t.Context(), path, backup); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(backup)
	e, err = ExamineSQLite(t.Context(), backup)
	examined(t, e, err, "")
	if after, _ := os.ReadFile(backup); !bytes.Equal(before, after) {
		t.Error("it has changed")
	}
	only(t, filepath.Dir(backup), "b.db")
}

func TestTablesOfAnotherVersionAreNotExamined(t *testing.T) {
	t.Parallel()
	for change, refusal := range map[string]string{without: "older scrip", beyond: "newer scrip"} {
		path, url := inFolder(t, "scrip.db"), pgtest.Database(t)
		closing(t, open(t, path))
		db, err := openDB(path)
		if err != nil {
			t.Fatal(err)
		}
		migration(t, db, change)
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		before, _ := os.ReadFile(path)
		e, err := ExamineSQLite(t.Context(), path)
		examined(t, e, err, refusal)
		if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
			t.Errorf("%s: it has changed", refusal)
		}
		s := openPostgres(t, url)
		migration(t, s.db.DB, change)
		e, err = ExaminePostgres(t.Context(), url)
		examined(t, e, err, refusal)
		closing(t, s)
	}
}

// An older sidecar would write rows that lack what a newer one counts on.
func TestTablesOfANewerVersionAreNotOpened(t *testing.T) {
	t.Parallel()
	path, url := inFolder(t, "scrip.db"), pgtest.Database(t)
	closing(t, open(t, path))
	db, err := openDB(path)
	if err != nil {
		t.Fatal(err)
	}
	migration(t, db, beyond)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if s, err := OpenSQLite(t.Context(), path); !errors.Is(err, errNewer) || !strings.Contains(err.Error(), "migration 1000") {
		t.Errorf("%v, %v", s, err)
	}
	s := openPostgres(t, url)
	migration(t, s.db.DB, beyond)
	refused(t, url, "newer scrip", "migration 1000")
	closing(t, s)
}

// What only reads is asked of a standby, so that the primary has its peace.
func TestAStandbyIsExamined(t *testing.T) {
	t.Parallel()
	own := server(t)
	url := own.Database(t)
	s := openPostgres(t, url)
	storetest.Live(t, s)
	closing(t, s)
	if err := own.Standby(); err != nil {
		t.Fatal(err)
	}
	refused(t, url, "is this a standby?")
	e, err := ExaminePostgres(t.Context(), url)
	examined(t, e, err, "")
}

func TestADatabaseIsExaminedAndStaysAsItIs(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t)
	e, err := ExaminePostgres(t.Context(), url)
	examined(t, e, err, "goose_db_version")
	config, _, err := parseURL(url)
	if err != nil {
		t.Fatal(err)
	}
	db := openPool(config, 1)
	defer func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	}()
	empty := &session{on: db, speaks: speaksPostgres}
	if made := rowsOf(t, empty, `SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'`); len(made) > 0 {
		t.Errorf("it made %v", made)
	}
	s := openPostgres(t, url)
	defer closing(t, s)
	storetest.Live(t, s)
	counts := `SELECT (SELECT count(*) FROM writers) || ' ' || (SELECT count(*) FROM meta) || ' ' || (SELECT sum(writes) FROM writers)`
	before := rowsOf(t, empty, counts)
	e, err = ExaminePostgres(t.Context(), url)
	examined(t, e, err, "")
	if after := rowsOf(t, empty, counts); after[0] != before[0] {
		t.Errorf("it wrote: %v, before %v", after, before)
	}
}

func TestADamagedFileIsExamined(t *testing.T) {
	t.Parallel()
	path := inFolder(t, "scrip.db")
	filled(t, path, "mine")
	indexed(t, path, "needle")
	file, err := os.ReadFile(path)
	if err == nil {
		err = os.WriteFile(path, bytes.Replace(file, []byte("needle"), []byte("noodle"), 1), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	e, err := ExamineSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	faults, err := ledger.Verify(t.Context(), e)
	if err = errors.Join(err, e.Close()); err != nil || len(faults) == 0 || faults[0].Table != "the file" {
		t.Errorf("%+v, %v", faults, err)
	}
}
