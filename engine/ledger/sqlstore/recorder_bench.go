//go:build bench

package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"scrip/engine/ledger"
)

// Transaction is what a transaction of the product asked its database, in
// order: every statement with its arguments, as the driver took them.
type Transaction struct{ statements []statement }

type statement struct {
	sql     string
	args    []any
	isQuery bool
}

// Len is how many statements there are, without BEGIN and COMMIT.
func (t *Transaction) Len() int { return len(t.statements) }

type recordedKey struct{}

// Recorded is a context under which the transaction of a store that
// [OpenRecorded] opened is remembered.
func Recorded(ctx context.Context, into *Transaction) context.Context {
	return context.WithValue(ctx, recordedKey{}, into)
}

// OpenRecorded opens a store that remembers its transactions: a Postgres URL or
// the path of a SQLite file.
func OpenRecorded(ctx context.Context, where string) (ledger.Store, error) {
	if PostgresURL(where) {
		return openTraced(ctx, where)
	}
	store, err := OpenSQLite(ctx, where)
	if err == nil {
		writing := store.(*sqlite).writer.session
		writing.on = tap{writing.on}
	}
	return store, err
}

func openTraced(ctx context.Context, url string) (ledger.Store, error) {
	store, err := OpenPostgres(ctx, url)
	if err != nil {
		return nil, err
	}
	config, connections, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	p := store.(*postgres)
	if err := p.db.Close(); err != nil {
		return nil, err
	}
	config.Tracer = tracer{}
	p.db = openPool(config, connections)
	p.session.on = p.db
	return p, nil
}

// tap remembers what SQLite's writer runs. BEGIN, SAVEPOINT and COMMIT come
// without anybody's context.
type tap struct{ runner }

func (t tap) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	remember(ctx, statement{query, slices.Clone(args), false})
	return t.runner.ExecContext(ctx, query, args...)
}

func (t tap) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	remember(ctx, statement{query, slices.Clone(args), true})
	return t.runner.QueryContext(ctx, query, args...)
}

func remember(ctx context.Context, s statement) {
	if t, ok := ctx.Value(recordedKey{}).(*Transaction); ok {
		t.statements = append(t.statements, s)
	}
}

// tracer remembers what connections to Postgres run.
type tracer struct{}

// inTransaction is a connection's status between BEGIN and COMMIT.
const inTransaction = 'T'

func (tracer) TraceQueryStart(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	t, ok := ctx.Value(recordedKey{}).(*Transaction)
	switch {
	case !ok:
	case strings.HasPrefix(data.SQL, "begin"):
		t.statements = nil // what ran before was a try that failed
	case conn.PgConn().TxStatus() == inTransaction && data.SQL != "commit":
		s := statement{sql: data.SQL, args: slices.Clone(data.Args)}
		if len(s.args) > 0 {
			if _, s.isQuery = s.args[0].(pgx.QueryResultFormatsByOID); s.isQuery { // database/sql's wish for the rows
				s.args = s.args[1:]
			}
		}
		t.statements = append(t.statements, s)
	}
	return ctx
}

func (tracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// AskPostgres runs a statement outside of any transaction; the answer is its
// first row's first column, "" if there is none.
func AskPostgres(ctx context.Context, url, statement string) (answer string, err error) {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return "", err
	}
	results, err := conn.PgConn().Exec(ctx, statement).ReadAll()
	if err == nil && len(results[0].Rows) > 0 {
		answer = string(results[0].Rows[0][0])
	}
	return answer, errors.Join(err, conn.Close(ctx))
}
