package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"scrip/engine/ledger"
)

// runner runs statements: on a pool, in a transaction, or prepared once.
type runner interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
}

// session tells the tables in SQL. It is the [ledger.Reader] of a store and,
// where it may write, the [ledger.Tx].
type session struct {
	on      runner
	speaks  *dialect
	patient bool // statements have as long as their caller
}

// bounded is the context for one statement. In a transaction of its own it is
// not the caller's, who may go away.
func (s *session) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if tx, ok := s.on.(*transaction); ok {
		ctx = tx.ctx
	}
	if s.patient || s.speaks.patience == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.speaks.patience)
}

// exec runs a statement and tells how many rows it changed.
func (s *session) exec(ctx context.Context, query string, args ...any) (int64, error) {
	ctx, done := s.bounded(ctx)
	defer done()
	result, err := s.on.ExecContext(ctx, s.speaks.statement(query), s.speaks.values(args)...)
	if err != nil {
		return 0, unavailable(err)
	}
	n, err := result.RowsAffected()
	return n, unavailable(err)
}

// won runs a conditional statement and tells whether it changed its row.
func (s *session) won(ctx context.Context, query string, args ...any) (bool, error) {
	n, err := s.exec(ctx, query, args...)
	return n > 0, err
}

// insert runs an INSERT of many rows, which are its last argument.
func (s *session) insert(ctx context.Context, query string, rows [][]any, args ...any) error {
	text, err := json.Marshal(rows)
	if err == nil {
		_, err = s.exec(ctx, query, append(args, string(text))...)
	}
	return err
}

// one reads the columns of a single row, or fails with [ledger.ErrNotFound].
func (s *session) one(ctx context.Context, query string, args []any, into ...any) error {
	found, err := list(ctx, s, func(row scanner) (struct{}, error) { return struct{}{}, row.Scan(into...) }, query, args...)
	if err == nil && len(found) == 0 {
		err = ledger.ErrNotFound
	}
	return err
}

// list reads all rows of a query with scan.
func list[T any](ctx context.Context, s *session, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	ctx, done := s.bounded(ctx)
	defer done()
	rows, err := s.on.QueryContext(ctx, s.speaks.statement(query), s.speaks.values(args)...)
	if err != nil {
		return nil, unavailable(err)
	}
	defer rows.Close() // rows.Err tells
	var items []T
	for rows.Next() {
		item, err := scan(rows)
		if err != nil {
			return nil, unavailable(err)
		}
		items = append(items, item)
	}
	return items, unavailable(rows.Err())
}

// probe writes a row that means nothing, to see whether any can be written.
func probe(tx ledger.Tx) error {
	_, err := tx.(*session).exec(context.Background(), `INSERT INTO meta (name, value) VALUES ('probe', ?)
		ON CONFLICT (name) DO UPDATE SET value = excluded.value`, rand.Text())
	return err
}

// scanner is a row to read columns from.
type scanner interface{ Scan(into ...any) error }

// unavailable marks a failure of the database as [ledger.ErrUnavailable], or a
// sync that failed as [ledger.ErrNotDurable].
func unavailable(err error) error {
	if err == nil || errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, ledger.ErrNotDurable) {
		return err
	}
	if isLostSync(err) {
		return notDurable(err)
	}
	return fmt.Errorf("%w: %w", ledger.ErrUnavailable, err)
}

// Columns: instants are microseconds; zero values of what may be absent are
// NULL.

func micros(t time.Time) int64 { return t.UnixMicro() }

func nullMicros(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMicro()
}

func instant(micros int64) time.Time { return time.UnixMicro(micros).UTC() }

func nullInstant(micros sql.NullInt64) time.Time {
	if !micros.Valid {
		return time.Time{}
	}
	return instant(micros.Int64)
}

func null[T comparable](value T) any {
	var zero T
	if value == zero {
		return nil
	}
	return value
}
