// What the tests of redemptions and refunds do at the office.
package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/pricing"
	"scrip/engine/refusal"
)

// holdTTL is how long the tests' orders are held.
const holdTTL = 30 * time.Minute

// order is a reservation that holds whatever was changed: three units for
// 10.00, two for 5.01, and charges of 4.99 and of nothing.
func order(t testing.TB, orderID, customer, couponID string) ledger.Reservation {
	t.Helper()
	line := func(id string, paid money.Amount, quantity int64) (l ledger.RedeemedLine) {
		l.ID, l.Paid, l.Quantity = id, paid, quantity
		return l
	}
	return ledger.Reservation{
		Hold:  holdTTL,
		Holds: func(time.Time, bool, *ledger.Coupon) error { return nil },
		Redemption: ledger.Redemption{
			QuoteID: "q_" + orderID, OrderID: orderID, CustomerID: customer, CouponID: couponID, PolicyRevision: "rev", Currency: usd(t),
			Totals:  pricing.Totals{Original: 1_601, Eligible: 1_601, CouponDiscount: 100, Charges: 499, Payable: 2_000},
			Lines:   []ledger.RedeemedLine{line("A", 1_000, 3), line("B", 501, 2)},
			Charges: []ledger.RedeemedCharge{{ID: "shipping", Amount: 499}, {ID: "gift wrap"}},
		},
	}
}

func usd(t testing.TB) money.Currency {
	t.Helper()
	c, err := money.CurrencyOf("USD")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (o *office) reserve(r ledger.Reservation) (booked ledger.Redemption, err error) {
	err = o.do(func(e *ledger.Entry) error {
		var err error
		booked, err = e.Reserve(r)
		return err
	})
	return booked, err
}

// reserved reserves an order that must be had.
func (o *office) reserved(orderID, customer, couponID string) ledger.Redemption {
	o.t.Helper()
	r, err := o.reserve(order(o.t, orderID, customer, couponID))
	o.must(err)
	return r
}

func (o *office) confirm(id string) (r ledger.Redemption, err error) {
	err = o.do(func(e *ledger.Entry) error {
		var err error
		r, err = e.Confirm(id)
		return err
	})
	return r, err
}

func (o *office) release(id string) (r ledger.Redemption, err error) {
	err = o.do(func(e *ledger.Entry) error {
		var err error
		r, err = e.Release(id)
		return err
	})
	return r, err
}

func (o *office) refund(id string, in ledger.RefundRequest) (r ledger.Refund, err error) {
	err = o.do(func(e *ledger.Entry) error {
		var err error
		r, err = e.Refund(id, in)
		return err
	})
	return r, err
}

// confirmed reserves and confirms an order.
func (o *office) confirmed(orderID, customer, couponID string) ledger.Redemption {
	o.t.Helper()
	r, err := o.confirm(o.reserved(orderID, customer, couponID).ID)
	o.must(err)
	return r
}

// redemption reads a redemption that must be there.
func (o *office) redemption(id string) ledger.Redemption {
	o.t.Helper()
	r, err := o.Redemption(context.Background(), id)
	o.must(err)
	return r
}

// is compares the statuses of a redemption and of its coupon now.
func (o *office) is(what string, r ledger.Redemption, want ledger.RedemptionStatus, coupon ledger.Status) {
	o.t.Helper()
	stored := o.redemption(r.ID)
	if got := stored.StatusAt(o.Now()); got != want {
		o.t.Errorf("%s: the redemption is %s, want %s", what, got, want)
	}
	if r.CouponID == "" {
		return
	}
	c, err := o.Coupon(context.Background(), r.CouponID)
	o.must(err)
	if got := c.StatusAt(o.Now()); got != coupon {
		o.t.Errorf("%s: the coupon is %s, want %s", what, got, coupon)
	}
	for _, status := range ledger.Statuses {
		if listed := slices.Contains(o.holds(c.CustomerID, status), c.ID); listed != (status == coupon) {
			o.t.Errorf("%s: the coupon is listed as %s: %v, it is %s", what, status, listed, coupon)
		}
	}
	facts, err := o.Facts(context.Background(), c.CustomerID, o.Now())
	o.must(err)
	if counts := slices.ContainsFunc(facts.Coupons, func(k ledger.Coupon) bool { return k.ID == c.ID }); counts != (coupon == ledger.StatusAvailable) {
		o.t.Errorf("%s: the coupon is among the facts: %v, it is %s", what, counts, coupon)
	}
}

// events tells a coupon's life: what, by whom, in which request.
func (o *office) events(couponID string) (all []string) {
	o.t.Helper()
	list, err := o.Events(context.Background(), couponID, ledger.Page{Limit: 500})
	o.must(err)
	for _, e := range list {
		all = append(all, fmt.Sprintf("%s by %q in %q", e.Kind, e.By, e.RequestID))
	}
	return all
}

// refusedAs is the refusal that an error is.
func refusedAs(t testing.TB, err error, code string) *refusal.Error {
	t.Helper()
	var no *refusal.Error
	if !errors.As(err, &no) || no.Code != code {
		t.Fatalf("%v, want the refusal %s", err, code)
	}
	return no
}

// books is all that the books tell of orders o1 to o3 and of their customers.
func (o *office) books(coupons ...string) string {
	o.t.Helper()
	ctx, all, told := context.Background(), ledger.Page{Limit: 500}, o.told()
	for _, id := range []string{"o1", "o2", "o3"} {
		list, err := o.store.Redemptions(ctx, id, all)
		o.must(err)
		told += fmt.Sprintf("%s: %+v\n", id, list)
		for _, r := range list {
			refunds, err := o.store.Refunds(ctx, r.ID, all)
			o.must(err)
			told += fmt.Sprintf("%+v\n", refunds)
		}
	}
	for _, id := range coupons {
		told += fmt.Sprintf("%s: %q\n", id, o.events(id))
	}
	return told
}
