package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"scrip/engine/ledger"
)

// transactionTimeout bounds a transaction from BEGIN to COMMIT, however slow
// server and network are.
const transactionTimeout = 30 * time.Second

// transaction is one transaction in Postgres. It runs to its end even if its
// caller goes away: cutting it off would cost the connection, and the answer
// has to say what happened.
type transaction struct {
	*sql.Tx
	ctx    context.Context // of the whole transaction
	cancel context.CancelFunc
	wrote  bool
	broken error // the first statement that failed: Postgres ends the transaction with it
}

func (p *postgres) begin(ctx context.Context) (*transaction, error) {
	if ctx.Err() != nil {
		return nil, unavailable(ctx.Err())
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), transactionTimeout)
	tx, err := p.db.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
	if err != nil {
		cancel()
		return nil, unavailable(err)
	}
	return &transaction{Tx: tx, ctx: ctx, cancel: cancel}, nil
}

// run runs fn and commits what it wrote.
func (t *transaction) run(fn func(ledger.Tx) error, writer string, lane int64) error {
	s := &session{on: t, speaks: speaksPostgres}
	err := call(fn, s)
	if t.broken != nil && !errors.Is(err, t.broken) {
		err = unavailable(t.broken) // whatever fn made of it: nothing can be committed
	}
	if err != nil {
		return err
	}
	if t.wrote {
		if _, err := s.exec(t.ctx, countWrite, writer, lane); err != nil {
			return err
		}
	}
	if t.broken = t.Commit(); t.broken != nil {
		return unavailable(t.broken)
	}
	return nil
}

// close rolls back what was not committed, also when fn ends its goroutine.
func (t *transaction) close() {
	_ = t.Rollback() // nothing to do after a commit, and no way to do more
	t.cancel()
}

// lost reports whether the connection failed, and the server may not know yet.
func (t *transaction) lost() bool {
	var told *pgconn.PgError
	return t.broken != nil && !errors.As(t.broken, &told)
}

// ExecContext runs a statement, whatever became of the caller.
func (t *transaction) ExecContext(_ context.Context, query string, args ...any) (sql.Result, error) {
	result, err := t.Tx.ExecContext(t.ctx, query, args...)
	t.saw(query, err)
	return result, err
}

// QueryContext runs a query, whatever became of the caller.
func (t *transaction) QueryContext(_ context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := t.Tx.QueryContext(t.ctx, query, args...) //nolint:sqlclosecheck // its caller does
	t.saw(query, err)
	return rows, err
}

func (t *transaction) saw(query string, err error) {
	if t.broken == nil {
		t.broken = err
	}
	t.wrote = t.wrote || !strings.HasPrefix(query, "SELECT")
}

// unlessTaken runs what may as well be left to another transaction that does
// it at the same time: if one is in the way, it is undone alone.
func (t *transaction) unlessTaken(do func() error) error {
	if _, err := t.ExecContext(t.ctx, "SAVEPOINT chore"); err != nil {
		return unavailable(err)
	}
	err := do()
	if !isConflict(err) {
		return err
	}
	t.broken = nil
	_, err = t.ExecContext(t.ctx, "ROLLBACK TO SAVEPOINT chore")
	return unavailable(err)
}

// SQLSTATEs, from the standard and Postgres's appendix A.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	uniqueViolation      = "23505"
)

func isConflict(err error) bool {
	state := sqlState(err)
	return state == serializationFailure || state == deadlockDetected
}

// again reports whether a transaction that failed may succeed if it runs once
// more: it must be sure that it was not committed.
func again(err error, try int) bool {
	return isConflict(err) && try < maxTries || sqlState(err) == uniqueViolation && try < twinTries
}

// isOwn reports whether a statement failed by what it said and not by the
// state of the server: wrong data, a broken constraint, a conflict.
func isOwn(err error) bool {
	state := sqlState(err)
	return strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23") || strings.HasPrefix(state, "40")
}

// sqlState is what Postgres says went wrong, "" if it was not asked.
func sqlState(err error) string {
	var told *pgconn.PgError
	if errors.As(err, &told) {
		return told.Code
	}
	return ""
}
