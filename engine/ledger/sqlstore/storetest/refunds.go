// Refunds and events come back as they went in, in the order of their time,
// and are only ever added.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"scrip/engine/ledger"
)

func testRefunds(t *testing.T, s ledger.Store) {
	ctx := t.Context()
	dinars := redemption("r", "o")
	dinars.Currency = currency("KWD")
	insert(t, s, dinars)
	insert(t, s, redemption("other", "p"))
	full := ledger.Refund{
		ID: "full", RedemptionID: "r", Currency: currency("KWD"), Amount: math.MaxInt64,
		Lines:    []ledger.RefundedPart{{ID: "l<&>\u2028\"", Amount: 1<<53 + 1}, {ID: ""}},
		Charges:  []ledger.RefundedPart{{ID: "c — “x” 🎟", Amount: 2}},
		Returned: ledger.Tender{Gift: 1, Bonus: 2, Cash: 3, External: 4},
		Reason:   strings.Repeat("ä'", 500), CreatedAt: epoch.Add(time.Microsecond),
	}
	bare := ledger.Refund{ID: "bare", RedemptionID: "r", Currency: currency("KWD"), CreatedAt: epoch}
	others := ledger.Refund{ID: "others", RedemptionID: "other", Currency: currency("USD"), Amount: 1, CreatedAt: epoch}
	for _, r := range []ledger.Refund{full, bare, others} {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error { return tx.InsertRefund(ctx, r) })
	}
	for id, want := range map[string][]ledger.Refund{"r": {bare, full}, "other": {others}, "none": nil} {
		got := must[[]ledger.Refund](t)(s.Refunds(ctx, id, ledger.Page{Limit: 10}))
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("refunds of %q\n got %+v\nwant %+v", id, got, want)
		}
	}
	err := s.Write(ctx, func(tx ledger.Tx) error { return tx.InsertRefund(ctx, full) })
	unavailable(t, "a refund twice", err)
}

func testEvents(t *testing.T, s ledger.Store) {
	ctx := t.Context()
	addCampaign(t, s)
	addCoupons(t, s, coupon("one", "ann"), coupon("two", "ann"))
	insert(t, s, withCoupon(redemption("r", "o"), "one"))
	full := ledger.Event{ID: "full", At: epoch.Add(time.Microsecond), Kind: ledger.OrderReserved, CouponID: "one", RedemptionID: "r",
		CustomerID: "änn", By: "data", RequestID: "req-“1”", Detail: strings.Repeat("x\"<", 1_000)}
	bare := ledger.Event{ID: "bare", At: epoch, Kind: ledger.CouponIssued, CouponID: "one", CustomerID: "ann"}
	others := ledger.Event{ID: "others", At: epoch, Kind: ledger.CouponRevoked, CouponID: "two", CustomerID: "ann", By: "admin"}
	none := ledger.Event{ID: "none", At: epoch, Kind: ledger.OrderConfirmed, RedemptionID: "r", CustomerID: "ann"}
	for _, e := range []ledger.Event{full, bare, others, none} {
		write(t, s, func(ctx context.Context, tx ledger.Tx) error { return tx.InsertEvents(ctx, e) })
	}
	again := full
	again.Detail = "another"
	err := s.Write(ctx, func(tx ledger.Tx) error { return tx.InsertEvents(ctx, again) })
	unavailable(t, "an event under another's id", err)
	for id, want := range map[string][]ledger.Event{"one": {bare, full}, "two": {others}, "": nil, "three": nil} {
		got := must[[]ledger.Event](t)(s.Events(ctx, id, ledger.Page{Limit: 10}))
		if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("events of %q\n got %+v\nwant %+v", id, got, want)
		}
	}
}

// testOrdersPages reads redemptions, refunds and events in pages of every size.
func testOrdersPages(t *testing.T, s ledger.Store) {
	ctx := t.Context()
	addCampaign(t, s)
	addCoupons(t, s, coupon("one", "ann"))
	var want []ledger.Position
	write(t, s, func(ctx context.Context, tx ledger.Tx) error {
		for i := range 13 {
			at := epoch.Add(time.Duration(i/5) * time.Microsecond)
			id := fmt.Sprintf("%02d", i*8%13)
			want = append(want, ledger.Position{CreatedAt: at, ID: id})
			mine, other := redemption(id, "o"), redemption("other "+id, "p")
			mine.CreatedAt, other.CreatedAt, mine.State, other.State = at, at, ledger.Released, ledger.Lapsed
			_, err1 := tx.InsertRedemption(ctx, mine)
			_, err2 := tx.InsertRedemption(ctx, other)
			if err := errors.Join(err1, err2,
				tx.InsertEvents(ctx, ledger.Event{ID: id, At: at, Kind: ledger.CouponIssued, CouponID: "one", CustomerID: "ann"}),
				tx.InsertEvents(ctx, ledger.Event{ID: "other " + id, At: at, Kind: ledger.CouponIssued, CustomerID: "ann"})); err != nil {
				return err
			}
		}
		for _, row := range want {
			err1 := tx.InsertRefund(ctx, ledger.Refund{ID: row.ID, RedemptionID: "00", Currency: currency("USD"), CreatedAt: row.CreatedAt})
			err2 := tx.InsertRefund(ctx, ledger.Refund{ID: "other " + row.ID, RedemptionID: "01", Currency: currency("USD"), CreatedAt: row.CreatedAt})
			if err := errors.Join(err1, err2); err != nil {
				return err
			}
		}
		return nil
	})
	slices.SortFunc(want, byAge)
	checkPages(t, "redemptions", want, func(r ledger.Redemption) ledger.Position { return ledger.Position{CreatedAt: r.CreatedAt, ID: r.ID} },
		func(p ledger.Page) ([]ledger.Redemption, error) { return s.Redemptions(ctx, "o", p) })
	checkPages(t, "refunds", want, func(r ledger.Refund) ledger.Position { return ledger.Position{CreatedAt: r.CreatedAt, ID: r.ID} },
		func(p ledger.Page) ([]ledger.Refund, error) { return s.Refunds(ctx, "00", p) })
	checkPages(t, "events", want, func(e ledger.Event) ledger.Position { return ledger.Position{CreatedAt: e.At, ID: e.ID} },
		func(p ledger.Page) ([]ledger.Event, error) { return s.Events(ctx, "one", p) })
}
