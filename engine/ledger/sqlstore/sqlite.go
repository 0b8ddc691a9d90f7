package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver "sqlite"

	"scrip/engine/ledger"
)

// readers is how many connections read a SQLite file at once. Reads are short
// and never wait for the writer (WAL).
const readers = 4

// busyMillis is how long a statement waits for another process that has the
// same file to itself. Transactions wait for their turn in [writer.begin].
const busyMillis = 5_000

// sqlite is a store in one SQLite file.
type sqlite struct {
	*session // reads committed rows
	prepared *prepared
	reading  *sql.DB
	writing  *sql.DB
	writer   *writer
}

// OpenSQLite opens or creates a ledger file and brings its tables up to date.
// Commits are synced to disk before they count (WAL, synchronous=FULL). A file
// on a network file system is refused.
func OpenSQLite(ctx context.Context, path string) (ledger.Store, error) {
	return ServeSQLite(ctx, path, func(error) {})
}

// ServeSQLite opens a ledger file for a process that answers clients. lost is
// called once if a sync fails later, before anybody is answered: it should end
// the process. If it returns, every write fails with [ledger.ErrNotDurable]
// from then on.
func ServeSQLite(ctx context.Context, path string, lost func(error)) (ledger.Store, error) {
	if err := refuseNetwork(path); err != nil {
		return nil, err
	}
	if err := createPrivate(path); err != nil {
		return nil, err
	}
	writing, err := openDB(path, "synchronous(FULL)", "foreign_keys(1)", "journal_mode(WAL)", "wal_autocheckpoint(0)")
	if err != nil {
		return nil, err
	}
	writing.SetMaxOpenConns(1)
	s := &sqlite{writing: writing}
	if err := s.open(ctx, path, lost); err != nil {
		_ = s.Close() // the first error counts
		return nil, fmt.Errorf("ledger file %s: %w", path, err)
	}
	return s, nil
}

func (s *sqlite) open(ctx context.Context, path string, lost func(error)) (err error) {
	if err := migrateSQLite(ctx, s.writing); err != nil {
		return err
	}
	if err := s.settle(path); err != nil {
		return err
	}
	if s.reading, err = openDB(path, "query_only(1)"); err != nil {
		return err
	}
	s.reading.SetMaxOpenConns(readers)
	s.reading.SetMaxIdleConns(readers)
	s.prepared = newPrepared(s.reading, false)
	s.session = &session{on: s.prepared, speaks: speaksSQLite}
	conn, err := s.writing.Conn(ctx)
	if err != nil {
		return unavailable(err)
	}
	if _, err := conn.ExecContext(ctx, "PRAGMA busy_timeout = 0"); err != nil { // it waits by itself
		return errors.Join(unavailable(err), conn.Close())
	}
	s.writer = startWriter(conn, lost)
	return nil
}

// settle brings to disk what is read from now on, before anything is built on
// it: a process that ended with a failed sync leaves a log that the system's
// memory knows and the disk may not. And the names of the files: SQLite syncs
// their folder too, but does not tell if it fails.
func (s *sqlite) settle(path string) error {
	if err := (&session{on: s.writing, speaks: speaksSQLite}).checkpoint(0); err != nil {
		return err
	}
	return syncFile(filepath.Dir(path))
}

// createPrivate makes the file for its owner only; SQLite gives its own files
// beside it the same mode.
func createPrivate(path string) error {
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return unavailable(fmt.Errorf("ledger file %s: %w", path, err))
	}
	return file.Close()
}

func openDB(path string, pragmas ...string) (*sql.DB, error) {
	options := url.Values{"_pragma": append([]string{fmt.Sprintf("busy_timeout(%d)", busyMillis)}, pragmas...)}
	name := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: options.Encode()}
	db, err := sql.Open("sqlite", name.String())
	return db, unavailable(err)
}

// Write runs fn in one durable transaction, together with others that wait.
func (s *sqlite) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	return s.writer.write(ctx, fn)
}

// ForeignWrites counts commits of other connections, in a way.
func (s *sqlite) ForeignWrites(ctx context.Context) (int64, error) {
	return s.writer.foreignWrites(ctx)
}

// fileChecks are what an audit asks of the file itself.
var fileChecks = []check{{"the file", `SELECT '' AS id, integrity_check AS what FROM pragma_integrity_check WHERE integrity_check <> 'ok'`}}

// Audit checks the file itself too.
func (s *sqlite) Audit(ctx context.Context, look func(ledger.Audited) []ledger.Fault) ([]ledger.Fault, error) {
	return audit(ctx, s.reading, speaksSQLite, look, fileChecks...)
}

// Ready reads one row. After a transaction that failed it writes one too: a
// full disk reads well.
func (s *sqlite) Ready(ctx context.Context) error {
	var one int
	err := s.one(ctx, `SELECT count(*) FROM meta`, nil, &one)
	if err == nil && s.writer.failed.Load() {
		err = s.Write(ctx, probe)
	}
	return err
}

// Close ends the writer after what it has begun, then all connections.
func (s *sqlite) Close() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.reading != nil {
		errs = append(errs, s.prepared.close(), s.reading.Close())
	}
	errs = append(errs, s.writing.Close())
	return joinClosing(errs)
}
