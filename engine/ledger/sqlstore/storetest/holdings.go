// What a quote asks about customers.
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

// blocked is whether the store says that a customer is on the blocklist.
func blocked(t testing.TB, s ledger.Reader, customerID string) bool {
	t.Helper()
	is := must[bool](t)(s.Blocked(t.Context(), customerID))
	if held := must[[]ledger.Holding](t)(s.Holdings(t.Context(), []string{customerID}, epoch))[0]; held.Facts.Blocklisted != is {
		t.Errorf("%q is blocked: %v, and the holdings say otherwise", customerID, is)
	}
	return is
}

func testHoldings(t *testing.T, s ledger.Store) {
	addCampaign(t, s)
	held := func(customer, id string, created, expires time.Time) ledger.Coupon {
		return ledger.Coupon{ID: id, CampaignID: "c", CustomerID: customer, State: ledger.Issued,
			StartsAt: created, ExpiresAt: expires, CreatedAt: created}
	}
	coupons := []ledger.Coupon{
		held("ann", "z", epoch, time.Time{}),
		held("ann", "a", epoch.Add(time.Microsecond), epoch.Add(time.Hour)),
		held("bob", "m", epoch, epoch.Add(time.Hour)),
		held(`"odd' \u0041 客`, "n", epoch, time.Time{}),
		held("ann", "gone", epoch, epoch.Add(2*time.Hour)),
	}
	addCoupons(t, s, coupons...)
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		if _, err := tx.Revoke(ctx, "gone"); err != nil {
			return err
		}
		for _, id := range []string{"bob", "eve"} {
			if _, err := tx.PutBlock(ctx, ledger.Block{CustomerID: id, CreatedAt: epoch}); err != nil {
				return err
			}
		}
		return nil
	})
	first, second, bobs, odds := coupons[0], coupons[1], coupons[2], coupons[3]
	whole := map[string]ledger.Facts{
		"ann":           {Coupons: []ledger.Coupon{first, second}},
		"bob":           {Blocklisted: true, Coupons: []ledger.Coupon{bobs}},
		"eve":           {Blocklisted: true},
		odds.CustomerID: {Coupons: []ledger.Coupon{odds}},
		"an":            {},
	}
	later := map[string]ledger.Facts{
		"ann": {Coupons: []ledger.Coupon{first}}, "bob": {Blocklisted: true}, "eve": {Blocklisted: true},
		odds.CustomerID: whole[odds.CustomerID], "an": {},
	}
	for at, want := range map[time.Duration]map[string]ledger.Facts{0: whole, time.Hour - time.Microsecond: whole, time.Hour: later} {
		var all []string
		for id, facts := range want {
			all = append(all, id)
			sameHoldings(t, must[[]ledger.Holding](t)(s.Holdings(t.Context(), []string{id}, epoch.Add(at))), map[string]ledger.Facts{id: facts})
		}
		sameHoldings(t, must[[]ledger.Holding](t)(s.Holdings(t.Context(), all, epoch.Add(at))), want)
	}
}

func sameHoldings(t *testing.T, got []ledger.Holding, want map[string]ledger.Facts) {
	t.Helper()
	show := func(customer string, f ledger.Facts) string {
		return fmt.Sprintf("%s %v %+v", customer, f.Blocklisted, f.Coupons)
	}
	var is, should []string
	for _, h := range got {
		is = append(is, show(h.CustomerID, h.Facts))
	}
	for id, facts := range want {
		should = append(should, show(id, facts))
	}
	slices.Sort(is)
	slices.Sort(should)
	if !slices.Equal(is, should) {
		t.Errorf("holdings\n got %s\nwant %s", strings.Join(is, "\n     "), strings.Join(should, "\n     "))
	}
}
