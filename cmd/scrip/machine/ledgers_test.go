// The ledgers that histories are lived in: a fresh one for each.
package machine

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore"
	"scrip/engine/ledger/sqlstore/pgtest"
)

// shelf gives fresh ledgers, one after the other: each is the end of the one
// before. What it returns opens a store on it, again and again.
type shelf func(t rapid.TB) func(context.Context) (ledger.Store, error)

var shelves = map[string]func(t *testing.T) shelf{"sqlite": files, "postgres": tables}

// files are copies of one that has its tables and nothing else: making those
// takes longer than a history.
func files(t *testing.T) shelf {
	empty, path := filepath.Join(t.TempDir(), "empty.db"), filepath.Join(t.TempDir(), "scrip.db")
	store, err := sqlstore.OpenSQLite(t.Context(), empty)
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(empty)
	if err != nil {
		t.Fatal(err)
	}
	return func(t rapid.TB) func(context.Context) (ledger.Store, error) {
		for _, suffix := range []string{"-wal", "-shm"} {
			_ = os.Remove(path + suffix) // there is none
		}
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return func(ctx context.Context) (ledger.Store, error) { return sqlstore.OpenSQLite(ctx, path) }
	}
}

// options of stores in Postgres: histories have one client, and a busy machine may
// take its time to let it in.
const options = "&pool_max_conns=2&connect_timeout=120"

// tables are those of one database, emptied: nobody else may, events are only
// ever added.
func tables(t *testing.T) shelf {
	url := pgtest.Database(t) + options
	store, err := sqlstore.OpenPostgres(t.Context(), url)
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), strings.TrimSuffix(url, options))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	var names string
	if err := conn.QueryRow(t.Context(), `SELECT string_agg(quote_ident(tablename), ',') FROM pg_tables
		WHERE schemaname = 'public' AND tablename <> 'goose_db_version'`).Scan(&names); err != nil {
		t.Fatal(err)
	}
	return func(t rapid.TB) func(context.Context) (ledger.Store, error) {
		if _, err := conn.Exec(context.Background(), `SET session_replication_role = replica; TRUNCATE `+names); err != nil {
			t.Fatal(err)
		}
		return func(ctx context.Context) (ledger.Store, error) { return sqlstore.OpenPostgres(ctx, url) }
	}
}
