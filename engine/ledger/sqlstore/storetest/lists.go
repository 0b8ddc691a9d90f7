// Lists: ids compare byte for byte, pages join without gap or overlap, and
// length is no matter.
package storetest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"scrip/engine/ledger"
)

// oddIDs look alike to a database that folds case, normalises, trims, reads
// numbers or sorts by language or by UTF-16.
func oddIDs() []string {
	ids := []string{
		"a", "A", "b", "B", "_", "\u00e1", "a\u0301", "ß", "ss", "SS", "ſs", "i", "I", "ı", "İ",
		"1", "01", "1.0", "1e0", "0x1", " 1", "1 ", "a ", " a", "a\u00a0", "a\u200b", "\u200ba", "\ufeffa",
		"%", "%2F", "a/b", "a%", "a_", "a'", `a"`, `a\`, "a--", "a;", "?", "?1", ":a", "$1", "NULL", "null", "true",
		"\uffee", "\uf900", "𝔘", "🎟", "👩‍👩‍👧", "👩", "\u2126", "\u03a9", "ǅ", "ﬁ", "fi", "日本", "עברית", "\u202ea",
		strings.Repeat("x", 128), strings.Repeat("x", 127), strings.Repeat("é", 64),
	}
	slices.Sort(ids) // by bytes
	return slices.Compact(ids)
}

func testIDs(t *testing.T, s ledger.Store) {
	ctx := t.Context()
	ids := oddIDs()
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		for _, id := range slices.Backward(ids) {
			if err := everywhere(ctx, tx, id); err != nil {
				return fmt.Errorf("id %q: %w", id, err)
			}
		}
		return nil
	})
	for _, id := range ids {
		coupons := must[[]ledger.Coupon](t)(s.Coupons(ctx, id, "", epoch, ledger.Page{Limit: 500}))
		grants := must[[]ledger.Coupon](t)(s.Grants(ctx, id))
		if len(coupons) != 1 || coupons[0].ID != id || coupons[0].CampaignID != id || coupons[0].HeldUntil.IsZero() || !slices.Equal(coupons, grants) {
			t.Errorf("customer %q has %+v, granted %+v", id, coupons, grants)
		}
		if r := must[ledger.StoredReply](t)(s.Reply(ctx, id)); string(r.Response) != id {
			t.Errorf("key %q has the reply of %q", id, r.Response)
		}
		if c := must[ledger.Campaign](t)(s.Campaign(ctx, id)); c.ID != id {
			t.Errorf("campaign %q is %q", id, c.ID)
		}
		wantShare(t, s, id, id, 1)
		checkOrderOf(t, s, id)
	}
	var campaigns, blocked []string
	for _, c := range must[[]ledger.Campaign](t)(s.Campaigns(ctx, ledger.Page{Limit: 500})) {
		campaigns = append(campaigns, c.ID)
	}
	for _, b := range must[[]ledger.Block](t)(s.Blocklist(ctx, ledger.Page{Limit: 500})) {
		blocked = append(blocked, b.CustomerID)
	}
	if !slices.Equal(campaigns, ids) || !slices.Equal(blocked, ids) {
		t.Errorf("not in order of bytes: campaigns %q, blocklist %q", campaigns, blocked)
	}
}

// everywhere uses one id wherever an id can stand; each use must be new.
func everywhere(ctx context.Context, tx ledger.Tx, id string) error {
	c := coupon(id, id)
	c.CampaignID = id
	for _, fn := range []func() (bool, error){
		func() (bool, error) { return tx.InsertCampaign(ctx, campaign(id)) },
		func() (bool, error) { return tx.TakeShares(ctx, id, []string{id}, 1) },
		func() (bool, error) { return tx.Register(ctx, id, epoch) },
		func() (bool, error) { return tx.PutMeta(ctx, id, id) },
	} {
		if ok, err := fn(); err != nil || !ok {
			return fmt.Errorf("taken for another's (%w)", err)
		}
	}
	if err := tx.InsertCoupons(ctx, []ledger.Coupon{c}, true); err != nil {
		return err
	}
	if _, err := tx.PutBlock(ctx, ledger.Block{CustomerID: id, CreatedAt: epoch}); err != nil {
		return err
	}
	if err := orderEverywhere(ctx, tx, id); err != nil {
		return err
	}
	return tx.SaveReply(ctx, ledger.StoredReply{Key: id, Fingerprint: []byte{1}, Response: []byte(id), CreatedAt: epoch}, epoch)
}

// testPages reads every list in pages of every size, where many rows share an
// instant and ids are not in the order they were written.
func testPages(t *testing.T, s ledger.Store) {
	ctx := t.Context()
	var want []ledger.Position
	addCampaign(t, s)
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		for i := range 13 {
			at := epoch.Add(time.Duration(i/5) * time.Microsecond)
			id := fmt.Sprintf("%02d", i*8%13) // 0 8 3 11 6 | 1 9 4 12 7 | 2 10 5
			want = append(want, ledger.Position{CreatedAt: at, ID: id})
			mine, other := coupon(id, "ann"), coupon("other "+id, "bob")
			mine.CreatedAt, other.CreatedAt = at, at
			for _, c := range []ledger.Coupon{mine, other} {
				if err := tx.InsertCoupons(ctx, []ledger.Coupon{c}, false); err != nil {
					return err
				}
			}
			listed := campaign(id)
			listed.CreatedAt = at
			if _, err := tx.InsertCampaign(ctx, listed); err != nil {
				return err
			}
			if _, err := tx.PutBlock(ctx, ledger.Block{CustomerID: id, CreatedAt: at}); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(want, byAge)
	for _, status := range []ledger.Status{"", ledger.StatusAvailable} {
		checkPages(t, "coupons", want, couponAt, func(p ledger.Page) ([]ledger.Coupon, error) { return s.Coupons(ctx, "ann", status, epoch, p) })
	}
	checkPages(t, "blocklist", want, blockAt, func(p ledger.Page) ([]ledger.Block, error) { return s.Blocklist(ctx, p) })
	withC := slices.Concat(want, []ledger.Position{{CreatedAt: epoch, ID: "c"}})
	slices.SortFunc(withC, byAge)
	checkPages(t, "campaigns", withC, campaignAt, func(p ledger.Page) ([]ledger.Campaign, error) { return s.Campaigns(ctx, p) })
}

func checkPages[T any](t *testing.T, what string, want []ledger.Position, at func(T) ledger.Position, read func(ledger.Page) ([]T, error)) {
	t.Helper()
	for limit := 1; limit <= len(want)+1; limit++ {
		if got := walk(t, limit, at, read); !slices.Equal(got, want) {
			t.Errorf("%s in pages of %d\n got %v\nwant %v", what, limit, got, want)
		}
	}
	// A position need not be a row's own: the list goes on right behind it.
	for i, row := range want {
		for _, p := range []ledger.Position{
			{CreatedAt: row.CreatedAt, ID: row.ID + "\x01"},
			{CreatedAt: row.CreatedAt, ID: row.ID},
		} {
			rest := must[[]T](t)(read(ledger.Page{Limit: len(want), After: p}))
			if len(rest) != len(want)-i-1 {
				t.Errorf("%s after %v has %d rows, want %d", what, p, len(rest), len(want)-i-1)
			}
		}
	}
	end := ledger.Position{CreatedAt: want[len(want)-1].CreatedAt.Add(time.Microsecond)}
	if rest := must[[]T](t)(read(ledger.Page{Limit: 1, After: end})); len(rest) > 0 {
		t.Errorf("%s has %d rows behind its end", what, len(rest))
	}
}

func walk[T any](t *testing.T, limit int, at func(T) ledger.Position, read func(ledger.Page) ([]T, error)) (all []ledger.Position) {
	t.Helper()
	page := ledger.Page{Limit: limit}
	for {
		items := must[[]T](t)(read(page))
		if len(items) > limit {
			t.Fatalf("a page of %d has %d rows", limit, len(items))
		}
		if len(items) == 0 {
			return all
		}
		if at(items[0]) == page.After {
			t.Fatalf("a page begins with the row %v that it should come after", page.After)
		}
		for _, item := range items {
			all = append(all, at(item))
		}
		page.After = all[len(all)-1]
	}
}

func byAge(a, b ledger.Position) int {
	if order := a.CreatedAt.Compare(b.CreatedAt); order != 0 {
		return order
	}
	return strings.Compare(a.ID, b.ID)
}

func couponAt(c ledger.Coupon) ledger.Position {
	return ledger.Position{CreatedAt: c.CreatedAt, ID: c.ID}
}
func campaignAt(c ledger.Campaign) ledger.Position {
	return ledger.Position{CreatedAt: c.CreatedAt, ID: c.ID}
}
func blockAt(b ledger.Block) ledger.Position {
	return ledger.Position{CreatedAt: b.CreatedAt, ID: b.CustomerID}
}

// testLongLists: more rows than any page, one transaction of thousands of
// statements.
func testLongLists(t *testing.T, s ledger.Store) {
	const rows = 1_100
	addCampaign(t, s)
	want := make([]ledger.Position, rows)
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		for i := range rows {
			c := coupon(fmt.Sprintf("cpn_%06d", rows-i), "ann")
			c.CreatedAt = epoch.Add(time.Duration(i/100) * time.Microsecond)
			want[i] = couponAt(c)
			if err := tx.InsertCoupons(ctx, []ledger.Coupon{c}, true); err != nil {
				return err
			}
		}
		_, err := tx.Register(ctx, "ann", epoch)
		return err
	})
	slices.SortFunc(want, byAge)
	for _, limit := range []int{499, 500, rows, rows + 1} {
		got := walk(t, limit, couponAt, func(p ledger.Page) ([]ledger.Coupon, error) {
			return s.Coupons(t.Context(), "ann", ledger.StatusAvailable, epoch, p)
		})
		if !slices.Equal(got, want) {
			t.Errorf("%d coupons in pages of %d differ from what was written", rows, limit)
		}
	}
	if got := must[[]ledger.Coupon](t)(s.Grants(t.Context(), "ann")); len(got) != rows {
		t.Errorf("%d coupons are granted, want %d", len(got), rows)
	}
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		n, err := tx.CountAvailable(ctx, []string{"ann"}, epoch)
		if n["ann"] != rows {
			t.Errorf("%d coupons are available, want %d", n["ann"], rows)
		}
		return err
	})
}
