package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"time"

	"scrip/engine/ledger"
)

// maxGroup is how many waiting requests share one commit.
const maxGroup = 64

// maxWaiting bounds the queue before the writer; beyond it callers wait for a
// place as long as their context lets them.
const maxWaiting = 1_024

// writer is the one goroutine that writes a SQLite file. It takes all requests
// that wait, runs each in a savepoint of one transaction and commits them
// together: the fsync, which costs a hundred times the statements, is shared.
type writer struct {
	conn     *sql.Conn
	prepared *prepared
	session  *session
	jobs     chan job
	looks    chan chan look // for what others wrote
	patience time.Duration  // with others who write the file
	failed   atomic.Bool    // the last transaction: the file cannot be written, as far as is known
	lost     error          // a sync that failed: nothing is booked any more
	tell     func(error)    // of it
	stop     chan struct{}
	stopped  chan struct{}
}

type job struct {
	ctx  context.Context // travels with its request through the queue
	fn   func(ledger.Tx) error
	done chan error
}

func startWriter(conn *sql.Conn, tell func(error)) *writer {
	statements := newPrepared(conn, true)
	w := &writer{
		conn:     conn,
		prepared: statements,
		session:  &session{on: statements, speaks: speaksSQLite},
		jobs:     make(chan job, maxWaiting),
		looks:    make(chan chan look),
		patience: turnPatience,
		tell:     tell,
		stop:     make(chan struct{}),
		stopped:  make(chan struct{}),
	}
	go w.run()
	return w
}

// errClosed answers requests that come after Close.
var errClosed = fmt.Errorf("%w: the ledger is closed", ledger.ErrUnavailable)

func (w *writer) write(ctx context.Context, fn func(ledger.Tx) error) error {
	j := job{ctx: ctx, fn: fn, done: make(chan error, 1)}
	select {
	case w.jobs <- j:
	case <-w.stop:
		return errClosed
	case <-ctx.Done():
		return unavailable(ctx.Err())
	}
	select {
	case err := <-j.done: // also after ctx ends: what was booked must be told
		return err
	case <-w.stopped:
		select {
		case err := <-j.done:
			return err
		default:
			return errClosed
		}
	}
}

func (w *writer) run() {
	defer close(w.stopped)
	for {
		select {
		case <-w.stop:
			return
		case answer := <-w.looks:
			answer <- w.look()
		case first := <-w.jobs:
			if group := stillThere(w.group(first)); len(group) > 0 {
				w.commit(group)
				w.checkpoint(maxLogFrames)
			}
		}
	}
}

// group takes what waits behind the first request, without waiting for more.
func (w *writer) group(first job) []job {
	group := []job{first}
	for len(group) < maxGroup {
		select {
		case j := <-w.jobs:
			group = append(group, j)
		default:
			return group
		}
	}
	return group
}

// stillThere answers those who have gone, before the rest waits for a file that
// another process writes: behind such a wait there may be many groups.
func stillThere(group []job) []job {
	return slices.DeleteFunc(group, func(j job) bool {
		gone := j.ctx.Err()
		if gone != nil {
			j.done <- unavailable(gone)
		}
		return gone != nil
	})
}

// commit runs a group in one transaction. A request that fails is rolled back
// alone; if the transaction as a whole fails, nothing of the group was booked,
// and nobody is refused for what a neighbour would have booked.
func (w *writer) commit(group []job) {
	results := make([]error, len(group))
	err := w.transaction(group, results)
	w.notice(err) // before anybody is answered
	w.failed.Store(err != nil)
	for i, j := range group {
		if err != nil {
			results[i] = err
		}
		j.done <- results[i]
	}
}

func (w *writer) transaction(group []job, results []error) error {
	if w.lost != nil {
		return w.lost
	}
	if err := w.begin(); err != nil {
		return err
	}
	for i, j := range group {
		var broken error
		if results[i], broken = w.savepoint(j); broken != nil {
			_ = w.raw("ROLLBACK") // fails where SQLite has rolled back by itself
			return broken
		}
	}
	if err := w.raw("COMMIT"); err != nil {
		_ = w.raw("ROLLBACK")
		return err
	}
	return nil
}

// savepoint runs one request. broken means that the transaction around it is
// no longer sound (a full disk makes SQLite roll back everything).
func (w *writer) savepoint(j job) (result, broken error) {
	if j.ctx.Err() != nil {
		return unavailable(j.ctx.Err()), nil // the client has gone: do not begin
	}
	if err := w.raw("SAVEPOINT request"); err != nil {
		return nil, err
	}
	if result = call(j.fn, w.session); errors.Is(result, ledger.ErrNotDurable) {
		return nil, result
	}
	if result != nil {
		broken = w.raw("ROLLBACK TO request")
	}
	return result, errors.Join(broken, w.raw("RELEASE request"))
}

// call keeps a panic of one request from ending the writer for all.
func call(fn func(ledger.Tx) error, tx ledger.Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a transaction: %v", p)
		}
	}()
	return fn(tx)
}

// look is what SQLite says of the file's version as this connection sees it:
// its own commits do not change the number, all others do.
type look struct {
	version int64
	err     error
}

func (w *writer) look() (l look) {
	l.err = w.session.one(context.Background(), `PRAGMA data_version`, nil, &l.version)
	return l
}

// foreignWrites looks between two transactions.
func (w *writer) foreignWrites(ctx context.Context) (int64, error) {
	answer := make(chan look, 1)
	select {
	case w.looks <- answer:
		l := <-answer
		return l.version, l.err
	case <-w.stopped:
		return 0, errClosed
	case <-ctx.Done():
		return 0, unavailable(ctx.Err())
	}
}

func (w *writer) raw(statement string) error {
	_, err := w.session.exec(context.Background(), statement)
	return err
}

func (w *writer) close() error {
	close(w.stop)
	<-w.stopped
	w.checkpoint(0)
	return joinClosing([]error{w.lost, w.prepared.close(), w.conn.Close()})
}

// joinClosing drops what is no news at the end.
func joinClosing(errs []error) error {
	for i, err := range errs {
		if errors.Is(err, sql.ErrConnDone) {
			errs[i] = nil
		}
	}
	return errors.Join(errs...)
}
