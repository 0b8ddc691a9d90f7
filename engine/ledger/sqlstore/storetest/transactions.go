// A transaction is seen whole or not at all: by itself at once, by readers
// after its commit, by nobody when it was refused.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"scrip/engine/ledger"
)

// stamp is where the steps' rows are: behind those that were there before.
var stamp = epoch.Add(time.Hour)

// steps change the store, each by one method, from what [furnish] wrote.
var steps = map[string]func(context.Context, ledger.Tx) (bool, error){
	"InsertCampaign": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		return tx.InsertCampaign(ctx, campaign("new"))
	},
	"SetPaused": func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.SetPaused(ctx, "c", true) },
	"TakeIssue": func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.TakeIssue(ctx, "c", 2) },
	"TakeShares, a first": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		return tx.TakeShares(ctx, "c", []string{"bob"}, 1)
	},
	"TakeShares, one more": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		return tx.TakeShares(ctx, "c", []string{"ann"}, 5)
	},
	"InsertCoupons": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		return true, tx.InsertCoupons(ctx, []ledger.Coupon{coupon("new", "bob")}, false)
	},
	"InsertCoupons granted": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		return true, tx.InsertCoupons(ctx, []ledger.Coupon{coupon("new", "ann")}, true)
	},
	"Revoke":   func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.Revoke(ctx, "one") },
	"Register": func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.Register(ctx, "bob", stamp) },
	"PutBlock, a first": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		_, err := tx.PutBlock(ctx, ledger.Block{CustomerID: "bob", Reason: "new", CreatedAt: stamp})
		return true, err
	},
	"PutBlock, another reason": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		_, err := tx.PutBlock(ctx, ledger.Block{CustomerID: "ann", Reason: "new", CreatedAt: stamp})
		return true, err
	},
	"DeleteBlock": func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.DeleteBlock(ctx, "ann") },
	"SaveReply": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		return true, tx.SaveReply(ctx, ledger.StoredReply{Key: "bob", Fingerprint: []byte{1}, Response: []byte{2}, CreatedAt: stamp}, epoch)
	},
	"SaveReply that forgets": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		return true, tx.SaveReply(ctx, ledger.StoredReply{Key: "bob", Fingerprint: []byte{1}, Response: []byte{2}, CreatedAt: stamp}, stamp)
	},
	"PutMeta": func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.PutMeta(ctx, "bob", "new") },
}

func init() { maps.Copy(steps, orderSteps) }

// furnish writes one row of each kind, all of ann's.
func furnish(t testing.TB, s ledger.Store) {
	t.Helper()
	addCampaign(t, s)
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		_, err1 := tx.TakeIssue(ctx, "c", 1)
		_, err2 := tx.TakeShares(ctx, "c", []string{"ann"}, 1)
		_, err3 := tx.Register(ctx, "ann", epoch)
		_, err4 := tx.PutBlock(ctx, ledger.Block{CustomerID: "ann", Reason: "old", CreatedAt: epoch})
		_, err5 := tx.PutMeta(ctx, "ann", "old")
		return errors.Join(err1, err2, err3, err4, err5, tx.InsertCoupons(ctx, []ledger.Coupon{coupon("one", "ann")}, true), furnishOrders(ctx, tx),
			tx.SaveReply(ctx, ledger.StoredReply{Key: "ann", Fingerprint: []byte{1}, Response: []byte{2}, CreatedAt: epoch}, epoch))
	})
}

// read tells everything that a reader sees of ann, bob and the lists.
func read(ctx context.Context, r ledger.Reader) string {
	var seen strings.Builder
	tell := func(what string, value any, err error) {
		if errors.Is(err, ledger.ErrNotFound) {
			value, err = "absent", nil
		}
		fmt.Fprintf(&seen, "%s: %+v %v\n", what, value, err) //nolint:errcheck // a Builder never fails
	}
	campaigns, err := r.Campaigns(ctx, ledger.Page{Limit: 500})
	for _, c := range campaigns {
		tell("campaign", show(c), nil)
	}
	tell("campaigns", len(campaigns), err)
	blocks, err := r.Blocklist(ctx, ledger.Page{Limit: 500})
	tell("blocklist", blocks, err)
	readOrders(ctx, r, tell)
	for _, id := range []string{"ann", "bob"} {
		coupons, err := r.Coupons(ctx, id, "", stamp, ledger.Page{Limit: 500})
		tell("coupons of "+id, coupons, err)
		grants, err := r.Grants(ctx, id)
		tell("grants of "+id, grants, err)
		holdings, err := r.Holdings(ctx, []string{id}, stamp)
		tell("holdings of "+id, holdings, err)
		blocked, err := r.Blocked(ctx, id)
		tell("blocked "+id, blocked, err)
		reply, err := r.Reply(ctx, id)
		tell("reply of "+id, reply, err)
		meta, err := r.Meta(ctx, id)
		tell("meta of "+id, meta, err)
	}
	return seen.String()
}

// readTx tells what a transaction sees, counts included.
func readTx(ctx context.Context, tx ledger.Tx) string {
	seen := read(ctx, tx)
	for _, id := range []string{"ann", "bob"} {
		shares, err1 := tx.CountShares(ctx, "c", []string{id})
		available, err2 := tx.CountAvailable(ctx, []string{id}, stamp)
		seen += fmt.Sprintf("%s: share %d (%v), available %d (%v)\n", id, shares[id], err1, available[id], err2)
	}
	return seen
}

// now is what the next transaction sees.
func now(t testing.TB, s ledger.Store) (seen string) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		seen = readTx(ctx, tx)
		return nil
	})
	return seen
}

func testTransactions(t *testing.T, s ledger.Store) {
	furnish(t, s)
	for name, step := range steps {
		t.Run(name, func(t *testing.T) { checkRefused(t, s, step) })
	}
	all := func(ctx context.Context, tx ledger.Tx) (bool, error) {
		for name, step := range steps {
			if name == "InsertCoupons granted" || name == "SaveReply" {
				continue // the same row as the step beside it
			}
			if ok, err := step(ctx, tx); err != nil || !ok {
				return ok, err
			}
		}
		return true, nil
	}
	t.Run("all together", func(t *testing.T) { checkRefused(t, s, all) })
	t.Run("all committed", func(t *testing.T) { checkCommitted(t, s, all) })
}

// checkRefused: a refused transaction sees its own writes, readers beside it
// do not, and afterwards nothing is left of it.
func checkRefused(t *testing.T, s ledger.Store, step func(context.Context, ledger.Tx) (bool, error)) {
	t.Helper()
	ctx := t.Context()
	before := now(t, s)
	committed := read(ctx, s)
	err := s.Write(ctx, func(tx ledger.Tx) error {
		if ok, err := step(ctx, tx); err != nil || !ok {
			return fmt.Errorf("the step did nothing: ok %v, %w", ok, err)
		}
		if readTx(ctx, tx) == before {
			return errors.New("the transaction does not see what it wrote")
		}
		if beside := read(ctx, s); beside != committed {
			return fmt.Errorf("a reader sees what is not committed:\n%s", beside)
		}
		return fmt.Errorf("wrapped: %w", errRefused)
	})
	if !errors.Is(err, errRefused) || errors.Is(err, ledger.ErrUnavailable) {
		t.Fatalf("the transaction ended with %v, want its own error", err)
	}
	if after := now(t, s); after != before {
		t.Errorf("a refused transaction left\n%s\nwhere there was\n%s", after, before)
	}
}

func checkCommitted(t *testing.T, s ledger.Store, step func(context.Context, ledger.Tx) (bool, error)) {
	t.Helper()
	var inside string
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		_, err := step(ctx, tx)
		inside = readTx(ctx, tx)
		return err
	})
	if after := now(t, s); after != inside {
		t.Errorf("committed, there is\n%s\nwhere the transaction saw\n%s", after, inside)
	}
	if committed := read(t.Context(), s); !strings.HasPrefix(inside, committed) {
		t.Errorf("committed, readers see\n%s\nwhere the transaction saw\n%s", committed, inside)
	}
}

// testDuplicates: what must be new and is not fails, and the first stays.
func testDuplicates(t *testing.T, s ledger.Store) {
	furnish(t, s)
	before := now(t, s)
	for name, step := range map[string]func(context.Context, ledger.Tx) error{
		"a coupon's id": func(ctx context.Context, tx ledger.Tx) error {
			return tx.InsertCoupons(ctx, []ledger.Coupon{coupon("one", "bob")}, false)
		},
		"a refund's id": func(ctx context.Context, tx ledger.Tx) error {
			return tx.InsertRefund(ctx, ledger.Refund{ID: "old", RedemptionID: "to end", Currency: currency("USD"), CreatedAt: stamp})
		},
		"an event's id": func(ctx context.Context, tx ledger.Tx) error {
			return tx.InsertEvents(ctx, ledger.Event{ID: "old", At: stamp, Kind: ledger.CouponRevoked, CouponID: "one", CustomerID: "ann"})
		},
		"a reply's key": func(ctx context.Context, tx ledger.Tx) error {
			return tx.SaveReply(ctx, ledger.StoredReply{Key: "ann", Fingerprint: []byte{9}, Response: []byte{9}, CreatedAt: stamp}, epoch)
		},
	} {
		err := s.Write(t.Context(), func(tx ledger.Tx) error { return step(t.Context(), tx) })
		unavailable(t, name+" twice", err)
	}
	if after := now(t, s); after != before {
		t.Errorf("a failed transaction left\n%s\nwhere there was\n%s", after, before)
	}
}
