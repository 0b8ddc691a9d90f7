// From a quote to a reservation: what is booked, and whether the quote still holds when the policies are asked again.
package engine

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/policy"
	"scrip/engine/refusal"
)

const holdTTL = 30 * time.Minute

// quoted is a desk with a quote of the example for a coupon of five percent.
func quoted(t testing.TB, s *policy.Snapshot, change ...func(*ledger.Coupon)) (*desk, *Quote, *ledger.Coupon) {
	t.Helper()
	c := coupon(t, "cpn_1", "5", change...)
	d := newDesk(s, c)
	d.coupons[c.ID] = c
	q := d.quote(t, example(t))
	if q.Selection.CouponID != c.ID {
		t.Fatalf("quoted for %+v", q.Selection)
	}
	return d, q, &c
}

// reservation prepares one that must be had.
func (d *desk) reservation(t testing.TB, q *Quote) ledger.Reservation {
	t.Helper()
	r, err := d.Reservation(t.Context(), q, holdTTL)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// stale expects that a quote does not hold any more, for the given reasons.
func stale(t testing.TB, what string, err error, reasons ...string) {
	t.Helper()
	var no *refusal.Error
	if !errors.As(err, &no) || no.Code != QuoteStale || no.Message == "" || !has(no.Reasons, reasons...) {
		t.Errorf("%s: %#v, want %s for %q", what, err, QuoteStale, reasons)
	}
}

func TestAReservationIsWhatWasQuoted(t *testing.T) {
	t.Parallel()
	d, q, c := quoted(t, shipped(t))
	d.calls = nil
	r := d.reservation(t, q)
	if r.QuoteID != q.ID || r.OrderID != "CJ-1" || r.CustomerID != "c-1001" || r.CouponID != c.ID || r.PolicyRevision != q.PolicyRevision ||
		r.Currency != q.Currency || r.Totals != q.Totals || r.Hold != holdTTL || r.ID != "" {
		t.Errorf("%+v", r.Redemption)
	}
	if got, want := fmt.Sprintf("%+v %+v", r.Lines, r.Charges), "[{ID:A Refundable:{Paid:2346 Quantity:2 Units:0 ByQuantity:0 ByAmount:0}}"+
		" {ID:B Refundable:{Paid:4000 Quantity:1 Units:0 ByQuantity:0 ByAmount:0}} {ID:C Refundable:{Paid:0 Quantity:1 Units:0 ByQuantity:0 ByAmount:0}}"+
		" {ID:D Refundable:{Paid:9528 Quantity:1 Units:0 ByQuantity:0 ByAmount:0}}] [{ID:shipping Amount:499 Refunded:0}]"; got != want {
		t.Errorf("%s, want\n%s", got, want)
	}
	if err := r.Holds(start, false, c); err != nil {
		t.Errorf("does not hold: %v", err)
	}
	if want := []string{"policies", "blocked c-1001", "coupon cpn_1", "policies"}; !slices.Equal(d.calls, want) {
		t.Errorf("calls %q, want %q: the ledger itself, never what is known of it", d.calls, want)
	}
}

// The order's own discounts are spread over what lines cost: 97.80 over 23.46, 40.00, 0.00 and 95.28 is 14.45, 24.65, 0.00, 58.70.
func TestTheOrdersOwnDiscountsAreNotRefundable(t *testing.T) {
	t.Parallel()
	c := coupon(t, "cpn_1", "5")
	d := newDesk(rules(t, patience, map[string]string{"product": denies("x", `input.line.product.type == "supplier"`)}), c)
	d.coupons[c.ID] = c
	request := example(t)
	request.Order.Discounts = []NamedAmount{{"vip", 9_000}, {"loyalty", 780}}
	r := d.reservation(t, d.quote(t, request))
	var paid []money.Amount
	sum := r.Totals.Charges
	for _, l := range r.Lines {
		paid, sum = append(paid, l.Paid), sum+l.Paid
	}
	if want := []money.Amount{2346 - 1445, 4000 - 2465, 0, 9528 - 5870}; !slices.Equal(paid, want) || sum != r.Totals.Payable {
		t.Errorf("paid %v, want %v; in all %d of %d", paid, want, sum, r.Totals.Payable)
	}
}

// Asked now, the coupon does not apply any more, or a total differs (Contract §6).
func TestQuotesThatGoStale(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change  func(*desk)
		reasons []string
		says    string
	}{
		"the order is denied now": {func(d *desk) {
			d.snapshot = rules(t, patience, map[string]string{"order": denies("order.closed", "true")})
		},
			[]string{"order.closed"}, "cpn_1"},
		"the coupon is denied now": {func(d *desk) {
			d.snapshot = rules(t, patience, map[string]string{"coupon": denies("coupon.no", "true")})
		},
			[]string{"coupon.no"}, "cpn_1"},
		"the customer is blocked now": {func(d *desk) { d.facts.Blocklisted = true }, []string{"customer.blocklisted"}, "cpn_1"},
		"the discount is less now": {func(d *desk) {
			d.snapshot = rules(t, patience, map[string]string{"product": denies("x", `input.line.id == "D"`)})
		}, nil, "166.73 USD"}, // 5 percent of 24.70 + 40.00 + 0.30 is 3.25
		"the discount is the same of other lines": {func(d *desk) {
			d.snapshot = rules(t, patience, map[string]string{"product": denies("x", `input.line.id in {"B", "C"}`)})
		}, nil, "163.75 USD"}, // of 124.69: 6.23
		"a decision fails now": {func(d *desk) { d.snapshot = rules(t, patience, map[string]string{"coupon": denies("x", "1 / 0 == 1")}) },
			[]string{PolicyError}, "cpn_1"},
	} {
		d, q, held := quoted(t, shipped(t))
		c.change(d)
		r := d.reservation(t, q)
		err := r.Holds(start, d.facts.Blocklisted, held)
		stale(t, name, err, c.reasons...)
		if err != nil && !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v does not say %q", name, err, c.says)
		}
	}
}

// Other policies, or another coupon that is better, make nothing stale that is priced the same.
func TestQuotesThatStillHold(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*desk, *ledger.Coupon){
		"nothing changed": func(*desk, *ledger.Coupon) {},
		"policies that say the same": func(d *desk, _ *ledger.Coupon) {
			d.snapshot = rules(t, patience, map[string]string{"product": denies("other.code", `input.line.product.type == "supplier"`)})
		},
		"a better coupon":              func(d *desk, _ *ledger.Coupon) { d.facts.Coupons = append(d.facts.Coupons, coupon(t, "cpn_2", "50")) },
		"the quote has ended":          func(d *desk, _ *ledger.Coupon) { d.now = d.now.Add(time.Hour) },
		"another order holds it":       func(d *desk, c *ledger.Coupon) { c.HeldUntil = start.Add(time.Hour); d.coupons[c.ID] = *c }, // the transaction says so
		"it left the customer's facts": func(d *desk, _ *ledger.Coupon) { d.facts.Coupons = nil },
	} {
		d, q, held := quoted(t, shipped(t))
		change(d, held)
		if err := d.reservation(t, q).Holds(d.now, false, held); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What was looked at and what the transaction sees are the same, or it is looked at anew.
func TestWhatChangesBetweenTheLookAndTheTransaction(t *testing.T) {
	t.Parallel()
	d, q, held := quoted(t, shipped(t), func(c *ledger.Coupon) { c.ExpiresAt = start.Add(time.Hour) })
	for name, c := range map[string]struct {
		now     time.Time
		blocked bool
		swap    *policy.Snapshot
		want    error
	}{
		"nothing":                        {start.Add(time.Hour - time.Microsecond), false, nil, nil},
		"the customer was blocked":       {start, true, nil, ledger.ErrChanged},
		"the coupon has ended":           {start.Add(time.Hour), false, nil, ledger.ErrChanged},
		"the coupon has not started":     {held.StartsAt.Add(-time.Microsecond), false, nil, ledger.ErrChanged},
		"policies were changed":          {start, false, rules(t, patience, nil), ledger.ErrChanged},
		"the same policies, loaded anew": {start, false, shipped(t), ledger.ErrChanged},
	} {
		was := d.snapshot
		r := d.reservation(t, q)
		if c.swap != nil {
			d.snapshot = c.swap
		}
		if err := r.Holds(c.now, c.blocked, held); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		d.snapshot = was
	}
	// What makes a quote stale is only told if it is still so.
	d.facts.Blocklisted = true
	r := d.reservation(t, q)
	if err := r.Holds(start, false, held); !errors.Is(err, ledger.ErrChanged) {
		t.Errorf("unblocked meanwhile: %v", err)
	}
	stale(t, "still blocked", r.Holds(start, true, held), "customer.blocklisted")
}

// Policies are asked before the transaction, never inside it: others wait for it.
func TestTheTransactionAsksNoPolicy(t *testing.T) {
	t.Parallel()
	d, q, held := quoted(t, shipped(t))
	r := d.reservation(t, q)
	asked := fmt.Sprint(d.snapshot.Costs())
	d.calls = nil
	for range 3 {
		if err := r.Holds(start, false, held); err != nil {
			t.Error(err)
		}
	}
	if want := []string{"policies", "policies", "policies"}; !slices.Equal(d.calls, want) || fmt.Sprint(d.snapshot.Costs()) != asked {
		t.Errorf("calls %q", d.calls)
	}
}

func TestQuotesWithoutACouponCanBeRedeemed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		request func(*Request)
		change  func(*desk)
		holds   bool
	}{
		"none was asked for":          {func(r *Request) { r.Select = SelectNone }, func(*desk) {}, true},
		"none applied":                {func(r *Request) { r.Order.Type = "sample" }, func(*desk) {}, true},
		"the customer is blocked":     {func(r *Request) { r.Select = SelectNone }, func(d *desk) { d.facts.Blocklisted = true }, true},
		"more lines are eligible now": {func(r *Request) { r.Order.Type = "sample" }, func(d *desk) { d.snapshot = rules(t, patience, nil) }, false},
		"lines are eligible no more":  {func(r *Request) { r.Select = SelectNone }, func(d *desk) { d.snapshot = rules(t, patience, map[string]string{"product": denies("x", "true")}) }, false},
		"a decision fails": {func(r *Request) { r.Select = SelectNone }, func(d *desk) {
			d.snapshot = rules(t, patience, map[string]string{"order": denies("x", "1 / 0 == 1"), "product": denies("y", `input.line.product.type == "supplier"`)})
		}, true},
	} {
		d := newDesk(shipped(t), coupon(t, "cpn_1", "5"))
		request := example(t)
		c.request(request)
		q := d.quote(t, request)
		c.change(d)
		d.calls = nil
		r := d.reservation(t, q)
		if r.CouponID != "" || q.Selection.CouponID != "" || slices.Contains(d.calls, "coupon ") || r.Totals != q.Totals {
			t.Errorf("%s: %+v, calls %q", name, r.Redemption, d.calls)
		}
		err := r.Holds(start, d.facts.Blocklisted, nil)
		if c.holds && err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !c.holds {
			stale(t, name, err)
		}
	}
}

func TestReservationsThatCannotBePrepared(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*desk, *Quote)
		want   error
	}{
		"the ledger cannot tell who is blocked": {func(d *desk, _ *Quote) { d.factsErr = ledger.ErrUnavailable }, ledger.ErrUnavailable},
		"the ledger cannot tell of the coupon":  {func(d *desk, _ *Quote) { d.couponErr, d.coupons = ledger.ErrUnavailable, nil }, ledger.ErrUnavailable},
		"its content is lost":                   {func(_ *desk, q *Quote) { q.Content = "" }, errContent},
		"its content is cut":                    {func(_ *desk, q *Quote) { q.Content = q.Content[:len(q.Content)-1] }, errContent},
		"its content is another's":              {func(_ *desk, q *Quote) { q.SubOrders = q.SubOrders[:1] }, errContent},
		"it was never checked": {func(d *desk, q *Quote) {
			r := example(t)
			r.Order.Discounts = []NamedAmount{{"x", 100_000}}
			_, q.Content = contentKey(r, &d.facts, "", start)
		}, errUnchecked},
	} {
		d, q, _ := quoted(t, shipped(t))
		broken := *q
		c.change(d, &broken)
		if _, err := d.Reservation(t.Context(), &broken, holdTTL); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	// A coupon that the ledger does not have is for the transaction to refuse, after the order.
	d, q, _ := quoted(t, shipped(t))
	d.coupons = nil
	if r := d.reservation(t, q); r.CouponID != "cpn_1" || r.Holds(start, false, nil) == nil {
		t.Errorf("%+v", r.Redemption)
	}
}
