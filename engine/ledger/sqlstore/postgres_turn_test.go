// Transactions that lost several times: they take turns, across all stores of a database.
package sqlstore

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"scrip/engine/ledger"
)

// Whoever lost several times takes turns with such transactions of all stores, first come, first served: it does not
// lose to them for ever. Who has the turn and stays does not keep the others.
func TestWhoeverLostSeveralTimesGetsATurn(t *testing.T) {
	t.Parallel()
	stores := sharing(t, 3)
	lost := &pgconn.PgError{Code: serializationFailure}
	var now, most, turns atomic.Int64
	loser := func(s ledger.Store) {
		tries := 0
		err := s.Write(t.Context(), func(ledger.Tx) error {
			if tries++; tries <= aloneAfter {
				return lost
			}
			turns.Add(1)
			if n := now.Add(1); n > most.Load() {
				most.Store(n)
			}
			time.Sleep(2 * time.Millisecond)
			now.Add(-1)
			return nil
		})
		if err != nil || tries != aloneAfter+1 {
			t.Errorf("%d tries: %v", tries, err)
		}
	}
	together(8*len(stores), func(i int) { loser(stores[i%len(stores)]) })
	if most.Load() != 1 || turns.Load() != 24 {
		t.Errorf("%d of %d turns at once", most.Load(), turns.Load())
	}
	stuck, err := stores[0].db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = stuck.Rollback() }()
	if _, err := stuck.ExecContext(t.Context(), takeTurn); err != nil {
		t.Fatal(err)
	}
	together(2, func(i int) { loser(stores[1+i]) })
	if turns.Load() != 26 {
		t.Errorf("%d turns, and one that does not end", turns.Load())
	}
}
