// Package storetest is the one suite that every store of the books passes: it
// says in tests what the port ledger.Store promises in words. Nothing in it
// knows which database is behind the port.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

// Opener opens a new and empty store. The suite closes it.
type Opener func(t *testing.T) ledger.Store

// Run runs the suite. Every part gets a store of its own from open.
func Run(t *testing.T, open func(t *testing.T) ledger.Store) {
	for name, test := range map[string]func(*testing.T, ledger.Store){
		"campaigns":    testCampaigns,
		"counting":     testCounting,
		"coupons":      testCoupons,
		"statuses":     testStatuses,
		"holdings":     testHoldings,
		"grants":       testGrants,
		"revoking":     testRevoking,
		"holds":        testHolds,
		"held by":      testHeldBy,
		"held":         testHeldStatuses,
		"redemptions":  testRedemptions,
		"live":         testLiveRedemptions,
		"updating":     testUpdating,
		"ending holds": testEndingHolds,
		"refunds":      testRefunds,
		"events":       testEvents,
		"order pages":  testOrdersPages,
		"blocklist":    testBlocklist,
		"audit":        testAudit,
		"audit pages":  testAuditPages,
		"replies":      testReplies,
		"forgetting":   testForgetting,
		"meta":         testMeta,
		"setting meta": testSetMeta,
		"freeing keys": testFreeKey,
		"cards":        testCards,
		"card lists":   testCardLists,
		"card keys":    testCardKeys,
		"failures":     testFailures,
		"balances":     testBalances,
		"journal":      testJournal,
		"paid holds":   testPaidHolds,
		"ids":          testIDs,
		"pages":        testPages,
		"long lists":   testLongLists,
		"transactions": testTransactions,
		"duplicates":   testDuplicates,
		"contexts":     testContexts,
		"panics":       testPanics,
		"groups":       testGroups,
		"races":        testRaces,
	} {
		t.Run(name, func(t *testing.T) { test(t, fresh(t, open)) })
	}
	t.Run("closing", func(t *testing.T) { testClosing(t, open) })
}

func fresh(t *testing.T, open Opener) ledger.Store {
	t.Helper()
	s := open(t)
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return s
}

// epoch is the instant that the suite counts from: to the microsecond, which
// is what stores keep.
var epoch = time.Date(2026, 3, 1, 12, 0, 0, 123_456_000, time.UTC)

// errRefused is what a transaction of the suite ends with when it must leave
// no trace.
var errRefused = errors.New("refused by the test")

// write runs fn in a transaction that must succeed.
func write(t testing.TB, s ledger.Store, fn func(context.Context, ledger.Tx) error) {
	t.Helper()
	ctx := t.Context()
	if err := s.Write(ctx, func(tx ledger.Tx) error { return fn(ctx, tx) }); err != nil {
		t.Fatalf("write: %v", err)
	}
}

// won runs a conditional update in a transaction of its own and tells whether
// it won.
func won(t testing.TB, s ledger.Store, fn func(context.Context, ledger.Tx) (bool, error)) (ok bool) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx ledger.Tx) (err error) {
		ok, err = fn(ctx, tx)
		return err
	})
	return ok
}

// must is for reads that have to succeed.
func must[T any](t testing.TB) func(T, error) T {
	return func(value T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatalf("read: %v", err)
		}
		return value
	}
}

// campaign is a plain campaign: five percent, no bounds but one a customer.
func campaign(id string) ledger.Campaign {
	return ledger.Campaign{ID: id, Name: id, Terms: ledger.Terms{Percent: percent("5")}, PerCustomer: 1, CreatedAt: epoch}
}

// coupon is one of campaign c for a customer, from epoch on, for ever.
func coupon(id, customerID string) ledger.Coupon {
	return ledger.Coupon{ID: id, CampaignID: "c", CustomerID: customerID, State: ledger.Issued, StartsAt: epoch, CreatedAt: epoch}
}

func percent(text string) money.Percent {
	p, err := money.ParsePercent(text)
	if err != nil {
		panic(err) // a constant of the suite
	}
	return p
}

func currency(code string) money.Currency {
	c, err := money.CurrencyOf(code)
	if err != nil {
		panic(err) // a constant of the suite
	}
	return c
}

// addCampaign writes the campaign c that the suite's coupons belong to.
func addCampaign(t testing.TB, s ledger.Store) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		_, err := tx.InsertCampaign(ctx, campaign("c"))
		return err
	})
}

// addCoupons writes coupons that no registration gave.
func addCoupons(t testing.TB, s ledger.Store, coupons ...ledger.Coupon) {
	t.Helper()
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		for _, c := range coupons {
			if err := tx.InsertCoupons(ctx, []ledger.Coupon{c}, false); err != nil {
				return err
			}
		}
		return nil
	})
}

// show tells two campaigns apart exactly; percentages compare by value.
func show(c ledger.Campaign) string {
	p := c.Terms.Percent.String()
	c.Terms.Percent = money.Percent{}
	return fmt.Sprintf("percent=%s %+v", p, c)
}

func sameCampaign(t testing.TB, got, want ledger.Campaign) {
	t.Helper()
	if show(got) != show(want) {
		t.Errorf("campaign\n got %s\nwant %s", show(got), show(want))
	}
}

func notFound(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, ledger.ErrNotFound) || errors.Is(err, ledger.ErrUnavailable) {
		t.Errorf("%s: error %v, want only ErrNotFound", what, err)
	}
}

func unavailable(t testing.TB, what string, err error) {
	t.Helper()
	if !errors.Is(err, ledger.ErrUnavailable) || errors.Is(err, ledger.ErrNotFound) {
		t.Errorf("%s: error %v, want ErrUnavailable", what, err)
	}
}
