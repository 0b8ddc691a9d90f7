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

// transaction is one transaction in Postgres. It runs to its end even if its
// caller goes away: cutting it off would cost the connection, and the answer
// has to say what happened. Each of its statements is bounded, not their sum:
// one request may issue 10,000 coupons.
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
	t := new(transaction)
	t.ctx, t.cancel = context.WithCancel(context.WithoutCancel(ctx))
	err := t.inTime(func() (err error) {
		t.Tx, err = p.db.BeginTx(t.ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead})
		return err
	})
	if err != nil {
		t.cancel()
		return nil, unavailable(err)
	}
	return t, nil
}

// inTime bounds BEGIN and COMMIT, which know no other context than that of the
// whole transaction.
func (t *transaction) inTime(do func() error) error {
	late := time.AfterFunc(statementTimeout, t.cancel)
	defer late.Stop()
	return do()
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
		var durable bool
		if err := s.one(t.ctx, countWrite, []any{writer, lane}, &durable); err != nil {
			return err
		}
		if !durable { // an answer would say what a crash takes back
			return unavailable(errNoLongerDurable)
		}
	}
	if t.broken = t.inTime(t.Commit); t.broken != nil {
		return unavailable(t.broken)
	}
	return nil
}

// close rolls back what was not committed, also when fn ends its goroutine.
func (t *transaction) close() {
	_ = t.inTime(t.Rollback) // nothing to do after a commit, and no way to do more
	t.cancel()
}

// lost reports whether the connection failed, and the server may not know yet.
func (t *transaction) lost() bool {
	var told *pgconn.PgError
	return t.broken != nil && !errors.As(t.broken, &told)
}

// ExecContext runs a statement and sees what becomes of it.
func (t *transaction) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	result, err := t.Tx.ExecContext(ctx, query, args...)
	t.saw(query, err)
	return result, err
}

// QueryContext runs a query and sees what becomes of it.
func (t *transaction) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	rows, err := t.Tx.QueryContext(ctx, query, args...) //nolint:sqlclosecheck // its caller does
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
func (t *transaction) unlessTaken(s *session, do func() error) error {
	if _, err := s.exec(t.ctx, "SAVEPOINT chore"); err != nil {
		return err
	}
	err := do()
	if !isConflict(err) {
		return err
	}
	t.broken = nil
	_, err = s.exec(t.ctx, "ROLLBACK TO SAVEPOINT chore")
	return err
}

// SQLSTATEs, from the standard and Postgres's appendix A.
const (
	serializationFailure = "40001"
	deadlockDetected     = "40P01"
	uniqueViolation      = "23505"
	lockNotAvailable     = "55P03" // others had it for too long
	adminShutdown        = "57P01"
	crashShutdown        = "57P02"
)

func isConflict(err error) bool {
	state := sqlState(err)
	return state == serializationFailure || state == deadlockDetected
}

// again reports whether a transaction that failed may succeed if it runs once
// more: it must be sure that it was not committed.
func again(err error, try int) bool {
	return isConflict(err) && try < maxTries
}

// isOwn reports whether a statement failed by what it said and not by the
// state of the server: wrong data, a broken constraint, a conflict, others
// that are slow.
func isOwn(err error) bool {
	state := sqlState(err)
	return strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23") || strings.HasPrefix(state, "40") || state == lockNotAvailable
}

// sqlState is what Postgres says went wrong, "" if it was not asked.
func sqlState(err error) string {
	var told *pgconn.PgError
	if errors.As(err, &told) {
		return told.Code
	}
	return ""
}
