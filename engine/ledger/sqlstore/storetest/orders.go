// Orders in transactions, in races and under odd ids.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"scrip/engine/ledger"
)

// orderSteps are steps of transactions, each by one method, from what
// [furnishOrders] wrote.
var orderSteps = map[string]func(context.Context, ledger.Tx) (bool, error){
	"HoldCoupon": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		return tx.HoldCoupon(ctx, "free", "new", stamp.Add(time.Hour), stamp)
	},
	"ReleaseCoupon": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		return tx.ReleaseCoupon(ctx, "to release", "r to release")
	},
	"UseCoupon": func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.UseCoupon(ctx, "to use", "r to use") },
	"EndHolds": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		ended, err := tx.EndHolds(ctx, ledger.Hold{OrderID: "order to end"}, stamp)
		return len(ended) == 1, err
	},
	"InsertRedemption": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		return tx.InsertRedemption(ctx, redemption("new", "new order"))
	},
	"UpdateRedemption": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		r := redemption("to update", "order to update")
		r.State, r.Charges = ledger.Confirmed, []ledger.RedeemedCharge{{ID: "c", Amount: 1}}
		return tx.UpdateRedemption(ctx, r)
	},
	"InsertRefund": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		return true, tx.InsertRefund(ctx, ledger.Refund{ID: "new", RedemptionID: "to update", Currency: currency("USD"), CreatedAt: stamp})
	},
	"InsertEvents": func(ctx context.Context, tx ledger.Tx) (bool, error) {
		return true, tx.InsertEvents(ctx, ledger.Event{ID: "new", At: stamp, Kind: ledger.CouponIssued, CouponID: "one", CustomerID: "ann"})
	},
}

// furnishOrders writes what the steps change, beside [furnish].
func furnishOrders(ctx context.Context, tx ledger.Tx) error {
	until := epoch.Add(time.Minute) // before stamp
	var errs []error
	for _, id := range []string{"free", "to release", "to use"} {
		errs = append(errs, tx.InsertCoupons(ctx, []ledger.Coupon{coupon(id, "ann")}, false))
	}
	for _, id := range []string{"to release", "to use"} {
		_, err := tx.HoldCoupon(ctx, id, "r "+id, until, epoch)
		errs = append(errs, err)
	}
	for _, id := range []string{"to end", "to update"} {
		r := redemption(id, "order "+id)
		r.HoldUntil = until
		_, err := tx.InsertRedemption(ctx, r)
		errs = append(errs, err)
	}
	return errors.Join(append(errs,
		tx.InsertRefund(ctx, ledger.Refund{ID: "old", RedemptionID: "to update", Currency: currency("USD"), CreatedAt: epoch}),
		tx.InsertEvents(ctx, ledger.Event{ID: "old", At: epoch, Kind: ledger.CouponIssued, CouponID: "one", CustomerID: "ann"}))...)
}

// readOrders tells everything that a reader sees of the orders of the steps.
func readOrders(ctx context.Context, r ledger.Reader, tell func(what string, value any, err error)) {
	all := ledger.Page{Limit: 500}
	for _, order := range []string{"order to end", "order to update", "new order"} {
		list, err := r.Redemptions(ctx, order, all)
		tell("redemptions of "+order, list, err)
		live, err := r.LiveRedemption(ctx, order)
		tell("the live one of "+order, live, err)
	}
	for _, id := range []string{"to end", "to update", "new"} {
		one, err := r.Redemption(ctx, id)
		tell("redemption "+id, one, err)
	}
	refunds, err := r.Refunds(ctx, "to update", all)
	tell("refunds", refunds, err)
	events, err := r.Events(ctx, "one", all)
	tell("events", events, err)
}

// raceForOrders: many reserve the same coupons and orders at once, as the books
// do it, and then all confirm, release and refund.
func raceForOrders(t *testing.T, stores []ledger.Store) {
	s := stores[0]
	addCoupons(t, s, coupon("wanted", "ann"), coupon("of many", "ann"), coupon("to settle", "ann"))
	hold(t, s, "to settle", "settled", epoch.Add(time.Hour), epoch)
	insert(t, s, withCoupon(redemption("settled", "settled order"), "to settle"))
	last := run(t, stores, "HoldCoupon", 1, func(ctx context.Context, tx ledger.Tx, who string) (bool, error) {
		return tx.HoldCoupon(ctx, "wanted", who, epoch.Add(time.Hour), epoch)
	})
	if !won(t, s, func(ctx context.Context, tx ledger.Tx) (bool, error) { return tx.UseCoupon(ctx, "wanted", last) }) {
		t.Errorf("the coupon is not held by %q, who won it", last)
	}
	last = run(t, stores, "InsertRedemption for one order", 1, func(ctx context.Context, tx ledger.Tx, who string) (bool, error) {
		return tx.InsertRedemption(ctx, redemption(who, "wanted"))
	})
	if live := must[string](t)(s.LiveRedemption(t.Context(), "wanted")); live != last {
		t.Errorf("the order is %q's, the winner was %q", live, last)
	}
	run(t, stores, "InsertRedemption for one coupon", 1, func(ctx context.Context, tx ledger.Tx, who string) (bool, error) {
		return tx.InsertRedemption(ctx, withCoupon(redemption("c "+who, "order of "+who), "of many"))
	})
	run(t, stores, "UseCoupon or ReleaseCoupon", 1, func(ctx context.Context, tx ledger.Tx, who string) (bool, error) {
		if len(who)%2 == 0 {
			return tx.UseCoupon(ctx, "to settle", "settled")
		}
		return tx.ReleaseCoupon(ctx, "to settle", "settled")
	})
	run(t, stores, "EndHolds", 1, func(ctx context.Context, tx ledger.Tx, _ string) (bool, error) {
		ended, err := tx.EndHolds(ctx, ledger.Hold{OrderID: "settled order", CouponID: "to settle"}, epoch.Add(time.Hour))
		return len(ended) > 0, err
	})
	raceToUpdate(t, stores)
}

// raceToUpdate: who changes what they read a moment ago wins or is told; no
// change is lost.
func raceToUpdate(t *testing.T, stores []ledger.Store) {
	counted := redemption("counted", "counted order")
	counted.State = ledger.Confirmed
	insert(t, stores[0], counted)
	var wins atomic.Int64
	together(contenders, func(i int) {
		for range 3 {
			var ok bool
			err := stores[i%len(stores)].Write(t.Context(), func(tx ledger.Tx) error {
				r, err := tx.Redemption(t.Context(), "counted")
				if err != nil {
					return err
				}
				r.Lines[0].ByAmount++
				ok, err = tx.UpdateRedemption(t.Context(), r)
				return err
			})
			if err != nil {
				t.Errorf("UpdateRedemption: %v", err)
			}
			if ok {
				wins.Add(1)
			}
		}
	})
	r := must[ledger.Redemption](t)(stores[0].Redemption(t.Context(), "counted"))
	if n := wins.Load(); n < 1 || int64(r.Lines[0].ByAmount) != n || r.Version != n {
		t.Errorf("%d changes won, %d are counted, version %d", n, r.Lines[0].ByAmount, r.Version)
	}
}

// orderEverywhere uses one id wherever an id of an order can stand; the coupon
// of that id exists.
func orderEverywhere(ctx context.Context, tx ledger.Tx, id string) error {
	r := withCoupon(redemption(id, id), id)
	r.CustomerID, r.QuoteID, r.Lines[0].ID, r.Charges = id, id, id, []ledger.RedeemedCharge{{ID: id}}
	held, err1 := tx.HoldCoupon(ctx, id, id, r.HoldUntil, epoch)
	inserted, err2 := tx.InsertRedemption(ctx, r)
	if err := errors.Join(err1, err2); err != nil || !held || !inserted {
		return fmt.Errorf("taken for another's (%w)", err)
	}
	part := []ledger.RefundedPart{{ID: id, Amount: 1}}
	return errors.Join(
		tx.InsertRefund(ctx, ledger.Refund{ID: id, RedemptionID: id, Currency: r.Currency, Lines: part, Reason: id, CreatedAt: epoch}),
		tx.InsertEvents(ctx, ledger.Event{ID: id, At: epoch, Kind: ledger.OrderReserved, CouponID: id, RedemptionID: id, CustomerID: id, RequestID: id}))
}

// checkOrderOf looks for what orderEverywhere wrote.
func checkOrderOf(t *testing.T, s ledger.Store, id string) {
	t.Helper()
	ctx, two := t.Context(), ledger.Page{Limit: 2}
	r := must[ledger.Redemption](t)(s.Redemption(ctx, id))
	if r.OrderID != id || r.CustomerID != id || r.QuoteID != id || r.CouponID != id || r.Lines[0].ID != id || r.Charges[0].ID != id {
		t.Errorf("redemption %q is %+v", id, r)
	}
	if live := must[string](t)(s.LiveRedemption(ctx, id)); live != id {
		t.Errorf("the live redemption of order %q is %q", id, live)
	}
	if list := must[[]ledger.Redemption](t)(s.Redemptions(ctx, id, two)); len(list) != 1 || list[0].ID != id {
		t.Errorf("order %q has %d redemptions", id, len(list))
	}
	if list := must[[]ledger.Refund](t)(s.Refunds(ctx, id, two)); len(list) != 1 || list[0].ID != id || list[0].Lines[0].ID != id || list[0].Reason != id {
		t.Errorf("redemption %q has refunds %+v", id, list)
	}
	if list := must[[]ledger.Event](t)(s.Events(ctx, id, two)); len(list) != 1 || list[0].ID != id || list[0].RedemptionID != id || list[0].CustomerID != id {
		t.Errorf("coupon %q has events %+v", id, list)
	}
}
