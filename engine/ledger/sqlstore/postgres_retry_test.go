// Transactions in Postgres that get in each other's way: one of them runs again,
// on what the other has written, and says nothing that it saw before.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"scrip/engine/ledger"
)

// beside runs a transaction in which, before its first look and after its last
// word on its first try, others can do as they like.
func beside(t *testing.T, s ledger.Store, look func(ledger.Tx) error, meanwhile func(), write func(ledger.Tx) error) (tries int, err error) {
	t.Helper()
	err = s.Write(t.Context(), func(tx ledger.Tx) error {
		tries++
		if err := look(tx); err != nil {
			return err
		}
		if tries == 1 {
			meanwhile()
		}
		return write(tx)
	})
	return tries, err
}

// A transaction whose row was changed after it looked says nothing that it saw
// before: it runs again.
func TestALateLookIsTakenAgain(t *testing.T) {
	t.Parallel()
	stores := sharing(t, 2)
	seen := ""
	tries, err := beside(t, stores[0],
		func(tx ledger.Tx) error {
			value, err := tx.Meta(t.Context(), "name")
			if seen = value; errors.Is(err, ledger.ErrNotFound) {
				return nil
			}
			return err
		},
		func() { put(t, stores[1], "name") },
		func(tx ledger.Tx) error {
			if ok, err := tx.PutMeta(t.Context(), "name", "mine"); err != nil || ok {
				return fmt.Errorf("took what is taken: %v, %w", ok, err)
			}
			if seen != "value" {
				return errors.New("refused for what it has not seen")
			}
			return errRefused
		})
	if tries != 2 || !errors.Is(err, errRefused) || errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("%d tries, %v", tries, err)
	}
}

// A twin that loses the coupon to the first one must not be told so: it finds
// the first one's reply.
func TestATwinFindsTheReplyAndNotTheRefusal(t *testing.T) {
	t.Parallel()
	stores := sharing(t, 2)
	if err := stores[0].Write(t.Context(), func(tx ledger.Tx) error {
		_, err := tx.InsertCampaign(t.Context(), plainCampaign("c"))
		return errors.Join(err, tx.InsertCoupons(t.Context(), []ledger.Coupon{{ID: "one", CampaignID: "c", CustomerID: "ann", State: ledger.Issued}}, false))
	}); err != nil {
		t.Fatal(err)
	}
	now, until := time.Unix(1, 0), time.Unix(2, 0)
	replayed := false
	look := func(tx ledger.Tx) error {
		_, err := tx.Reply(t.Context(), "key")
		if replayed = err == nil; errors.Is(err, ledger.ErrNotFound) {
			return nil
		}
		return err
	}
	book := func(tx ledger.Tx) error {
		if replayed {
			return nil
		}
		ok, err := tx.HoldCoupon(t.Context(), "one", "rdm", until, now)
		if err == nil && !ok {
			err = errRefused
		}
		if err != nil {
			return err
		}
		return tx.SaveReply(t.Context(), ledger.StoredReply{Key: "key", Fingerprint: []byte{1}, Response: []byte{2}, CreatedAt: now}, time.Unix(0, 0))
	}
	tries, err := beside(t, stores[0], look, func() {
		if tries, err := beside(t, stores[1], look, func() {}, book); tries != 1 || err != nil || replayed {
			t.Errorf("the first: %d tries, %v", tries, err)
		}
	}, book)
	if tries != 2 || err != nil || !replayed {
		t.Errorf("its twin: %d tries, replayed %v, %v", tries, replayed, err)
	}
}

// Failed attempts that a success has ended meanwhile are not counted on from.
func TestFailuresThatWereForgottenMeanwhileAreNotBroughtBack(t *testing.T) {
	t.Parallel()
	stores, subject, at := sharing(t, 2), []byte("subject"), time.Unix(1, 0)
	if err := stores[0].Write(t.Context(), func(tx ledger.Tx) error {
		return tx.PutFailures(t.Context(), subject, ledger.Failures{Count: 9, LastAt: at})
	}); err != nil {
		t.Fatal(err)
	}
	var seen ledger.Failures
	tries, err := beside(t, stores[0],
		func(tx ledger.Tx) (err error) {
			seen, err = tx.Failures(t.Context(), subject)
			return err
		},
		func() {
			if err := stores[1].Write(t.Context(), func(tx ledger.Tx) error { return tx.ForgetFailures(t.Context(), [][]byte{subject}) }); err != nil {
				t.Error(err)
			}
		},
		func(tx ledger.Tx) error {
			return tx.PutFailures(t.Context(), subject, ledger.Failures{Count: seen.Count + 1, LastAt: at})
		})
	if now, failed := stores[1].Failures(t.Context(), subject); tries != 2 || err != nil || failed != nil || now.Count != 1 {
		t.Errorf("%d tries, %v; %d failures are counted, %v", tries, err, now.Count, failed)
	}
}

// Two that wait for each other: one of them runs again.
func TestADeadlockIsResolved(t *testing.T) {
	t.Parallel()
	s := sharing(t, 1)[0]
	for _, name := range []string{"a", "b"} {
		if err := s.Write(t.Context(), func(tx ledger.Tx) error {
			_, err := tx.InsertCampaign(t.Context(), plainCampaign(name))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	var both sync.WaitGroup
	both.Add(2)
	orders := [][]string{{"a", "b"}, {"b", "a"}}
	tries := make([]int, len(orders))
	together(len(orders), func(i int) {
		err := s.Write(t.Context(), func(tx ledger.Tx) error {
			tries[i]++
			_, err1 := tx.TakeIssue(t.Context(), orders[i][0], 1)
			if tries[i] == 1 {
				both.Done()
				both.Wait()
			}
			_, err2 := tx.TakeIssue(t.Context(), orders[i][1], 1)
			return errors.Join(err1, err2)
		})
		if err != nil {
			t.Errorf("order %v: %v", orders[i], err)
		}
	})
	if tries[0]+tries[1] < 3 {
		t.Errorf("%v tries: they were never in each other's way", tries)
	}
	for _, id := range orders[0] {
		if c, err := s.Campaign(t.Context(), id); err != nil || c.Issued != 2 {
			t.Errorf("%s has issued %d (%v), want 2", id, c.Issued, err)
		}
	}
}

// Whoever always comes too late gives up, and the ledger is not to blame.
func TestTriesAreBounded(t *testing.T) {
	t.Parallel()
	stores := sharing(t, 2)
	if err := stores[0].Write(t.Context(), func(tx ledger.Tx) error {
		_, err := tx.InsertCampaign(t.Context(), plainCampaign("c"))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	take := func(tx ledger.Tx) error {
		_, err := tx.TakeIssue(t.Context(), "c", 1)
		return err
	}
	tries := 0
	err := stores[0].Write(t.Context(), func(tx ledger.Tx) error {
		tries++
		if _, err := tx.Campaign(t.Context(), "c"); err != nil {
			return err
		}
		if err := stores[1].Write(t.Context(), take); err != nil {
			t.Error(err)
		}
		return take(tx)
	})
	if tries != maxTries || !errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("%d tries, want %d: %v", tries, maxTries, err)
	}
	if err := stores[0].Ready(t.Context()); err != nil || stores[0].failed.Load() {
		t.Errorf("ready: %v", err)
	}
	if c, err := stores[0].Campaign(t.Context(), "c"); err != nil || c.Issued != maxTries {
		t.Errorf("%d issued (%v), want only the other's %d", c.Issued, err, maxTries)
	}
	gone, leave := context.WithCancel(t.Context())
	tries = 0
	err = stores[0].Write(gone, func(tx ledger.Tx) error {
		tries++
		_, err := tx.Campaign(gone, "c")
		leave()
		return errors.Join(err, stores[1].Write(t.Context(), take), take(tx))
	})
	if tries != 1 || !errors.Is(err, context.Canceled) {
		t.Errorf("for one who has gone: %d tries, %v", tries, err)
	}
}

// A failure that a transaction keeps to itself still ends it.
func TestAFailureThatIsKeptQuietIsNoSuccess(t *testing.T) {
	t.Parallel()
	s := sharing(t, 1)[0]
	for name, answer := range map[string]error{"nothing": nil, "a refusal": errRefused} {
		tries := 0
		err := s.Write(t.Context(), func(tx ledger.Tx) error {
			tries++
			_ = putMeta("name")(tx)
			_ = tx.InsertCoupons(t.Context(), []ledger.Coupon{{ID: "orphan", CampaignID: "none", State: "lost"}}, false) // a broken CHECK
			return answer
		})
		if !errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, errRefused) || sqlState(err) == "" || tries != 1 {
			t.Errorf("answering %s: %d tries, %v", name, tries, err)
		}
	}
	if _, err := s.Meta(t.Context(), "name"); !errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("it was written: %v", err)
	}
	if s.failed.Load() {
		t.Error("the server is blamed for a wrong row")
	}
}

// Replies are forgotten by whoever comes along: one who finds others at it
// neither waits nor runs again.
func TestForgettingIsInNobodysWay(t *testing.T) {
	t.Parallel()
	stores := sharing(t, 2)
	save := func(key string, at int64) func(ledger.Tx) error {
		return func(tx ledger.Tx) error {
			return tx.SaveReply(t.Context(), ledger.StoredReply{Key: key, Fingerprint: []byte{1}, Response: []byte{2}, CreatedAt: time.Unix(at, 0)}, time.Unix(100, 0))
		}
	}
	count := func() (n int) {
		if err := stores[0].one(t.Context(), `SELECT count(*) FROM replies WHERE created_at < ?`, []any{time.Unix(100, 0).UnixMicro()}, &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	nothing := func(ledger.Tx) error { return nil }
	look := func(tx ledger.Tx) error {
		_, err := tx.Campaigns(t.Context(), ledger.Page{Limit: 1})
		return err
	}
	for i := range int64(2 * forgetAtOnce) { // each forgets those before it, but for itself
		if err := stores[0].Write(t.Context(), func(tx ledger.Tx) error {
			return tx.SaveReply(t.Context(), ledger.StoredReply{Key: fmt.Sprint("old", i), Fingerprint: []byte{1}, Response: []byte{2}, CreatedAt: time.Unix(i, 0)}, time.Unix(0, 0))
		}); err != nil {
			t.Fatal(err)
		}
	}
	// The other one is not done yet: its replies are left to it.
	tries, err := beside(t, stores[0], save("one", 200), func() {
		if tries, err := beside(t, stores[1], nothing, func() {}, save("two", 200)); tries != 1 || err != nil {
			t.Errorf("beside one who forgets: %d tries, %v", tries, err)
		}
	}, nothing)
	if n := count(); tries != 1 || err != nil || n != 0 {
		t.Errorf("%d tries, %v, %d replies are left", tries, err, n)
	}
	// The other one is done since this one looked.
	if err := stores[0].Write(t.Context(), func(tx ledger.Tx) error {
		return tx.SaveReply(t.Context(), ledger.StoredReply{Key: "older", Fingerprint: []byte{1}, Response: []byte{2}, CreatedAt: time.Unix(1, 0)}, time.Unix(0, 0))
	}); err != nil {
		t.Fatal(err)
	}
	tries, err = beside(t, stores[0], look, func() {
		if err := stores[1].Write(t.Context(), save("three", 200)); err != nil {
			t.Error(err)
		}
	}, save("four", 200))
	if n := count(); tries != 1 || err != nil || n != 0 {
		t.Errorf("%d tries, %v, %d replies are left", tries, err, n)
	}
	for _, key := range []string{"one", "two", "three", "four"} {
		if _, err := stores[0].Reply(t.Context(), key); err != nil {
			t.Errorf("reply %s: %v", key, err)
		}
	}
}
