// Campaigns come back as they went in, and are counted exactly up to their
// bounds.
package storetest

import (
	"context"
	"math"
	"strings"
	"testing"
	"time"

	"scrip/engine/ledger"
)

// sampleCampaigns use every column at rest and at its extremes.
func sampleCampaigns() []ledger.Campaign {
	full := ledger.Campaign{
		ID: "full", Name: "all — “of” it 🎟", Paused: true, Issued: 3, Quantity: 10, PerCustomer: 7,
		Terms: ledger.Terms{Amount: 1_000, Currency: currency("KWD"), MinimumSpend: 5_000, MaximumDiscount: 900,
			Attributes: `{"a":[1,1.0,"\u0000"],"ä":null}`},
		StartsAt: epoch.Add(time.Microsecond), EndsAt: epoch.Add(time.Hour + 7*time.Microsecond),
		ValidFor:  ledger.Validity{Text: "1h30m", Duration: 90 * time.Minute},
		CreatedAt: epoch,
	}
	exact := campaign("exact")
	exact.Terms = ledger.Terms{Percent: percent("12.3456"), Currency: currency("CLF"), MaximumDiscount: 1}
	exact.CreatedAt = epoch.Add(time.Microsecond)
	large := campaign("large")
	large.Terms = ledger.Terms{Amount: math.MaxInt64, Currency: currency("JPY"), Attributes: strings.Repeat("x", 100_000)}
	large.Quantity, large.PerCustomer = math.MaxInt64, math.MaxInt64
	large.StartsAt = time.Date(1, 1, 1, 0, 0, 0, 1_000, time.UTC)
	large.EndsAt = time.Date(9999, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	large.CreatedAt = time.Date(1969, 12, 31, 23, 59, 59, 999_999_000, time.UTC)
	odd := campaign("odd text")
	odd.ValidFor = ledger.Validity{Text: "0h720h0m", Duration: 720 * time.Hour}
	odd.CreatedAt = epoch.Add(time.Hour)
	return []ledger.Campaign{large, full, exact, odd} // in order of creation
}

func testCampaigns(t *testing.T, s ledger.Store) {
	ctx := t.Context()
	samples := sampleCampaigns()
	for _, c := range samples {
		insert := func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.InsertCampaign(ctx, c) }
		if !won(t, s, insert) {
			t.Errorf("campaign %q is new and was not inserted", c.ID)
		}
		other := c
		other.Name, other.Paused = "another", !c.Paused
		if won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.InsertCampaign(ctx, other) }) {
			t.Errorf("campaign %q was inserted twice", c.ID)
		}
		sameCampaign(t, must[ledger.Campaign](t)(s.Campaign(ctx, c.ID)), c)
	}
	listed := must[[]ledger.Campaign](t)(s.Campaigns(ctx, ledger.Page{Limit: 500}))
	if len(listed) != len(samples) {
		t.Fatalf("%d campaigns are listed, want %d", len(listed), len(samples))
	}
	for i, c := range samples {
		sameCampaign(t, listed[i], c)
	}
	_, err := s.Campaign(ctx, "nobody's")
	notFound(t, "a missing campaign", err)
	testPausing(t, s)
}

func testPausing(t *testing.T, s ledger.Store) {
	addCampaign(t, s)
	for i, step := range []struct {
		id         string
		paused, ok bool
	}{
		{"c", false, false}, {"c", true, true}, {"c", true, false}, {"c", false, true}, {"nobody's", true, false},
	} {
		ok := won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.SetPaused(ctx, step.id, step.paused) })
		if ok != step.ok {
			t.Errorf("step %d: pausing %q %v: ok %v, want %v", i, step.id, step.paused, ok, step.ok)
		}
		if step.id == "c" && must[ledger.Campaign](t)(s.Campaign(t.Context(), "c")).Paused != step.paused {
			t.Errorf("step %d: the campaign is not as it was set", i)
		}
	}
}

func testCounting(t *testing.T, s ledger.Store) {
	bounded, free := campaign("bounded"), campaign("free")
	bounded.Quantity = 10
	for _, c := range []ledger.Campaign{bounded, free} {
		won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.InsertCampaign(ctx, c) })
	}
	for i, step := range []struct {
		id     string
		n      int64
		ok     bool
		issued int64
	}{
		{"bounded", 11, false, 0}, {"bounded", 7, true, 7}, {"bounded", 4, false, 7}, {"bounded", 3, true, 10},
		{"bounded", 1, false, 10}, {"free", 1_000_000, true, 1_000_000}, {"free", 1, true, 1_000_001}, {"missing", 1, false, 0},
	} {
		ok := won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.TakeIssue(ctx, step.id, step.n) })
		if ok != step.ok {
			t.Errorf("step %d: taking %d of %q: ok %v, want %v", i, step.n, step.id, ok, step.ok)
		}
		if step.id == "missing" {
			continue
		}
		if c := must[ledger.Campaign](t)(s.Campaign(t.Context(), step.id)); c.Issued != step.issued {
			t.Errorf("step %d: %q has issued %d, want %d", i, step.id, c.Issued, step.issued)
		}
	}
	testShares(t, s)
}

func testShares(t *testing.T, s ledger.Store) {
	for i, step := range []struct {
		campaign, customer string
		limit              int64
		ok                 bool
		share              int64
	}{
		{"bounded", "ann", 2, true, 1}, {"bounded", "ann", 2, true, 2}, {"bounded", "ann", 2, false, 2},
		{"bounded", "ann", 1, false, 2}, {"bounded", "ann", 3, true, 3}, {"bounded", "bob", 1, true, 1},
		{"bounded", "bob", 1, false, 1}, {"free", "ann", 1, true, 1}, {"free", "ann", 1, false, 1},
	} {
		ok := won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) {
			return tx.TakeShares(ctx, step.campaign, []string{step.customer}, step.limit)
		})
		if ok != step.ok {
			t.Errorf("step %d: a share of %q for %s: ok %v, want %v", i, step.campaign, step.customer, ok, step.ok)
		}
		wantShare(t, s, step.campaign, step.customer, step.share)
	}
	wantShare(t, s, "bounded", "cid", 0)
	wantShare(t, s, "missing", "ann", 0)
}

func wantShare(t testing.TB, s ledger.Store, campaignID, customerID string, want int64) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		n, err := tx.CountShares(ctx, campaignID, []string{customerID})
		if n[customerID] != want {
			t.Errorf("%s has had %d of %q, want %d", customerID, n[customerID], campaignID, want)
		}
		return err
	})
}
