package sqlstore

// Restoring is a backup the other way round, into a place that nobody uses.

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	codes "modernc.org/sqlite/lib"
)

// besides are the endings of a ledger's files: SQLite takes what is beside a
// ledger for a part of it, so they move together.
var besides = []string{"", "-wal", "-shm", "-journal"}

// Restore makes the ledger at path from a backup, which it checks first and
// does not change. If a ledger is at path it fails with [ErrExists], unless
// aside is set: then that one is kept under the name that it returns, with an
// error too if there is one after that. One that a sidecar uses is never
// replaced: [ErrInUse].
func Restore(ctx context.Context, backup, path string, aside bool, now time.Time) (kept string, err error) {
	if err := sound(ctx, backup); err != nil {
		return "", err
	}
	if err := allAbsent(path); err != nil {
		if !errors.Is(err, ErrExists) || !aside {
			return "", err
		}
		kept = path + ".before-" + now.UTC().Format("20060102T150405.000000000Z")
	}
	if err := unused(ctx, path); err != nil {
		return "", err
	}
	copied, err := draft(ctx, backup, path) // whole before anything moves
	if err != nil {
		return "", err
	}
	if kept != "" {
		if err := unused(ctx, path); err != nil { // one may have been started meanwhile: a copy takes its time
			return "", errors.Join(err, os.Remove(copied))
		}
		if err := setAside(path, kept); err != nil {
			return "", errors.Join(err, os.Remove(copied))
		}
	}
	return kept, putAt(copied, path)
}

func allAbsent(path string) error {
	for _, ending := range besides {
		if err := absent(path + ending); err != nil {
			return err
		}
	}
	return nil
}

// setAside renames a ledger's files, the one that makes it a ledger last: a
// sidecar that is started in between finds all of it or nothing.
func setAside(path, kept string) error {
	if err := allAbsent(kept); err != nil {
		return err
	}
	for i := len(besides) - 1; i >= 0; i-- {
		if err := os.Rename(path+besides[i], kept+besides[i]); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// unused fails with [ErrInUse] if another connection has the ledger open: only
// the last one may leave write-ahead mode. Leaving it also moves into the file
// what was in the log beside it. A file that is no ledger any more is nobody's;
// one that cannot be reached may be somebody's.
func unused(ctx context.Context, path string) (err error) {
	if absent(path) == nil {
		return nil
	}
	db, err := openDB(path, "busy_timeout(0)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	var mode string
	err = db.QueryRowContext(ctx, `PRAGMA journal_mode = DELETE`).Scan(&mode)
	switch codeOf(err) {
	case codes.SQLITE_BUSY:
		return fmt.Errorf("%s %w", path, ErrInUse)
	case codes.SQLITE_CORRUPT, codes.SQLITE_NOTADB, codes.SQLITE_ERROR: // the last is of a format that SQLite does not know
		return nil
	}
	if err != nil {
		return fmt.Errorf("whether a sidecar has %s open cannot be told: %w", path, err)
	}
	return nil
}
