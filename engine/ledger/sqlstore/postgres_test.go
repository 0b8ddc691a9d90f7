// The Postgres store passes the suite of all stores; the rest of this file is
// about sharing one database.
package sqlstore

import (
	"context"
	"testing"

	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore/pgtest"
	"scrip/engine/ledger/sqlstore/storetest"
)

func openPostgres(t testing.TB, url string) *postgres {
	t.Helper()
	s, err := OpenPostgres(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s.(*postgres)
}

func TestPostgresStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) ledger.Store { return openPostgres(t, pgtest.Database(t)) })
}
