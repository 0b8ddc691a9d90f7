package sqlstore

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"

	"scrip/engine/ledger"
)

// postgres is a store in a Postgres database that several sidecars share.
//
// Transactions run on a snapshot (REPEATABLE READ). What a transaction reads is
// of one instant, and if a row that it changes was changed since, Postgres ends
// it and it runs again: of two that race for a row the second sees what the
// first wrote, before it says anything to anybody. READ COMMITTED would look at
// several instants, and refuse a twin that is to be replayed. SERIALIZABLE would
// end neighbours in an index too, and orders numbered in a row are neighbours.
// A snapshot leaves one care: transactions that decide on what the other adds,
// and change no common row. There are two such pairs, each with a row for it:
// issuing to one customer (CountAvailable), and issuing gift cards while the key
// that seals their codes changes (HoldMeta).
type postgres struct {
	*session // reads committed rows
	db       pool
	writer   string              // this store, among those that write
	places   *semaphore.Weighted // for transactions; whoever failed often takes all
	writing  int64               // how many places there are
	lanes    chan int64          // rows of writers that no transaction uses
	lane     atomic.Int64        // the last one made
	lost     lost                // rows of transactions whose end is not known
	failed   atomic.Bool         // the last transaction: nothing can be written, as far as is known
	closed   atomic.Bool
}

// OpenPostgres opens the ledger in a Postgres database and brings its tables up
// to date. url is postgres://user:password@host:port/database?options, or
// postgresql://; options are libpq's, and pool_max_conns: how many connections
// there are at most (2 to 1,000, default 16), a fourth of them for reading
// only. A server that is not durable is refused, and never trusted later: every
// connection, every transaction that writes and [ledger.Store.Ready] look.
//
// No error tells a password.
func OpenPostgres(ctx context.Context, url string) (ledger.Store, error) {
	config, connections, err := parseURL(url)
	if err != nil {
		return nil, err
	}
	if err := migratePostgres(ctx, config); err != nil {
		return nil, fmt.Errorf("ledger database %s: %w", place(config), err)
	}
	reading := max(1, connections/4)
	p := &postgres{db: openPool(config, connections), writer: rand.Text(), writing: int64(connections - reading)}
	p.session = &session{on: p.db, speaks: speaksPostgres}
	p.places = semaphore.NewWeighted(p.writing)
	p.lanes = make(chan int64, p.writing)
	for range p.writing {
		p.lanes <- p.lane.Add(1)
	}
	for _, once := range []string{foldWriters, makeTurn} {
		if _, err := p.exec(ctx, once); err != nil {
			return nil, errors.Join(fmt.Errorf("ledger database %s: %w", place(config), err), p.Close())
		}
	}
	return p, nil
}

// Bounds of a transaction that others get in the way of.
const (
	maxTries   = 24
	aloneAfter = 3 // tries; then it waits until it is the only one of this store, and takes turns with other stores
	firstPause = time.Millisecond
	maxPause   = 64 * time.Millisecond
)

// Write runs fn in one durable transaction, and again if another one got in
// its way. If the connection is lost at COMMIT nobody knows whether it was
// booked: that is [ledger.ErrUnavailable], and the client's next try, under the
// same idempotency key, tells.
func (p *postgres) Write(ctx context.Context, fn func(ledger.Tx) error) error {
	for try := 1; ; try++ {
		err := p.attempt(ctx, try, fn)
		p.note(ctx, err)
		if !again(err, try) {
			return err
		}
		if err := pause(ctx, try); err != nil {
			return err
		}
	}
}

// attempt runs one transaction when there is a place for it.
func (p *postgres) attempt(ctx context.Context, try int, fn func(ledger.Tx) error) error {
	places := int64(1)
	if try > aloneAfter {
		places = p.writing
	}
	if err := p.places.Acquire(ctx, places); err != nil {
		return unavailable(err)
	}
	defer p.places.Release(places)
	if p.closed.Load() {
		return errClosed
	}
	if try > aloneAfter {
		defer p.turn(ctx)()
	}
	lane := <-p.lanes
	defer func() { p.lanes <- lane }()
	tx, err := p.begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		tx.close()
		if tx.lost() {
			p.lost.add(lane)     // it may be committed yet, after all that is read now
			lane = p.lane.Add(1) // the old one may be locked until the server notices
		}
	}()
	return tx.run(fn, p.writer, lane)
}

// turn waits for the turn of this store among all that share the database, and
// tells how to leave it to the next. A snapshot is never in line for a row: when
// the row's last owner commits, all who wait for it have lost, and among
// sidecars that want it without a break one could lose for ever. Nothing rests
// on a turn, so that nobody waits for one, or has it, longer than turnTime.
func (p *postgres) turn(ctx context.Context) (leave func()) {
	ctx, cancel := context.WithTimeout(ctx, turnTime)
	tx, err := p.db.BeginTx(ctx, nil)
	if err != nil {
		return cancel
	}
	_, _ = tx.ExecContext(ctx, takeTurn) // or it goes on without
	return func() {
		_ = tx.Rollback() // nothing to keep
		cancel()
	}
}

const turnTime = time.Second

// The turn is a row to lock, of which the server lines up those who wait.
const (
	makeTurn = `INSERT INTO meta (name, value) VALUES ('turn', '') ON CONFLICT (name) DO NOTHING`
	takeTurn = `SELECT FROM meta WHERE name = 'turn' FOR UPDATE`
)

// note keeps whether anything could be written.
func (p *postgres) note(ctx context.Context, err error) {
	switch {
	case err == nil:
		p.failed.Store(false)
	case errors.Is(err, ledger.ErrUnavailable) && !errors.Is(err, errClosed) && ctx.Err() == nil && !isOwn(err):
		p.failed.Store(true)
	}
}

// pause lets whoever was in the way get on.
func pause(ctx context.Context, try int) error {
	most := min(firstPause<<min(try, 16), maxPause)
	timer := time.NewTimer(mathrand.N(most)) // #nosec G404 -- no secret
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return unavailable(ctx.Err())
	}
}

// ForeignWrites counts the transactions of others. Each transaction that wrote
// counts itself before its COMMIT, in a row that no other uses at the time: its
// count is seen when its rows are, whatever becomes of the process that wrote
// them. Own transactions whose connection was lost count as others': the server
// may commit them at any time, unheard.
func (p *postgres) ForeignWrites(ctx context.Context) (n int64, err error) {
	err = p.one(ctx, `SELECT coalesce(sum(writes), 0) FROM writers WHERE writer <> ? OR lane = ANY(?::bigint[])`,
		[]any{p.writer, p.lost.lanes()}, &n)
	return n, err
}

// lost are lanes that were given up.
type lost struct {
	mu   sync.Mutex
	list []int64
}

func (l *lost) add(lane int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = append(l.list, lane)
}

func (l *lost) lanes() []int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.list)
}

const (
	countWrite = `INSERT INTO writers (writer, lane, writes) VALUES (?, ?, 1)
		ON CONFLICT (writer, lane) DO UPDATE SET writes = writers.writes + 1, written_at = now() RETURNING ` + durableNow
	// foldWriters adds up the rows of those who have not written for a day:
	// most have ended, to the others their own writes are foreign once.
	foldWriters = `WITH old AS (DELETE FROM writers WHERE writer <> '' AND written_at < now() - interval '1 day' RETURNING writes)
		INSERT INTO writers (writer, lane, writes) SELECT '', 0, coalesce(sum(writes), 0) FROM old
		ON CONFLICT (writer, lane) DO UPDATE SET writes = writers.writes + excluded.writes`
)

// Audit checks everything that the tables must fit together in.
func (p *postgres) Audit(ctx context.Context, look func(ledger.Audited) []ledger.Fault) ([]ledger.Fault, error) {
	return audit(ctx, p.db.DB, speaksPostgres, look)
}

// Ready reads a row on a connection that is durable. After a transaction that
// the server failed it writes one too: a full disk reads well.
func (p *postgres) Ready(ctx context.Context) error {
	err := p.durable(ctx)
	if err == nil && p.failed.Load() {
		err = p.Write(ctx, probe)
	}
	return err
}

// Close waits for transactions under way, then ends all connections.
func (p *postgres) Close() error {
	if p.closed.Swap(true) {
		return nil
	}
	if err := p.places.Acquire(context.Background(), p.writing); err != nil {
		return err
	}
	p.places.Release(p.writing) // to those who wait, for their answer
	return p.db.Close()
}
