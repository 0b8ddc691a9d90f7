package sqlstore

// Examining is reading a ledger without being one of its sidecars: nothing is
// made, brought up to date or counted, and a backup stays as it is to the byte.

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"scrip/engine/ledger"
)

// Examined is a ledger that can be audited, and nothing else.
type Examined struct {
	db     *sql.DB
	speaks *dialect
	own    []check // of this kind of database
}

// ExamineSQLite opens a ledger file for [ledger.Verify].
func ExamineSQLite(ctx context.Context, path string) (*Examined, error) {
	if err := refuseNetwork(path); err != nil {
		return nil, err
	}
	db, err := openDB(path, "query_only(1)")
	if err != nil {
		return nil, err
	}
	return examine(ctx, "ledger file "+path, &Examined{db, speaksSQLite, fileChecks})
}

// ExaminePostgres opens the ledger in a Postgres database for [ledger.Verify]. A
// standby will do: that its server is one to write to is nobody's concern here.
func ExaminePostgres(ctx context.Context, url string) (*Examined, error) {
	config, _, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	return examine(ctx, "ledger database "+place(config), &Examined{db: poolOf(config, 1).DB, speaks: speaksPostgres})
}

// examine fails unless the tables are those that this program knows.
func examine(ctx context.Context, what string, e *Examined) (*Examined, error) {
	known, err := newestMigration()
	var has int64
	if err == nil {
		err = (&session{on: e.db, speaks: e.speaks}).one(ctx, `SELECT coalesce(max(version_id), 0) FROM goose_db_version`, nil, &has)
	}
	switch {
	case err != nil:
		err = fmt.Errorf("is it one? %w", err)
	case has < known:
		err = fmt.Errorf("its tables are of an older scrip (migration %d, this one's is %d): verify it with that one, or start a sidecar of this one on it first", has, known)
	case has > known:
		err = newer(has, known)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", what, err), e.Close())
	}
	return e, nil
}

// Audit is [ledger.Auditor]'s.
func (e *Examined) Audit(ctx context.Context, look func(ledger.Audited) []ledger.Fault) ([]ledger.Fault, error) {
	return audit(ctx, e.db, e.speaks, look, e.own...)
}

// Close ends its connections.
func (e *Examined) Close() error { return unavailable(e.db.Close()) }
