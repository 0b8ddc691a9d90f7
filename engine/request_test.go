// What arithmetic says of a request, and prices that always add up.
package engine

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/policy"
	"scrip/engine/refusal"
)

func TestWhatCannotBePricedIsRefused(t *testing.T) {
	t.Parallel()
	huge := func(r *Request, line int, unit string) {
		l := &r.Order.SubOrders[1].Lines[line]
		l.UnitPrice, l.Quantity = price(t, unit), MaxQuantity
	}
	exactly := func(r *Request, unit string) { // ten of them, and 164.69 of other lines
		l := &r.Order.SubOrders[1].Lines[0]
		l.UnitPrice, l.Quantity = price(t, unit), 10
	}
	for _, c := range []struct {
		name     string
		change   func(*Request)
		pointers []string
	}{
		{"as large as fits", func(r *Request) { exactly(r, "999999999983.53"); r.Order.Charges[0].Amount = 0 }, nil},
		{"a cent of charges beyond", func(r *Request) { exactly(r, "999999999983.53"); r.Order.Charges[0].Amount = 1 }, []string{"/order/charges"}},
		{"a cent beyond", func(r *Request) { exactly(r, "999999999983.531"); r.Order.Charges = nil }, []string{"/order/sub_orders/1/lines/1/unit_price"}},
		{"one unit price too large", func(r *Request) { huge(r, 0, "10000000") }, []string{"/order/sub_orders/1/lines/0/unit_price"}},
		{"beyond what a number holds", func(r *Request) { huge(r, 1, "999999999999.99") }, []string{"/order/sub_orders/1/lines/1/unit_price"}},
		{"each one too large", func(r *Request) { huge(r, 0, "10000000"); huge(r, 1, "10000000") }, []string{
			"/order/sub_orders/1/lines/0/unit_price", "/order/sub_orders/1/lines/1/unit_price"}},
		{"too large together", func(r *Request) { huge(r, 0, "6000000"); huge(r, 1, "6000000") }, []string{"/order/sub_orders/1/lines/1/unit_price"}},
		{"too large with the charges", func(r *Request) { r.Order.Charges[0].Amount = money.Limit - 16499 }, []string{"/order/charges"}},
		{"charges just below", func(r *Request) { r.Order.Charges[0].Amount = money.Limit - 16500 }, nil},
		{"charges beyond what a number holds", func(r *Request) { r.Order.Charges = []NamedAmount{{"a", 1 << 62}, {"b", 1 << 62}} }, []string{"/order/charges"}},
		{"a line's discounts as large as it", func(r *Request) { r.Order.SubOrders[0].Lines[0].Discounts = []NamedAmount{{"a", 2000}, {"b", 470}} }, nil},
		{"a line's discounts too large", func(r *Request) { r.Order.SubOrders[0].Lines[0].Discounts = []NamedAmount{{"a", 2000}, {"b", 471}} },
			[]string{"/order/sub_orders/0/lines/0/discounts"}},
		{"a line's discounts beyond what a number holds", func(r *Request) {
			r.Order.SubOrders[0].Lines[1].Discounts = []NamedAmount{{"a", 1 << 62}, {"b", 1 << 62}}
		}, []string{"/order/sub_orders/0/lines/1/discounts"}},
		{"the order's discounts as large as what is left", func(r *Request) {
			r.Order.SubOrders[0].Lines[0].Discounts, r.Order.Discounts = []NamedAmount{{"a", 470}}, []NamedAmount{{"o", 16029}}
		}, nil},
		{"the order's discounts too large", func(r *Request) {
			r.Order.SubOrders[0].Lines[0].Discounts, r.Order.Discounts = []NamedAmount{{"a", 470}}, []NamedAmount{{"o", 16030}}
		}, []string{"/order/discounts"}},
		{"the order's discounts beyond what a number holds", func(r *Request) { r.Order.Discounts = []NamedAmount{{"a", 1 << 62}, {"b", 1 << 62}} }, []string{"/order/discounts"}},
		{"everything at once", func(r *Request) {
			huge(r, 0, "10000000")
			r.Order.SubOrders[0].Lines[1].Discounts, r.Order.Discounts, r.Order.Charges[0].Amount = []NamedAmount{{"a", 4001}}, []NamedAmount{{"o", 16500}}, money.Limit
		}, []string{"/order/sub_orders/0/lines/1/discounts", "/order/sub_orders/1/lines/0/unit_price", "/order/charges", "/order/discounts"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d, r := newDesk(shipped(t), coupon(t, "a", "5")), example(t)
			c.change(r)
			q, err := d.Quote(t.Context(), r)
			var refused *refusal.Error
			if c.pointers == nil {
				if err != nil || q.Totals.Payable < 0 {
					t.Fatalf("%+v, %v", q, err)
				}
				return
			}
			if !errors.As(err, &refused) || refused.Code != refusal.Invalid || q != nil || len(d.calls) > 0 {
				t.Fatalf("%+v, %v, calls %q", q, err, d.calls)
			}
			var pointers []string
			for _, f := range refused.Faults {
				if pointers = append(pointers, f.Pointer); f.Detail == "" {
					t.Errorf("%s says nothing", f.Pointer)
				}
			}
			if !slices.Equal(pointers, c.pointers) {
				t.Errorf("%q, want %q", pointers, c.pointers)
			}
		})
	}
}

// Policies that let a coupon meet other discounts: nothing is ever negative and everything adds up (arithmetic 6).
func TestPricesAddUpWhateverPoliciesAllow(t *testing.T) {
	t.Parallel()
	everything := rules(t, patience, nil)
	some := rules(t, patience, map[string]string{"product": denies("odd", `input.line.product.type == "odd"`)})
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(rapid.SampledFrom([]*policy.Snapshot{everything, some}).Draw(t, "policies"), drawCoupons(t)...)
		r := drawOrder(t)
		r.Select = rapid.SampledFrom([]string{SelectBest, SelectNone, "c0"}).Draw(t, "select")
		q, err := d.Quote(t.Context(), r)
		if err != nil {
			t.Fatal(err)
		}
		if err := addsUp(q); err != nil {
			t.Fatalf("%v: %+v", err, q)
		}
		for _, c := range q.Coupons {
			if c.Discount < 0 || c.Discount > q.Coupons[0].Discount || !c.Applicable {
				t.Fatalf("%+v", q.Coupons)
			}
		}
	})
}

func drawCoupons(t *rapid.T) (held []ledger.Coupon) {
	for i := range rapid.IntRange(1, 3).Draw(t, "coupons") {
		terms := &ledger.Terms{Amount: money.Amount(rapid.IntRange(1, 500).Draw(t, "amount")), MaximumDiscount: money.Amount(rapid.IntRange(0, 300).Draw(t, "maximum"))}
		if rapid.Bool().Draw(t, "percent") {
			percent, err := money.ParsePercent(rapid.SampledFrom([]string{"5", "50", "99.9999", "100"}).Draw(t, "percent of"))
			if err != nil {
				t.Fatal(err)
			}
			terms = &ledger.Terms{Percent: percent}
		}
		held = append(held, ledger.Coupon{ID: fmt.Sprintf("c%d", i), CustomerID: "c", State: ledger.Issued, Terms: terms})
	}
	return held
}

func drawOrder(t *rapid.T) *Request {
	usd, err := money.CurrencyOf("USD")
	if err != nil {
		t.Fatal(err)
	}
	r := &Request{Customer: Customer{ID: "c"}, Order: Order{ID: "o", Type: "any", Currency: usd}}
	left := 0
	for s := range rapid.IntRange(1, 3).Draw(t, "sub-orders") {
		sub := SubOrder{ID: fmt.Sprint(s)}
		for l := range rapid.IntRange(1, 4).Draw(t, "lines") {
			cents := rapid.IntRange(0, 300).Draw(t, "price")
			unit, err := money.ParseUnitPrice(fmt.Sprintf("%d.%02d", cents/100, cents%100))
			if err != nil {
				t.Fatal(err)
			}
			line := Line{ID: fmt.Sprint(s, l), UnitPrice: unit, Quantity: 1, Product: Product{Type: rapid.SampledFrom([]string{"even", "odd"}).Draw(t, "type")}}
			if off := rapid.IntRange(0, cents).Draw(t, "off"); off > 0 && rapid.Bool().Draw(t, "discounted") {
				line.Discounts = []NamedAmount{{"d", money.Amount(off)}}
				cents -= off
			}
			left += cents
			sub.Lines = append(sub.Lines, line)
		}
		r.Order.SubOrders = append(r.Order.SubOrders, sub)
	}
	if off := rapid.IntRange(0, left).Draw(t, "order off"); off > 0 && rapid.Bool().Draw(t, "order discounted") {
		r.Order.Discounts = []NamedAmount{{"o", money.Amount(off)}}
	}
	r.Order.Charges = []NamedAmount{{"shipping", money.Amount(rapid.IntRange(0, 100).Draw(t, "shipping"))}}
	return r
}

// addsUp checks Contract §4's sums over a quote.
func addsUp(q *Quote) error {
	var original, eligible, discounts, shares money.Amount
	for _, sub := range q.SubOrders {
		var inSub money.Amount
		for _, l := range sub.Lines {
			if l.Original < 0 || l.CouponDiscount < 0 || l.Payable < 0 || l.Payable != l.Original-l.OtherDiscounts-l.CouponDiscount || !l.Eligible && l.CouponDiscount > 0 {
				return fmt.Errorf("line %+v", l)
			}
			original, discounts, inSub = original+l.Original, discounts+l.OtherDiscounts, inSub+l.CouponDiscount
			if l.Eligible {
				eligible += l.Original
			}
		}
		if inSub != sub.CouponDiscount {
			return fmt.Errorf("sub-order %s: lines have %d of %d", sub.ID, inSub, sub.CouponDiscount)
		}
		shares += inSub
	}
	t := q.Totals
	if t.Original != original || t.Eligible != eligible || t.CouponDiscount != shares || t.OtherDiscounts < discounts ||
		t.Payable != t.Original-t.OtherDiscounts-t.CouponDiscount+t.Charges || t.Payable < t.Charges {
		return fmt.Errorf("totals %+v", t)
	}
	return nil
}
