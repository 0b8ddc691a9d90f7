package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// Bounds of the connections to Postgres.
const (
	defaultConnections = 16
	maxConnections     = 1_000
	connectTimeout     = 5 * time.Second
	statementTimeout   = 10 * time.Second // on the server, and here, where it may have gone
	lockTimeout        = 8 * time.Second  // of a statement that waits for another transaction: less, to be told apart
	idleTimeout        = 60 * time.Second // of a transaction whose sidecar says nothing: then the server ends it
	connectionLife     = time.Hour        // so that sidecars follow a server that moved
)

// PostgresURL reports whether a ledger's URL is one that [OpenPostgres] takes.
func PostgresURL(text string) bool {
	return strings.HasPrefix(text, "postgres://") || strings.HasPrefix(text, "postgresql://")
}

// errURL has nothing of the URL in it: what cannot be parsed may be a part of
// the password.
var errURL = errors.New("the ledger's URL cannot be read: it is postgres://user:password@host:port/database, " +
	"and a password's own / : @ ? # and % are written as %2F %3A %40 %3F %23 and %25")

// parseURL reads a URL and puts our bounds where it sets none.
func parseURL(text string) (config *pgx.ConnConfig, connections int, err error) {
	if _, err := url.Parse(text); err != nil || !PostgresURL(text) {
		return nil, 0, errURL
	}
	config, err = pgx.ParseConfig(text)
	if err != nil {
		if cause := errors.Unwrap(err); cause != nil { // without the URL
			return nil, 0, fmt.Errorf("the ledger's URL: %w", cause)
		}
		return nil, 0, errURL
	}
	connections = defaultConnections
	if given := config.RuntimeParams["pool_max_conns"]; given != "" {
		if connections, err = strconv.Atoi(given); err != nil || connections < 2 || connections > maxConnections {
			return nil, 0, fmt.Errorf("the ledger's URL: pool_max_conns is 2 to %d", maxConnections)
		}
		delete(config.RuntimeParams, "pool_max_conns") // ours, not the server's
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	for name, value := range map[string]string{
		"application_name":                    "scrip",
		"enable_seqscan":                      "off", // every statement has an index, and a plan made while a table is small is kept
		"jit":                                 "off", // takes what such a plan would avoid for its cost, and a second to compile it
		"lock_timeout":                        strconv.FormatInt(lockTimeout.Milliseconds(), 10),
		"statement_timeout":                   strconv.FormatInt(statementTimeout.Milliseconds(), 10),
		"idle_in_transaction_session_timeout": strconv.FormatInt(idleTimeout.Milliseconds(), 10),
	} {
		if config.RuntimeParams[name] == "" && !strings.Contains(config.RuntimeParams["options"], name) {
			config.RuntimeParams[name] = value
		}
	}
	return config, connections, nil
}

// place names a database in errors.
func place(config *pgx.ConnConfig) string {
	return fmt.Sprintf("%q at %s port %d", config.Database, config.Host, config.Port)
}

// openPool makes a pool whose every connection is looked at, for the books.
func openPool(config *pgx.ConnConfig, connections int) pool {
	return poolOf(config, connections, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		err := checkServer(ctx, conn)
		if err != nil {
			_ = conn.Close(ctx) // the first error counts
		}
		return err
	}))
}

// poolOf is database/sql over pgx, so that rows are read by the same code as
// SQLite's; pgx prepares each statement once a connection.
func poolOf(config *pgx.ConnConfig, connections int, options ...stdlib.OptionOpenDB) pool {
	db := stdlib.OpenDB(*config, options...)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxLifetime(connectionLife)
	return pool{db}
}

// pool is connections to one server. Some may have died while they lay idle, when
// the server went, and nobody knows until they are asked: then nothing was done
// yet, and the next one may be alive.
type pool struct{ *sql.DB }

// QueryContext runs a query that only reads.
func (p pool) QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error) {
	return alive(ctx, p, func() (*sql.Rows, error) { return p.DB.QueryContext(ctx, query, args...) })
}

// BeginTx begins a transaction.
func (p pool) BeginTx(ctx context.Context, options *sql.TxOptions) (*sql.Tx, error) {
	return alive(ctx, p, func() (*sql.Tx, error) { return p.DB.BeginTx(ctx, options) })
}

// alive asks one connection after another, each that died once at most.
func alive[T any](ctx context.Context, p pool, ask func() (T, error)) (answer T, err error) {
	for range max(1, p.Stats().MaxOpenConnections) {
		if answer, err = ask(); !diedIdle(err) || ctx.Err() != nil {
			break
		}
	}
	return answer, err
}

// diedIdle reports whether the server was gone from the other end of a
// connection. That no new one can be made is another thing.
func diedIdle(err error) bool {
	var connecting *pgconn.ConnectError
	var line *net.OpError
	state := sqlState(err)
	return !errors.As(err, &connecting) &&
		(errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &line) || state == adminShutdown || state == crashShutdown)
}
