//go:build bench

package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// Floor is what the same work costs the database by itself: transactions that
// the product ran elsewhere, bare, through the same driver with the same
// settings. Rows are read and not looked at.
type Floor struct {
	db    *sql.DB
	close func() error
	run   func(ctx context.Context, client int, t *Transaction) error
}

// OpenFloor opens a copy of the ledger that the transactions were recorded on,
// for so many clients. Postgres commits each transaction, and every client has a
// connection; SQLite has one writer and commits as many together as wait, up
// to group.
func OpenFloor(ctx context.Context, where string, clients, group int) (*Floor, error) {
	if PostgresURL(where) {
		return openPostgresFloor(where, clients)
	}
	return openSQLiteFloor(ctx, where, group)
}

// Run runs a transaction and returns when it is durable. Each client runs one
// at a time.
func (f *Floor) Run(ctx context.Context, client int, t *Transaction) error {
	return f.run(ctx, client, t)
}

// Confirmed counts the redemptions that are confirmed: what the transactions
// have come to.
func (f *Floor) Confirmed(ctx context.Context) (n int, err error) {
	err = f.db.QueryRowContext(ctx, `SELECT count(*) FROM redemptions WHERE state = 'confirmed'`).Scan(&n)
	return n, err
}

// Close frees everything.
func (f *Floor) Close() error { return f.close() }

// all runs the statements of a transaction.
func (t *Transaction) all(ctx context.Context, on runner, client int) error {
	lanes := speaksPostgres.statement(countWrite)
	for _, s := range t.statements {
		args := s.args
		if s.sql == lanes { // a row for each that writes at the same time, as the product has it
			args = []any{args[0], int64(client)}
		}
		if err := s.do(ctx, on, args); err != nil {
			return fmt.Errorf("%w\n%s", err, s.sql)
		}
	}
	return nil
}

func (s *statement) do(ctx context.Context, on runner, args []any) error {
	if !s.isQuery {
		_, err := on.ExecContext(ctx, s.sql, args...)
		return err
	}
	rows, err := on.QueryContext(ctx, s.sql, args...)
	if err != nil {
		return err
	}
	for rows.Next() {
	}
	return errors.Join(rows.Err(), rows.Close())
}

func openPostgresFloor(url string, clients int) (*Floor, error) {
	config, _, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	db := openPool(config, clients)
	return &Floor{db: db.DB, close: db.Close, run: func(ctx context.Context, client int, t *Transaction) error {
		tx, err := db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
		if err != nil {
			return err
		}
		if err := t.all(ctx, tx, client); err != nil {
			return errors.Join(err, tx.Rollback())
		}
		return tx.Commit()
	}}, nil
}

// waiting is a transaction that waits for SQLite's writer.
type waiting struct {
	t    *Transaction
	done chan error
}

func openSQLiteFloor(ctx context.Context, path string, group int) (*Floor, error) {
	db, err := openDB(path, "synchronous(FULL)", "foreign_keys(1)", "journal_mode(WAL)")
	if err != nil {
		return nil, err
	}
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	statements := newPrepared(conn, true)
	jobs, ended := make(chan waiting, maxWaiting), make(chan struct{})
	go func() {
		defer close(ended)
		for first := range jobs {
			together := []waiting{first}
			for range min(group-1, len(jobs)) {
				together = append(together, <-jobs)
			}
			err := commitTogether(ctx, statements, together)
			for _, w := range together {
				w.done <- err
			}
		}
	}()
	stop := func() error {
		close(jobs)
		<-ended
		return joinClosing([]error{statements.close(), conn.Close(), db.Close()})
	}
	return &Floor{db: db, close: stop, run: func(_ context.Context, _ int, t *Transaction) error {
		w := waiting{t, make(chan error, 1)}
		jobs <- w
		return <-w.done
	}}, nil
}

func commitTogether(ctx context.Context, on runner, together []waiting) error {
	if _, err := on.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	for _, w := range together {
		if err := w.t.all(ctx, on, 0); err != nil {
			_, undone := on.ExecContext(ctx, "ROLLBACK")
			return errors.Join(err, undone)
		}
	}
	_, err := on.ExecContext(ctx, "COMMIT")
	return err
}
