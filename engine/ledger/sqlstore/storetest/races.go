// Races: of many who want the same thing at once, exactly as many get it as
// there is of it.
package storetest

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"scrip/engine/ledger"
)

// contenders is how many goroutines race for one thing.
const contenders = 64

// races are conditional updates that each caller makes several times over;
// winners is how many of all attempts must win.
var races = []struct {
	name    string
	winners int64
	attempt func(ctx context.Context, tx ledger.Tx, who string) (bool, error)
}{
	{"TakeIssue one by one", 100, func(ctx context.Context, tx ledger.Tx, _ string) (bool, error) {
		return tx.TakeIssue(ctx, "hundred", 1)
	}},
	{"TakeIssue by threes", 33, func(ctx context.Context, tx ledger.Tx, _ string) (bool, error) { return tx.TakeIssue(ctx, "again", 3) }},
	{"TakeShares", 7, func(ctx context.Context, tx ledger.Tx, _ string) (bool, error) {
		return tx.TakeShares(ctx, "hundred", []string{"ann"}, 7)
	}},
	{"Revoke", 1, func(ctx context.Context, tx ledger.Tx, _ string) (bool, error) { return tx.Revoke(ctx, "one") }},
	{"Register", 1, func(ctx context.Context, tx ledger.Tx, _ string) (bool, error) { return tx.Register(ctx, "ann", epoch) }},
	{"PutMeta", 1, func(ctx context.Context, tx ledger.Tx, who string) (bool, error) { return tx.PutMeta(ctx, "name", who) }},
	{"SetPaused", 1, func(ctx context.Context, tx ledger.Tx, _ string) (bool, error) {
		return tx.SetPaused(ctx, "hundred", true)
	}},
	{"DeleteBlock", 1, func(ctx context.Context, tx ledger.Tx, _ string) (bool, error) { return tx.DeleteBlock(ctx, "ann") }},
	{"InsertCampaign", 1, func(ctx context.Context, tx ledger.Tx, who string) (bool, error) {
		c := campaign("new")
		c.Name = who
		return tx.InsertCampaign(ctx, c)
	}},
	{"CountAvailable before InsertCoupons", 10, func(ctx context.Context, tx ledger.Tx, who string) (bool, error) {
		n, err := tx.CountAvailable(ctx, []string{"bob"}, epoch)
		if err != nil || n["bob"] >= 10 {
			return false, err
		}
		return true, tx.InsertCoupons(ctx, []ledger.Coupon{coupon(who, "bob")}, false)
	}},
	{"TakeKey before SaveReply", 1, func(ctx context.Context, tx ledger.Tx, who string) (bool, error) {
		if ok, err := tx.TakeKey(ctx, "taken", epoch); err != nil || !ok {
			return false, err
		}
		return true, tx.SaveReply(ctx, ledger.StoredReply{Key: "taken", Fingerprint: []byte{1}, Response: []byte(who), CreatedAt: epoch}, epoch)
	}},
	{"Reply before SaveReply", 1, func(ctx context.Context, tx ledger.Tx, who string) (bool, error) {
		if _, err := tx.Reply(ctx, "key"); err == nil {
			return false, nil
		}
		return true, tx.SaveReply(ctx, ledger.StoredReply{Key: "key", Fingerprint: []byte{1}, Response: []byte(who), CreatedAt: epoch}, epoch)
	}},
}

func testRaces(t *testing.T, s ledger.Store) { Race(t, s) }

// Race runs all races on an empty ledger. The contenders are spread over the
// stores given, which share that ledger as several processes would.
func Race(t *testing.T, stores ...ledger.Store) {
	s := stores[0]
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		for _, id := range []string{"hundred", "again", "c"} {
			c := campaign(id)
			c.Quantity = 100
			if _, err := tx.InsertCampaign(ctx, c); err != nil {
				return err
			}
		}
		if _, err := tx.PutBlock(ctx, ledger.Block{CustomerID: "ann", CreatedAt: epoch}); err != nil {
			return err
		}
		return tx.InsertCoupons(ctx, []ledger.Coupon{coupon("one", "ann")}, false)
	})
	raceForOrders(t, stores)
	last := make(map[string]string)
	for _, race := range races {
		last[race.name] = run(t, stores, race.name, race.winners, race.attempt)
	}
	if got := must[string](t)(s.Meta(t.Context(), "name")); got != last["PutMeta"] {
		t.Errorf("the value is %q's, the winner was %q", got, last["PutMeta"])
	}
	if got := must[ledger.Campaign](t)(s.Campaign(t.Context(), "new")).Name; got != last["InsertCampaign"] {
		t.Errorf("the campaign is %q's, the winner was %q", got, last["InsertCampaign"])
	}
	if got := must[ledger.StoredReply](t)(s.Reply(t.Context(), "key")).Response; string(got) != last["Reply before SaveReply"] {
		t.Errorf("the reply is %q's, the winner was %q", got, last["Reply before SaveReply"])
	}
	if got := must[ledger.StoredReply](t)(s.Reply(t.Context(), "taken")).Response; string(got) != last["TakeKey before SaveReply"] {
		t.Errorf("the reply is %q's, who took the key was %q", got, last["TakeKey before SaveReply"])
	}
	for id, want := range map[string]int64{"hundred": 100, "again": 99} {
		if c := must[ledger.Campaign](t)(s.Campaign(t.Context(), id)); c.Issued != want {
			t.Errorf("%q has issued %d, want %d", id, c.Issued, want)
		}
	}
	wantShare(t, s, "hundred", "ann", 7)
}

// run lets all race and returns who won last.
func run(t *testing.T, stores []ledger.Store, name string, winners int64, attempt func(context.Context, ledger.Tx, string) (bool, error)) (last string) {
	t.Helper()
	var won, lost atomic.Int64
	var winner atomic.Value
	together(contenders, func(i int) {
		for try := range 3 {
			ok, who := false, fmt.Sprint("caller ", i, " try ", try)
			err := stores[i%len(stores)].Write(t.Context(), func(tx ledger.Tx) (err error) {
				ok, err = attempt(t.Context(), tx, who)
				return err
			})
			switch {
			case err != nil:
				t.Errorf("%s: %v", name, err)
			case ok:
				won.Add(1)
				winner.Store(who)
			default:
				lost.Add(1)
			}
		}
	})
	if won.Load() != winners || won.Load()+lost.Load() != 3*contenders {
		t.Errorf("%s: %d of %d won, want %d", name, won.Load(), won.Load()+lost.Load(), winners)
	}
	last, _ = winner.Load().(string)
	return last
}
