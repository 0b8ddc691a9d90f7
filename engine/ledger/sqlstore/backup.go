package sqlstore

// Backups of a SQLite ledger: a whole and sound copy in a new file, made while
// sidecars go on booking. A copy gets its name last, so that whatever has the
// name of a backup is one.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Errors of backups, for those who ask with errors.Is.
var (
	ErrExists  = errors.New("is there already; nothing is overwritten")
	ErrUnsound = errors.New("is not a sound ledger")
	ErrInUse   = errors.New("is in use by a sidecar")
)

// Backup copies the ledger file at path into a new file, readable by its owner
// only: what was committed when it began, in one instant's state. It waits for
// no writer and none waits for it. The copy is checked and on disk when it
// returns; it fails with [ErrExists] if there is anything at target, or what
// SQLite would take for a part of it.
func Backup(ctx context.Context, path, target string) error {
	if err := allAbsent(target); err != nil {
		return err
	}
	copied, err := draft(ctx, path, target)
	if err != nil {
		return err
	}
	return putAt(copied, target)
}

// draft makes the copy beside the place that it is for, checks it and brings it
// to disk.
func draft(ctx context.Context, path, target string) (name string, err error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s is not a file", path)
	}
	if err != nil {
		return "", err
	}
	file, err := os.CreateTemp(filepath.Dir(target), filepath.Base(target)+".draft-*") // 0600
	if err != nil {
		return "", err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name())
		}
	}()
	if err := file.Close(); err != nil {
		return "", err
	}
	if err := vacuumInto(ctx, path, file.Name()); err != nil {
		return "", err
	}
	if err := sound(ctx, file.Name()); err != nil {
		return "", err
	}
	return file.Name(), syncFile(file.Name())
}

// vacuumInto reads the ledger in one read transaction.
func vacuumInto(ctx context.Context, path, target string) (err error) {
	db, err := openDB(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(ctx, `VACUUM INTO ?`, target); err != nil {
		return fmt.Errorf("copy of %s: %w", path, err)
	}
	return nil
}

// sound opens a ledger file that nobody uses and reads all of it: every page,
// every index, every reference between rows.
func sound(ctx context.Context, path string) (err error) {
	db, err := openDB(path, "query_only(1)")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	for _, look := range []struct{ query, sound string }{
		{`SELECT count(*) > 0 FROM meta`, "1"}, // a ledger, and not another file or an empty one
		{`PRAGMA integrity_check(1)`, "ok"},
		{`SELECT count(*) FROM pragma_foreign_key_check`, "0"},
	} {
		var said string
		if err := db.QueryRowContext(ctx, look.query).Scan(&said); err != nil && !errors.Is(err, sql.ErrNoRows) {
			if ctx.Err() != nil {
				return err
			}
			return fmt.Errorf("%s %w: %w", path, ErrUnsound, err)
		}
		if said != look.sound {
			return fmt.Errorf("%s %w: %s answers %s", path, ErrUnsound, look.query, said)
		}
	}
	return nil
}

// absent fails with [ErrExists] if there is anything of that name.
func absent(path string) error {
	_, err := os.Lstat(path)
	switch {
	case err == nil:
		return fmt.Errorf("%s %w", path, ErrExists)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	}
	return err
}

// putAt gives a draft its name, which must be free: the name is taken first,
// so that of two who want it one gets it. A draft that finds no place is gone.
func putAt(draft, target string) (err error) {
	defer func() {
		if err != nil {
			_ = os.Remove(draft)
		}
	}()
	claim, err := os.OpenFile(target, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s %w", target, ErrExists)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(claim.Close(), os.Rename(draft, target)); err != nil {
		return errors.Join(err, os.Remove(target))
	}
	return syncFile(filepath.Dir(target))
}

// syncFile brings a file, or the names in a folder, to disk.
func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(notDurable(file.Sync()), file.Close())
}
