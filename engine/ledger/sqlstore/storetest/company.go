// Transactions in company: of callers who go away, panic or are refused, and
// with the end of the store itself.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"scrip/engine/ledger"
)

// putNumber writes a row that says that caller i was here.
func putNumber(ctx context.Context, tx ledger.Tx, i int) error {
	_, err := tx.PutMeta(ctx, fmt.Sprint("caller ", i), fmt.Sprint(i))
	return err
}

func hasNumber(t testing.TB, s ledger.Store, i int) bool {
	t.Helper()
	value, err := s.Meta(context.WithoutCancel(t.Context()), fmt.Sprint("caller ", i))
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("read the trace of caller %d: %v", i, err)
	}
	return err == nil && value == fmt.Sprint(i)
}

// together runs fn n times at once and waits for all.
func together(n int, fn func(i int)) {
	var all sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-start
			fn(i)
		})
	}
	close(start)
	all.Wait()
}

// testContexts: who goes away before the transaction begins writes nothing;
// later, the answer says what happened.
func testContexts(t *testing.T, s ledger.Store) {
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Write(gone, func(tx ledger.Tx) error { return putNumber(gone, tx, 0) })
	unavailable(t, "a write by one who has gone", err)
	if !errors.Is(err, context.Canceled) || hasNumber(t, s, 0) {
		t.Errorf("a write by one who has gone: error %v, written %v", err, hasNumber(t, s, 0))
	}
	_, err = s.Coupon(gone, "one")
	unavailable(t, "a read by one who has gone", err)
	_, err = s.Campaigns(gone, ledger.Page{Limit: 1})
	unavailable(t, "a list for one who has gone", err)
	unavailable(t, "readiness for one who has gone", s.Ready(gone))

	ctx, leave := context.WithCancel(t.Context())
	err = s.Write(ctx, func(tx ledger.Tx) error {
		first := putNumber(ctx, tx, 1)
		leave()
		return errors.Join(first, putNumber(ctx, tx, 2))
	})
	if one, two := hasNumber(t, s, 1), hasNumber(t, s, 2); one != two || one != (err == nil) {
		t.Errorf("the caller went meanwhile: error %v, written %v and %v", err, one, two)
	}
	testWaiting(t, s)
}

// testWaiting: callers go away while another's transaction holds them up.
func testWaiting(t *testing.T, s ledger.Store) {
	const callers = 16
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var all sync.WaitGroup
	all.Go(func() {
		err := s.Write(t.Context(), func(tx ledger.Tx) error {
			once.Do(func() { close(entered) })
			<-release
			return putNumber(t.Context(), tx, 100)
		})
		if err != nil || !hasNumber(t, s, 100) {
			t.Errorf("the one that holds up others: %v", err)
		}
	})
	<-entered
	ctx, leave := context.WithCancel(t.Context())
	for i := range callers {
		all.Go(func() {
			mine := ctx
			if i%2 == 0 {
				mine = t.Context()
			}
			err := s.Write(mine, func(tx ledger.Tx) error { return putNumber(mine, tx, 101+i) })
			if err != nil {
				unavailable(t, "a write that waited", err)
			}
			if hasNumber(t, s, 101+i) != (err == nil) || err != nil && i%2 == 0 {
				t.Errorf("caller %d: error %v, written %v", i, err, hasNumber(t, s, 101+i))
			}
		})
	}
	leave()
	close(release)
	all.Wait()
}

// testPanics: a panic ends its own transaction with an error, and no other.
func testPanics(t *testing.T, s ledger.Store) {
	together(60, func(i int) {
		err := s.Write(t.Context(), func(tx ledger.Tx) error {
			if err := putNumber(t.Context(), tx, i); err != nil {
				return err
			}
			if i%3 == 0 {
				panic("on purpose")
			}
			return nil
		})
		if panicked := i%3 == 0; panicked != (err != nil) || panicked == hasNumber(t, s, i) {
			t.Errorf("caller %d, panic %v: error %v, written %v", i, panicked, err, hasNumber(t, s, i))
		}
	})
	if !won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.PutMeta(ctx, "after", "") }) {
		t.Error("nothing can be written after the panics")
	}
}

// testGroups: of many at once, some are refused half-way; exactly the others
// are booked.
func testGroups(t *testing.T, s ledger.Store) {
	const callers = 200
	addCampaign(t, s)
	together(callers, func(i int) {
		customer := fmt.Sprint("customer ", i%10)
		err := s.Write(t.Context(), func(tx ledger.Tx) error {
			_, err1 := tx.TakeIssue(t.Context(), "c", 1)
			_, err2 := tx.TakeShares(t.Context(), "c", []string{customer}, callers)
			err3 := tx.InsertCoupons(t.Context(), []ledger.Coupon{coupon(fmt.Sprint(i), customer)}, false)
			if err := errors.Join(err1, err2, err3); err != nil || i%2 == 0 {
				return errors.Join(err, errRefused)
			}
			return putNumber(t.Context(), tx, i)
		})
		if refused := i%2 == 0; refused != (err != nil) || refused != errors.Is(err, errRefused) || refused == hasNumber(t, s, i) {
			t.Errorf("caller %d, refused %v: error %v, written %v", i, refused, err, hasNumber(t, s, i))
		}
	})
	if c := must[ledger.Campaign](t)(s.Campaign(t.Context(), "c")); c.Issued != callers/2 {
		t.Errorf("%d are counted, %d were booked", c.Issued, callers/2)
	}
	for i := range 10 {
		want := int64(callers / 10 * (i % 2))
		wantShare(t, s, "c", fmt.Sprint("customer ", i), want)
		held := must[[]ledger.Coupon](t)(s.Coupons(t.Context(), fmt.Sprint("customer ", i), "", epoch, ledger.Page{Limit: callers}))
		if int64(len(held)) != want {
			t.Errorf("customer %d holds %d coupons, want %d", i, len(held), want)
		}
	}
}

// testClosing: Close waits for what runs, and answers all others.
func testClosing(t *testing.T, open Opener) {
	s := open(t)
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var all sync.WaitGroup
	all.Go(func() {
		err := s.Write(t.Context(), func(tx ledger.Tx) error {
			once.Do(func() { close(entered) })
			<-release
			return putNumber(t.Context(), tx, 0)
		})
		if err != nil {
			t.Errorf("the transaction that ran when the store was closed: %v", err)
		}
	})
	<-entered
	for i := range 16 {
		all.Go(func() {
			if err := s.Write(t.Context(), func(tx ledger.Tx) error { return putNumber(t.Context(), tx, 1+i) }); err != nil {
				unavailable(t, "a write beside the closing", err)
			}
		})
	}
	all.Go(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	close(release)
	all.Wait()
	unavailable(t, "a write after the closing", s.Write(t.Context(), func(ledger.Tx) error { return nil }))
	unavailable(t, "readiness after the closing", s.Ready(t.Context()))
	_, err := s.Campaign(t.Context(), "c")
	unavailable(t, "a read after the closing", err)
}
