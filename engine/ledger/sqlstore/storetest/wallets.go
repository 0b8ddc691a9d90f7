// Balances and the journal come back as they went in, the journal newest
// first; holds that a wallet paid for end by their customer.
package storetest

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"scrip/engine/ledger"
)

func testBalances(t *testing.T, s ledger.Store) {
	ctx := t.Context()
	_, err := s.Balance(ctx, "ann", currency("USD"))
	notFound(t, "a balance that was never booked", err)
	usd := ledger.Balance{CustomerID: "ann", Currency: currency("USD"), Cash: 1<<53 + 1, Gift: 2, Bonus: 3}
	kwd := ledger.Balance{CustomerID: "ann", Currency: currency("KWD")}
	bob := ledger.Balance{CustomerID: "Ann", Currency: currency("USD"), Cash: 4}
	for _, b := range []ledger.Balance{{CustomerID: "ann", Currency: currency("USD"), Gift: 9}, usd, kwd, bob} {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error { return tx.PutBalance(ctx, b) })
	}
	if got := must[ledger.Balance](t)(s.Balance(ctx, "ann", currency("USD"))); got != usd {
		t.Errorf("balance %+v, want %+v", got, usd)
	}
	if got := must[[]ledger.Balance](t)(s.Balances(ctx, "ann")); !slices.Equal(got, []ledger.Balance{kwd, usd}) {
		t.Errorf("balances %+v, want by code", got)
	}
	if got := must[[]ledger.Balance](t)(s.Balances(ctx, "bob")); len(got) != 0 {
		t.Errorf("balances of nobody: %+v", got)
	}
}

// entry is a journal entry that pays something into a wallet.
func entry(id, customerID string, at time.Duration) ledger.JournalEntry {
	return ledger.JournalEntry{ID: id, CustomerID: customerID, Kind: ledger.KindTopUp, Currency: currency("USD"), Reference: "ref “1”",
		Postings: []ledger.Posting{{Bucket: ledger.Cash, Amount: 7}, {Bucket: ledger.External, Amount: -7}}, CreatedAt: epoch.Add(at)}
}

func testJournal(t *testing.T, s ledger.Store) {
	all := entry("all", "ann", 2*time.Microsecond)
	all.Kind, all.Reference, all.Postings = ledger.KindRefund, "", []ledger.Posting{{Bucket: ledger.Cash, Amount: 1}, {Bucket: ledger.Gift, Amount: 2},
		{Bucket: ledger.Bonus, Amount: 3}, {Bucket: ledger.External, Amount: -1 << 53}, {Bucket: ledger.Cards, Amount: 4},
		{Bucket: ledger.Promotions, Amount: 1<<53 - 15}, {Bucket: ledger.Orders, Amount: 5}}
	entries := []ledger.JournalEntry{entry("b", "ann", 0), entry("d", "ann", time.Microsecond), entry("a", "ann", time.Microsecond), all,
		entry("past", "ann", -time.Hour), entry("bob's", "bob", 0)}
	for _, e := range entries {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error { return tx.InsertEntry(ctx, e) })
	}
	want := []ledger.JournalEntry{all, entries[1], entries[2], entries[0], entries[4]}
	for _, limit := range []int{1, 2, 3, 500} {
		var got []ledger.JournalEntry
		for page := (ledger.Page{Limit: limit}); ; {
			some := must[[]ledger.JournalEntry](t)(s.Journal(t.Context(), "ann", page))
			if got = append(got, some...); len(some) < limit {
				break
			}
			last := some[len(some)-1]
			page.After = ledger.Position{CreatedAt: last.CreatedAt, ID: last.ID}
		}
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("by %d\n got %+v\nwant %+v", limit, got, want)
		}
	}
	for what, wrong := range map[string]ledger.JournalEntry{
		"twice":      entries[0],
		"unbalanced": {ID: "x", CustomerID: "ann", Kind: ledger.KindTopUp, Currency: currency("USD"), Postings: []ledger.Posting{{Bucket: ledger.Cash, Amount: 1}}, CreatedAt: epoch},
		"no account": {ID: "y", CustomerID: "ann", Kind: ledger.KindTopUp, Currency: currency("USD"), Postings: []ledger.Posting{{Bucket: "x"}}, CreatedAt: epoch},
	} {
		if err := s.Write(t.Context(), func(tx ledger.Tx) error { return tx.InsertEntry(t.Context(), wrong) }); err == nil {
			t.Errorf("%s: the entry was taken", what)
		}
	}
}

// testPaidHolds: only reserved redemptions that the wallet paid for, of this
// customer, whose holds have ended.
func testPaidHolds(t *testing.T, s ledger.Store) {
	for i, id := range []string{"paid", "paid later", "bob's", "unpaid", "confirmed"} {
		r := redemption(id, "order "+id)
		if id == "paid later" {
			r.HoldUntil = epoch.Add(2 * time.Hour)
		}
		if id == "bob's" {
			r.CustomerID = "bob"
		}
		insert(t, s, r)
		if id == "unpaid" {
			continue
		}
		if id == "confirmed" {
			r.State = ledger.Confirmed
		}
		r.Drawn = ledger.Tender{Gift: 1, Bonus: amount(int64(i)), Cash: 3}
		if !won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.UpdateRedemption(ctx, r) }) {
			t.Fatalf("%s cannot be paid", id)
		}
	}
	due := func(customer string, at time.Duration) bool {
		return must[bool](t)(s.PaidHoldsEnded(t.Context(), customer, epoch.Add(at)))
	}
	end := func(at time.Duration) (ids []string) {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error {
			ids = nil
			ended, err := tx.EndHolds(ctx, ledger.Hold{CustomerID: "ann"}, epoch.Add(at))
			for _, r := range ended {
				if r.State != ledger.Lapsed || r.Drawn.Gift != 1 || r.Drawn.Cash != 3 || r.Version != 2 {
					t.Errorf("ended as %+v", r)
				}
				ids = append(ids, r.ID)
			}
			return err
		})
		return ids
	}
	if due("ann", time.Hour-time.Microsecond) || len(end(time.Hour-time.Microsecond)) > 0 || !due("ann", time.Hour) || due("cid", time.Hour) {
		t.Error("a hold ends at its end")
	}
	if got := end(time.Hour); !slices.Equal(got, []string{"paid"}) || due("ann", time.Hour) || !due("bob", time.Hour) {
		t.Errorf("ended are %q", got)
	}
	if got := end(9 * time.Hour); !slices.Equal(got, []string{"paid later"}) || due("ann", 9*time.Hour) {
		t.Errorf("ended are %q", got)
	}
}

// testFreeKey: a key that was given back is as if it had not been taken.
func testFreeKey(t *testing.T, s ledger.Store) {
	for range 2 {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error {
			ok, err := tx.TakeKey(ctx, "key", epoch)
			if err == nil && !ok {
				t.Error("a key that was given back is taken")
			}
			return first(err, tx.FreeKey(ctx, "key"), tx.PutFailures(ctx, []byte("subject"), ledger.Failures{Count: 1, LastAt: epoch}))
		})
		_, err := s.Reply(t.Context(), "key")
		notFound(t, "a key that was given back", err)
	}
	if f := must[ledger.Failures](t)(s.Failures(t.Context(), []byte("subject"))); f.Count != 1 {
		t.Errorf("what was written beside it is lost: %+v", f)
	}
	write(t, s, func(ctx context.Context, tx ledger.Tx) error { return tx.FreeKey(ctx, "") })
}

// testSetMeta: a value can be changed, by who holds it too.
func testSetMeta(t *testing.T, s ledger.Store) {
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		_, err := tx.HoldMeta(ctx, "name")
		notFound(t, "a value that nobody set", err)
		return nil
	})
	for _, value := range []string{"1", "2"} {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error {
			if err := tx.SetMeta(ctx, "name", value); err != nil {
				return err
			}
			held, err := tx.HoldMeta(ctx, "name")
			if held != value {
				t.Errorf("%q is held, want %q", held, value)
			}
			return err
		})
		if got := must[string](t)(s.Meta(t.Context(), "name")); got != value {
			t.Errorf("meta is %q, want %q", got, value)
		}
	}
}
