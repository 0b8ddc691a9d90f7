// The writer: many requests share one transaction, each with its own fate; if
// the transaction fails, all of them fail, whatever they were told before.
package sqlstore

import (
	"context"
	"errors"
	"runtime"
	"testing"

	"scrip/engine/ledger"
)

// commit runs requests as one group and returns what each is answered. The
// writer's own goroutine has nothing to do meanwhile.
func (s *sqlite) commit(requests ...func(ledger.Tx) error) []error {
	group := make([]job, len(requests))
	for i, fn := range requests {
		group[i] = job{ctx: context.Background(), fn: fn, done: make(chan error, 1)}
	}
	s.writer.commit(group)
	answers := make([]error, len(group))
	for i, j := range group {
		answers[i] = <-j.done
	}
	return answers
}

func putMeta(name string) func(ledger.Tx) error {
	return func(tx ledger.Tx) error {
		_, err := tx.PutMeta(context.Background(), name, "value")
		return err
	}
}

var errRefused = errors.New("refused by the test")

// breakCommit writes an orphan whose foreign key is looked at only by COMMIT.
func breakCommit(tx ledger.Tx) error {
	ctx := context.Background()
	if _, err := tx.(*session).exec(ctx, "PRAGMA defer_foreign_keys = 1"); err != nil {
		return err
	}
	return tx.InsertCoupons(ctx, []ledger.Coupon{{ID: "orphan", CampaignID: "none", CustomerID: "ann", State: ledger.Issued}}, false)
}

func TestAGroupSharesOneCommit(t *testing.T) {
	s := opened(t)
	answers := s.commit(
		putMeta("first"),
		func(tx ledger.Tx) error { return errors.Join(putMeta("refused")(tx), errRefused) },
		func(tx ledger.Tx) error { _ = putMeta("panicked")(tx); panic("on purpose") },
		func(tx ledger.Tx) error { // sees its neighbour, not those who were refused
			_, err1 := tx.Meta(t.Context(), "first")
			_, err2 := tx.Meta(t.Context(), "refused")
			_, err3 := tx.Meta(t.Context(), "panicked")
			if err1 != nil || !errors.Is(err2, ledger.ErrNotFound) || !errors.Is(err3, ledger.ErrNotFound) {
				t.Errorf("a neighbour sees: %v, %v, %v", err1, err2, err3)
			}
			return putMeta("last")(tx)
		},
	)
	if answers[0] != nil || !errors.Is(answers[1], errRefused) || answers[2] == nil || answers[3] != nil {
		t.Errorf("answers: %v", answers)
	}
	if n := count(t, s, `SELECT count(*) FROM meta WHERE name IN ('first', 'last')`); n != 2 || count(t, s, `SELECT count(*) FROM meta`) != 2 {
		t.Error("other rows were written than those acknowledged")
	}
}

// A client who goes while its request runs does not stop it: a statement cut
// off in the middle could take the neighbours' transaction with it.
func TestWhoGoesMeanwhileIsServedToTheEnd(t *testing.T) {
	s := opened(t)
	ctx, leave := context.WithCancel(t.Context())
	err := s.Write(ctx, func(tx ledger.Tx) error {
		leave()
		_, err := tx.PutMeta(ctx, "name", "value")
		return err
	})
	if err != nil || count(t, s, `SELECT count(*) FROM meta`) != 1 {
		t.Errorf("answered %v, with %d rows", err, count(t, s, `SELECT count(*) FROM meta`))
	}
}

// A failed commit takes the refusals with it: what they were decided on was
// never booked.
func TestAFailedCommitFailsTheWholeGroup(t *testing.T) {
	s := opened(t)
	answers := s.commit(
		putMeta("first"),
		func(tx ledger.Tx) error {
			if _, err := tx.Meta(t.Context(), "first"); err == nil {
				return errRefused // because of the neighbour
			}
			return nil
		},
		breakCommit,
		func(ledger.Tx) error { return nil },
	)
	for i, err := range answers {
		if !errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, errRefused) {
			t.Errorf("request %d is answered %v", i, err)
		}
	}
	if n := count(t, s, `SELECT (SELECT count(*) FROM meta) + (SELECT count(*) FROM coupons)`); n != 0 {
		t.Errorf("%d rows of the failed group are there", n)
	}
	if err := s.Write(t.Context(), putMeta("after")); err != nil {
		t.Errorf("the next group: %v", err)
	}
}

// Where SQLite rolls back everything by itself, neighbours that were done
// already are not acknowledged, and the next group finds a clean start.
func TestARollbackBySQLiteFailsTheWholeGroup(t *testing.T) {
	s := opened(t)
	for name, result := range map[string]error{"noticed": errRefused, "unnoticed": nil} {
		answers := s.commit(
			putMeta("first"),
			func(tx ledger.Tx) error {
				_, err := tx.(*session).exec(t.Context(), "ROLLBACK")
				return errors.Join(err, result)
			},
			func(ledger.Tx) error {
				t.Error("a request was begun outside of any transaction")
				return nil
			},
		)
		for i, err := range answers {
			if !errors.Is(err, ledger.ErrUnavailable) {
				t.Errorf("%s: request %d is answered %v", name, i, err)
			}
		}
		if n := count(t, s, `SELECT count(*) FROM meta WHERE name = 'first'`); n != 0 {
			t.Errorf("%s: what was rolled back is there", name)
		}
		if err := s.Write(t.Context(), putMeta(name)); err != nil {
			t.Errorf("%s: the next group: %v", name, err)
		}
	}
}

func TestAGroupIsBounded(t *testing.T) {
	w := &writer{jobs: make(chan job, maxWaiting)}
	for range maxGroup + 10 {
		w.jobs <- job{}
	}
	if n := len(w.group(job{})); n != maxGroup {
		t.Errorf("a group of %d, want %d", n, maxGroup)
	}
	if n := len(w.group(job{})); n != 12 {
		t.Errorf("a group of %d, want the 11 left and the first", n)
	}
}

// hold keeps the writer busy until release is called, which waits for it.
func hold(t *testing.T, s *sqlite) (release func()) {
	t.Helper()
	entered, free, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.Write(context.Background(), func(ledger.Tx) error {
			close(entered)
			<-free
			return nil
		})
	}()
	<-entered
	return func() {
		close(free)
		if err := <-done; err != nil {
			t.Errorf("the request that held the writer: %v", err)
		}
	}
}

func TestWhoLeavesTheQueueIsNotBegun(t *testing.T) {
	s := opened(t)
	release := hold(t, s)
	ctx, leave := context.WithCancel(t.Context())
	answer := make(chan error, 1)
	go func() {
		answer <- s.Write(ctx, func(tx ledger.Tx) error {
			t.Error("a request was begun whose client had gone")
			return nil
		})
	}()
	for len(s.writer.jobs) == 0 {
		runtime.Gosched()
	}
	leave()
	release()
	if err := <-answer; !errors.Is(err, ledger.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("the client who left: %v", err)
	}
}

// In a group some go while their neighbours are served.
func TestWhoLeavesTheGroupIsNotBegun(t *testing.T) {
	s := opened(t)
	ctx, leave := context.WithCancel(t.Context())
	last := job{ctx: ctx, done: make(chan error, 1), fn: func(ledger.Tx) error {
		t.Error("a request was begun whose client had gone")
		return nil
	}}
	first := job{ctx: t.Context(), done: make(chan error, 1), fn: func(tx ledger.Tx) error {
		leave()
		return putMeta("first")(tx)
	}}
	s.writer.commit([]job{first, last})
	if err := <-first.done; err != nil {
		t.Errorf("the neighbour: %v", err)
	}
	if err := <-last.done; !errors.Is(err, ledger.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("the client who left: %v", err)
	}
}

func TestAFullQueueKeepsNobodyAgainstTheirWill(t *testing.T) {
	s := opened(t)
	release := hold(t, s)
	for range maxWaiting {
		s.writer.jobs <- job{ctx: t.Context(), fn: func(ledger.Tx) error { return nil }, done: make(chan error, 1)}
	}
	ctx, leave := context.WithCancel(t.Context())
	leave()
	err := s.Write(ctx, func(ledger.Tx) error { return nil })
	if !errors.Is(err, ledger.ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("before a full queue: %v", err)
	}
	release()
	if err := s.Write(t.Context(), putMeta("after")); err != nil {
		t.Errorf("behind the queue: %v", err)
	}
}
