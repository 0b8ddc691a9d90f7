// Gift cards come back as they went in, are found by their lookup alone, and
// leave the active state once; failures are counted by subject.
package storetest

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"scrip/engine/ledger"
)

// card is an active one without an owner and without an end.
func card(id string) ledger.GiftCard {
	return ledger.GiftCard{ID: id, Number: "number " + id, Currency: currency("USD"), Amount: 5_000, State: ledger.CardActive, CreatedAt: epoch,
		Lookup: []byte("lookup " + id), Code: ledger.SealedCode{Key: 1, Sealed: []byte{0, 255, '\''}}}
}

// addCards writes cards that must be new.
func addCards(t testing.TB, s ledger.Store, cards ...ledger.GiftCard) {
	t.Helper()
	for _, c := range cards {
		if !won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.InsertCard(ctx, c) }) {
			t.Fatalf("card %s is not new", c.ID)
		}
	}
}

func testCards(t *testing.T, s ledger.Store) {
	ctx := t.Context()
	full := card("full")
	full.CustomerID, full.ExpiresAt, full.Currency, full.Amount = "ann “ö”", epoch.Add(time.Hour), currency("KWD"), 1<<53+1
	full.Code.Key = 1 << 40
	addCards(t, s, full, card("plain"))
	for _, want := range []ledger.GiftCard{full, card("plain")} {
		byID := must[ledger.GiftCard](t)(s.GiftCard(ctx, want.ID))
		byLookup := must[ledger.GiftCard](t)(s.CardByLookup(ctx, want.Lookup))
		if got := fmt.Sprintf("%+v", byID); got != fmt.Sprintf("%+v", want) || got != fmt.Sprintf("%+v", byLookup) {
			t.Errorf("card\n got %+v\n and %+v\nwant %+v", byID, byLookup, want)
		}
	}
	_, err := s.GiftCard(ctx, "Full")
	notFound(t, "a card that is not there", err)
	_, err = s.CardByLookup(ctx, []byte("lookup Full"))
	notFound(t, "a lookup of no card", err)
	twin := card("twin")
	twin.Number = full.Number
	if won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.InsertCard(ctx, twin) }) {
		t.Error("two cards have one number")
	}
	take := func(id string) bool {
		return won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.TakeCard(ctx, id, "bob") })
	}
	revoke := func(id string) bool {
		return won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.RevokeCard(ctx, id) })
	}
	if !take("full") || take("full") || revoke("full") || !revoke("plain") || revoke("plain") || take("plain") || take("none") || revoke("none") {
		t.Error("a card leaves the active state once")
	}
	taken, revoked := must[ledger.GiftCard](t)(s.GiftCard(ctx, "full")), must[ledger.GiftCard](t)(s.GiftCard(ctx, "plain"))
	if taken.State != ledger.CardRedeemed || taken.RedeemedBy != "bob" || revoked.State != ledger.CardRevoked || revoked.RedeemedBy != "" {
		t.Errorf("taken %+v, revoked %+v", taken, revoked)
	}
}

// testCardLists: by customer and by status at an instant, oldest first, page by
// page.
func testCardLists(t *testing.T, s ledger.Store) {
	for i, id := range []string{"d", "c", "b", "a"} {
		c := card(id)
		c.CustomerID, c.CreatedAt = "ann", epoch.Add(time.Duration(i/2)*time.Microsecond)
		if id == "a" {
			c.ExpiresAt = epoch.Add(time.Hour)
		}
		addCards(t, s, c)
	}
	addCards(t, s, card("nobody's"))
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		_, err1 := tx.TakeCard(ctx, "c", "bob")
		_, err2 := tx.RevokeCard(ctx, "d")
		return first(err1, err2)
	})
	for _, q := range []struct {
		customer string
		status   ledger.CardStatus
		after    time.Duration
		want     string
	}{
		{"ann", "", 0, "c d a b"}, {"", "", 0, "c d nobody's a b"}, {"bob", "", 0, ""}, {"Ann", "", 0, ""},
		{"ann", ledger.StatusCardActive, time.Hour - 1_000, "a b"}, {"ann", ledger.StatusCardActive, time.Hour, "b"},
		{"ann", ledger.StatusCardExpired, time.Hour - 1_000, ""}, {"ann", ledger.StatusCardExpired, time.Hour, "a"},
		{"", ledger.StatusCardActive, time.Hour, "nobody's b"}, {"", ledger.StatusCardExpired, time.Hour, "a"},
		{"ann", ledger.StatusCardRedeemed, 0, "c"}, {"ann", ledger.StatusCardRevoked, 0, "d"},
	} {
		for _, limit := range []int{1, 2, 500} {
			var got []string
			for page := (ledger.Page{Limit: limit}); ; {
				cards := must[[]ledger.GiftCard](t)(s.GiftCards(t.Context(), q.customer, q.status, epoch.Add(q.after), page))
				for _, c := range cards {
					got = append(got, c.ID)
					page.After = ledger.Position{CreatedAt: c.CreatedAt, ID: c.ID}
				}
				if len(cards) < limit {
					break
				}
			}
			if strings.Join(got, " ") != q.want {
				t.Errorf("%q %q by %d: %q, want %q", q.customer, q.status, limit, got, q.want)
			}
		}
	}
}

func first(errs ...error) error {
	if at := slices.IndexFunc(errs, func(err error) bool { return err != nil }); at >= 0 {
		return errs[at]
	}
	return nil
}

// testCardKeys: codes under older keys are found, the oldest first, and sealed
// anew once.
func testCardKeys(t *testing.T, s ledger.Store) {
	for i, id := range []string{"new", "older", "old", "old 2"} {
		c := card(id)
		c.Code.Key = []int64{3, 1, 2, 2}[i]
		addCards(t, s, c)
	}
	set := func(id string, was int64) bool {
		return won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) {
			return tx.SetCode(ctx, id, was, ledger.SealedCode{Key: 3, Sealed: []byte("anew")})
		})
	}
	others := func(limit int) (ids []string) {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error {
			ids = nil
			cards, err := tx.SealedOtherwise(ctx, 3, limit)
			for _, c := range cards {
				ids = append(ids, c.ID)
			}
			return err
		})
		return ids
	}
	if got := others(2); !slices.Equal(got, []string{"older", "old"}) {
		t.Errorf("the first two under older keys are %q", got)
	}
	if set("old", 1) || !set("old", 2) || set("old", 2) || set("none", 1) {
		t.Error("a code is sealed anew once, if it is as it was")
	}
	if got := others(9); !slices.Equal(got, []string{"older", "old 2"}) {
		t.Errorf("under older keys are %q", got)
	}
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		n, err := tx.CountSealedOtherwise(ctx, 3)
		if n != 2 {
			t.Errorf("%d are counted under older keys, want 2", n)
		}
		return err
	})
	if c := must[ledger.GiftCard](t)(s.GiftCard(t.Context(), "old")); c.Code.Key != 3 || string(c.Code.Sealed) != "anew" {
		t.Errorf("sealed anew: %+v", c.Code)
	}
}

func testFailures(t *testing.T, s ledger.Store) {
	one, two := bytes.Repeat([]byte{0}, 32), append(bytes.Repeat([]byte{0}, 31), 1)
	put := func(subject []byte, f ledger.Failures) {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error { return tx.PutFailures(ctx, subject, f) })
	}
	is := func(what string, subject []byte, want ledger.Failures) {
		t.Helper()
		if got := must[ledger.Failures](t)(s.Failures(t.Context(), subject)); got != want {
			t.Errorf("%s: %+v, want %+v", what, got, want)
		}
	}
	is("nobody failed", one, ledger.Failures{})
	put(one, ledger.Failures{Count: 1, LastAt: epoch})
	put(two, ledger.Failures{Count: 9, LastAt: epoch})
	put(one, ledger.Failures{Count: 2, LastAt: epoch.Add(time.Microsecond)})
	is("again", one, ledger.Failures{Count: 2, LastAt: epoch.Add(time.Microsecond)})
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		return tx.ForgetFailures(ctx, [][]byte{one, []byte("other")})
	})
	is("forgotten", one, ledger.Failures{})
	is("another's", two, ledger.Failures{Count: 9, LastAt: epoch})
}
