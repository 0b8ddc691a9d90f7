package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"time"

	"scrip/engine/ledger"
)

// preparer is a connection or a pool of them.
type preparer interface {
	PrepareContext(ctx context.Context, query string) (*sql.Stmt, error)
}

// session runs statements, each prepared once. It is the [ledger.Reader] of a
// store and, on its writing connection, the [ledger.Tx].
type session struct {
	on         preparer
	whole      bool // statements run to their end even if the caller gives up: others share the transaction
	mu         sync.Mutex
	statements map[string]*sql.Stmt
}

func newSession(on preparer) *session {
	return &session{on: on, statements: make(map[string]*sql.Stmt)}
}

// prepare gives the statement and the context to run it in.
func (s *session) prepare(ctx context.Context, query string) (*sql.Stmt, context.Context, error) {
	if s.whole {
		ctx = context.WithoutCancel(ctx)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if stmt, ok := s.statements[query]; ok {
		return stmt, ctx, nil
	}
	stmt, err := s.on.PrepareContext(ctx, query)
	if err != nil {
		return nil, nil, unavailable(err)
	}
	s.statements[query] = stmt
	return stmt, ctx, nil
}

func (s *session) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var errs []error
	for _, stmt := range s.statements {
		errs = append(errs, stmt.Close())
	}
	return errors.Join(errs...)
}

// exec runs a statement and tells how many rows it changed.
func (s *session) exec(ctx context.Context, query string, args ...any) (int64, error) {
	stmt, ctx, err := s.prepare(ctx, query)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
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

// one reads the columns of a single row, or fails with [ledger.ErrNotFound].
func (s *session) one(ctx context.Context, query string, args []any, into ...any) error {
	stmt, ctx, err := s.prepare(ctx, query)
	if err != nil {
		return err
	}
	err = stmt.QueryRowContext(ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return ledger.ErrNotFound
	}
	return unavailable(err)
}

// list reads all rows of a query with scan.
func list[T any](ctx context.Context, s *session, scan func(scanner) (T, error), query string, args ...any) ([]T, error) {
	stmt, ctx, err := s.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := stmt.QueryContext(ctx, args...)
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

// scanner is a row to read columns from.
type scanner interface{ Scan(into ...any) error }

// unavailable marks a failure of the database as [ledger.ErrUnavailable].
func unavailable(err error) error {
	if err == nil || errors.Is(err, ledger.ErrUnavailable) {
		return err
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
