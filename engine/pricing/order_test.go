package pricing_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"scrip/engine/money"
	"scrip/engine/pricing"
)

type lines = []pricing.Line

// example is Contract §4's order in cents; line B is a supplier's.
var (
	example         = pricing.Order{Lines: lines{{Original: 2470}, {Original: 4000}, {Original: 30}, {Original: 9999}}, SubOrders: []int{2, 2}, Charges: 499}
	exampleEligible = []bool{true, false, true, true}
)

func TestTheContractsExample(t *testing.T) {
	if err := example.Check(); err != nil {
		t.Fatal(err)
	}
	discount := pricing.Terms{Percent: percent(t, "5")}.Discount(example, exampleEligible)
	if base := example.Base(exampleEligible); base != 12499 || discount != 625 {
		t.Fatalf("%d of a base of %d", discount, base)
	}
	d, err := example.Distribute(discount, exampleEligible)
	if err != nil || !slices.Equal(d.SubOrders, amounts{124, 501}) || !slices.Equal(d.Lines, amounts{124, 0, 30, 471}) {
		t.Errorf("distributed as %+v, %v", d, err)
	}
	want := pricing.Totals{Original: 16499, Eligible: 12499, CouponDiscount: 625, Charges: 499, Payable: 16373}
	if got := example.Totals(exampleEligible, discount); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestTotalsCountEveryDiscountOnce(t *testing.T) {
	o := pricing.Order{Lines: lines{{1000, 100}, {500, 0}}, SubOrders: []int{1, 1}, Discounts: 40, Charges: 7}
	want := pricing.Totals{Original: 1500, Eligible: 500, OtherDiscounts: 140, CouponDiscount: 25, Charges: 7, Payable: 1342}
	if got := o.Totals([]bool{false, true}, 25); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestOrdersThatCanBePriced(t *testing.T) {
	const limit = money.Limit
	for name, o := range map[string]pricing.Order{
		"nothing at all":                 {},
		"the contract's example":         example,
		"one below the bound":            {Lines: lines{{limit - 1, 0}}, SubOrders: []int{1}},
		"one below the bound, two lines": {Lines: lines{{limit - 2, 0}, {1, 0}}, SubOrders: []int{2}},
		"one below it with charges":      {Lines: lines{{limit - 2, 0}}, SubOrders: []int{1}, Charges: 1},
		"discounts of everything":        {Lines: lines{{5, 5}}, SubOrders: []int{1}},
		"the order's of what is left":    {Lines: lines{{5, 2}, {4, 0}}, SubOrders: []int{1, 1}, Discounts: 7},
		"an empty sub-order":             {Lines: lines{{5, 0}}, SubOrders: []int{0, 1, 0}},
	} {
		if err := o.Check(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOrdersThatCannotBePriced(t *testing.T) {
	const limit = money.Limit
	for _, c := range []struct {
		name  string
		order pricing.Order
		over  bool // out of range rather than contradictory
	}{
		{"a negative original", pricing.Order{Lines: lines{{-1, -1}}, SubOrders: []int{1}}, false},
		{"the least original", pricing.Order{Lines: lines{{least, least}}, SubOrders: []int{1}}, false},
		{"a negative discount", pricing.Order{Lines: lines{{5, -1}}, SubOrders: []int{1}}, false},
		{"the least discount", pricing.Order{Lines: lines{{most, least}}, SubOrders: []int{1}}, false},
		{"a discount above its original", pricing.Order{Lines: lines{{5, 6}}, SubOrders: []int{1}}, false},
		{"an original at the bound", pricing.Order{Lines: lines{{limit, 0}}, SubOrders: []int{1}}, true},
		{"the most", pricing.Order{Lines: lines{{most, 0}}, SubOrders: []int{1}}, true},
		{"originals at the bound", pricing.Order{Lines: lines{{limit - 1, 0}, {1, 0}}, SubOrders: []int{2}}, true},
		{"the most twice", pricing.Order{Lines: lines{{limit - 1, 0}, {most, 0}}, SubOrders: []int{2}}, true},
		{"originals that wrap around to little", pricing.Order{Lines: slices.Repeat(lines{{limit - 1, 0}}, 18_447), SubOrders: []int{18_447}}, true},
		{"charges at the bound", pricing.Order{Charges: limit}, true},
		{"originals and charges at the bound", pricing.Order{Lines: lines{{limit - 1, 0}}, SubOrders: []int{1}, Charges: 1}, true},
		{"the most charges", pricing.Order{Lines: lines{{1, 0}}, SubOrders: []int{1}, Charges: most}, true},
		{"negative charges", pricing.Order{Charges: -1}, true},
		{"the least charges", pricing.Order{Charges: least}, true},
		{"a negative discount of the order", pricing.Order{Discounts: -1}, false},
		{"the least discount of the order", pricing.Order{Discounts: least}, false},
		{"the order's discount above what is left", pricing.Order{Lines: lines{{5, 2}}, SubOrders: []int{1}, Discounts: 4}, false},
		{"a line in no sub-order", pricing.Order{Lines: lines{{5, 0}}}, false},
		{"a sub-order of more lines than there are", pricing.Order{Lines: lines{{5, 0}}, SubOrders: []int{1, 1}}, false},
		{"a sub-order of less than no lines", pricing.Order{Lines: lines{{5, 0}}, SubOrders: []int{2, -1}}, false},
		{"sub-orders that make up for a negative one", pricing.Order{Lines: lines{{5, 0}}, SubOrders: []int{-1, 2}}, false},
		{"a negative sub-order", pricing.Order{SubOrders: []int{-1}}, false},
		{"sub-orders that wrap around", pricing.Order{SubOrders: []int{int(most), int(most), 2}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if err := c.order.Check(); err == nil || errors.Is(err, money.ErrOverflow) != c.over {
				t.Errorf("got %v, want an error (out of range: %v)", err, c.over)
			}
		})
	}
}

// TestCheckNeverPanics also says what a checked order keeps: its totals are
// what they are, without any wrap.
func TestCheckNeverPanics(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := pricing.Order{Discounts: extremes.Draw(t, "discounts"), Charges: extremes.Draw(t, "charges")}
		for range rapid.IntRange(0, 4).Draw(t, "lines") {
			o.Lines = append(o.Lines, pricing.Line{Original: extremes.Draw(t, "original"), Discounts: extremes.Draw(t, "line discounts")})
		}
		o.SubOrders = rapid.SliceOfN(rapid.Int(), 0, 3).Draw(t, "sub-orders")
		if rapid.Bool().Draw(t, "dealt") {
			o.SubOrders = []int{len(o.Lines)}
		}
		if o.Check() != nil {
			return
		}
		if totals := o.Totals(make([]bool, len(o.Lines)), 0); totals.Payable < 0 || totals.Original+totals.Charges >= money.Limit {
			t.Fatalf("%+v was accepted: %+v", o, totals)
		}
	})
}

// TestAnUncheckedOrderFailsToDistribute: no caller does this, and none gets a
// panic or a wrong share for it.
func TestAnUncheckedOrderFailsToDistribute(t *testing.T) {
	for name, o := range map[string]pricing.Order{
		"a line left with less than nothing": {Lines: lines{{0, 5}, {10, 0}}, SubOrders: []int{2}},
		"originals that wrap around":         {Lines: lines{{most, 0}, {most, 0}}, SubOrders: []int{2}},
		"originals beyond 64 bits":           {Lines: lines{{most, 0}, {most, 0}}, SubOrders: []int{1, 1}},
	} {
		if d, err := o.Distribute(5, []bool{true, true}); !errors.Is(err, money.ErrOverflow) || d.Lines != nil {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
	}
}
