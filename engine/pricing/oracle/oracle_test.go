// The oracle held against cases worked by hand, each with its working shown.

package oracle

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

func always(string) bool { return true }
func never(string) bool  { return false }

// lines makes one line of each price, all eligible, quantity 1.
func lines(prices string) []Line {
	var made []Line
	for i, price := range strings.Fields(prices) {
		made = append(made, Line{ID: string(rune('a' + i)), UnitPrice: price, Quantity: 1, Eligible: always})
	}
	return made
}

// order makes one sub-order of each list of prices.
func order(currency string, digits int, subOrders ...string) Order {
	o := Order{Currency: currency, Digits: digits}
	for i, prices := range subOrders {
		o.SubOrders = append(o.SubOrders, SubOrder{ID: string(rune('A' + i)), Lines: lines(prices)})
	}
	return o
}

// shares tells the sub-orders' parts with their lines' shares.
func shares(r Result) string {
	var parts []string
	for _, s := range r.SubOrders {
		part := s.CouponDiscount + ":"
		for _, l := range s.Lines {
			part += " " + l.CouponDiscount
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// contractExample is the request of Contract §4.
func contractExample() Order {
	return Order{Currency: "USD", Digits: 2, Charges: []string{"4.99"}, SubOrders: []SubOrder{
		{ID: "S1", Lines: []Line{
			{ID: "A", UnitPrice: "12.35", Quantity: 2, Eligible: always},
			{ID: "B", UnitPrice: "40.00", Quantity: 1, Eligible: never},
		}},
		{ID: "S2", Lines: []Line{
			{ID: "C", UnitPrice: "0.30", Quantity: 1, Eligible: always},
			{ID: "D", UnitPrice: "99.99", Quantity: 1, Eligible: always},
		}},
	}}
}

func TestTheContractsExample(t *testing.T) {
	coupons := []Coupon{
		{ID: "cpn_2", Amount: "50.00", Currency: "USD", MinimumSpend: "500.00"},
		{ID: "cpn_1", Percent: "5"},
	}
	want := Result{
		Totals: Totals{Original: "164.99", Eligible: "124.99", OtherDiscounts: "0.00",
			CouponDiscount: "6.25", Charges: "4.99", Payable: "163.73"},
		SubOrders: []PricedSubOrder{
			{ID: "S1", CouponDiscount: "1.24", Lines: []PricedLine{
				{"A", "24.70", "0.00", "1.24", "23.46", true},
				{"B", "40.00", "0.00", "0.00", "40.00", false}}},
			{ID: "S2", CouponDiscount: "5.01", Lines: []PricedLine{
				{"C", "0.30", "0.00", "0.30", "0.00", true},
				{"D", "99.99", "0.00", "4.71", "95.28", true}}},
		},
		Coupons: []PricedCoupon{
			{ID: "cpn_1", Applicable: true, Discount: "6.25"},
			{ID: "cpn_2", Discount: "0.00", Reasons: []string{ReasonMinimumSpend}},
		},
		SelectedID: "cpn_1", By: "default",
	}
	if got := Price(contractExample(), coupons, "best", false); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func usd(c Coupon) Coupon {
	c.Currency = "USD"
	return c
}

// deductions: D of one coupon on one line of that price (steps 1 to 3).
var deductions = []struct {
	name, currency string
	digits         int
	price          string
	coupon         Coupon
	original, d    string
}{
	{"half a cent rounds up", "USD", 2, "0.50", Coupon{Percent: "1"}, "0.50", "0.01"},
	{"just under half rounds down", "USD", 2, "0.49", Coupon{Percent: "1"}, "0.49", "0.00"},
	{"no digits: 10% of 151 is 15.1", "JPY", 0, "151", Coupon{Percent: "10"}, "151", "15"},
	{"no digits: 10% of 155 is 15.5", "JPY", 0, "155", Coupon{Percent: "10"}, "155", "16"},
	{"a fractional yen price", "JPY", 0, "0.5", Coupon{Percent: "100"}, "1", "1"},
	{"a yen price just under a half", "JPY", 0, "0.499999", Coupon{Percent: "100"}, "0", "0"},
	{"three digits: 1234.5 fils", "KWD", 3, "1.2345", Coupon{Percent: "50"}, "1.235", "0.618"},
	{"four digits: half of the last", "CLF", 4, "0.00005", Coupon{Percent: "100"}, "0.0001", "0.0001"},
	{"four fraction digits of percent", "CLF", 4, "5000", Coupon{Percent: "0.0001"}, "5000.0000", "0.0050"},
	{"12.5% of 9.99 is 1.24875", "USD", 2, "9.99", Coupon{Percent: "12.5"}, "9.99", "1.25"},
	{"an amount below the base", "USD", 2, "9.99", usd(Coupon{Amount: "3"}), "9.99", "3.00"},
	{"an amount above the base", "USD", 2, "9.99", usd(Coupon{Amount: "10.00"}), "9.99", "9.99"},
	{"a maximum on a percentage", "USD", 2, "100", usd(Coupon{Percent: "50", MaximumDiscount: "49.99"}), "100.00", "49.99"},
	{"a maximum just reached", "USD", 2, "100", usd(Coupon{Percent: "50", MaximumDiscount: "50"}), "100.00", "50.00"},
	{"a maximum out of reach", "USD", 2, "100", usd(Coupon{Percent: "50", MaximumDiscount: "50.01"}), "100.00", "50.00"},
	{"a maximum on an amount", "USD", 2, "100", usd(Coupon{Amount: "20", MaximumDiscount: "7.5"}), "100.00", "7.50"},
	{"the largest price", "JPY", 0, "999999999999", Coupon{Percent: "33.3333"}, "999999999999", "333333000000"},
}

func TestDeductions(t *testing.T) {
	for _, c := range deductions {
		t.Run(c.name, func(t *testing.T) {
			c.coupon.ID = "x"
			r := Price(order(c.currency, c.digits, c.price), []Coupon{c.coupon}, "x", false)
			if r.Totals.Original != c.original || r.Coupons[0].Discount != c.d || r.By != "customer" {
				t.Errorf("got %s off %s by %s, want %s off %s by customer",
					r.Coupons[0].Discount, r.Totals.Original, r.By, c.d, c.original)
			}
		})
	}
}

func TestQuantityMultipliesBeforeRounding(t *testing.T) {
	o := order("CLF", 4, "0.00005")
	o.SubOrders[0].Lines[0].Quantity = 3 // 1.5 units, not 3 times 1
	if r := Price(o, nil, "best", false); r.Totals.Original != "0.0002" {
		t.Errorf("original %s, want 0.0002", r.Totals.Original)
	}
}

// distributions: the shares of an amount coupon (steps 4 and 5), in yen so
// that one is one minor unit.
var distributions = []struct {
	name, amount string
	subOrders    []string
	want         string
}{
	// 2/3 each: floors 0, two units left, three equal remainders.
	{"equal remainders go to the earlier", "2", []string{"1", "1", "1"}, "1: 1; 1: 1; 0: 0"},
	// 1.5, 3, 10.5: floors 14, one left, .5 ties with .5.
	{"a tie past a whole share", "15", []string{"10", "20", "70"}, "2: 2; 3: 3; 10: 10"},
	// 0.9, 2.25, 5.85: floors 7, two left, to .9 and .85.
	{"the largest remainders win", "9", []string{"10", "25", "65"}, "1: 1; 2: 2; 6: 6"},
	// 0.2, 0.8: the later has the larger remainder.
	{"a later one may win", "1", []string{"2", "8"}, "0: 0; 1: 1"},
	// 100 at 3 lines: 33 and one over.
	{"a unit over goes to the first line", "100", []string{"90 90 90"}, "100: 34 33 33"},
	{"two units over go to the first two", "101", []string{"90 90 90"}, "101: 34 34 33"},
	{"fewer units than lines", "2", []string{"9 9 9 9"}, "2: 1 1 0 0"},
	// Share 10 fills 1, 2, 4 and 9 in one round; 44 over 2.
	{"small lines are filled, the rest share", "60", []string{"1 100 2 4 9 100"}, "60: 1 22 2 4 9 22"},
	// 72/6 = 12 fills 3 and 12 (met exactly); 57/4 = 14.25 fills 14; 43/3
	// = 14.33 fills none: 14 each, one over to the first of the rest,
	// which reaches its own original.
	{"a cascade of caps", "72", []string{"40 12 3 40 14 15"}, "72: 15 12 3 14 14 14"},
	{"a cascade whose odd unit meets a cap", "72", []string{"15 12 3 40 14 40"}, "72: 15 12 3 14 14 14"},
	// 40/3 = 13.33 fills 5; 35/2 = 17.5 fills 17; 18 to the last.
	{"each round lifts the share", "40", []string{"17 5 90"}, "40: 17 5 18"},
	// 10/3 = 3.33 fills neither 4: 4 3 3.
	{"an original one above the share is no cap", "10", []string{"4 4 4"}, "10: 4 3 3"},
	{"zero prices take nothing", "5", []string{"0 3 0 9"}, "5: 0 3 0 2"},
	{"nothing to deduct from", "5", []string{"0 0", "0"}, "0: 0 0; 0: 0"},
	{"a free sub-order between", "10", []string{"10", "0", "10"}, "5: 5; 0: 0; 5: 5"},
	{"everything is deducted", "500", []string{"1 20", "300"}, "21: 1 20; 300: 300"},
}

func TestDistribution(t *testing.T) {
	for _, c := range distributions {
		t.Run(c.name, func(t *testing.T) {
			coupon := Coupon{ID: "x", Amount: c.amount, Currency: "JPY"}
			if got := shares(Price(order("JPY", 0, c.subOrders...), []Coupon{coupon}, "best", false)); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func TestLinesOutsideTakeNoShareAndDoNotCount(t *testing.T) {
	o := order("JPY", 0, "50 30 20", "100")
	o.SubOrders[0].Lines[0].Discounts = []string{"7", "3"}
	o.SubOrders[0].Lines[0].Eligible = never
	r := Price(o, []Coupon{{ID: "x", Percent: "10"}}, "best", false)
	// Base 150, D 15: 5 and 10; 5 over two lines is 3 and 2.
	if got, want := shares(r), "5: 0 3 2; 10: 10"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	want := Totals{Original: "200", Eligible: "150", OtherDiscounts: "10", CouponDiscount: "15", Charges: "0", Payable: "175"}
	if r.Totals != want {
		t.Errorf("got %+v, want %+v", r.Totals, want)
	}
}

// ids tells the coupons in their order, applicable ones with their discount.
func ids(r Result) string {
	var told []string
	for _, c := range r.Coupons {
		if c.Applicable {
			told = append(told, c.ID+"="+c.Discount)
		} else {
			told = append(told, c.ID+"!"+strings.Join(c.Reasons, "+"))
		}
	}
	return strings.Join(told, " ")
}

func TestCouponsAreRankedBestFirst(t *testing.T) {
	soon, late := time.Unix(1e9, 0), time.Unix(2e9, 0)
	coupons := []Coupon{
		{ID: "z", Percent: "50", Refused: true},
		{ID: "e", Percent: "10"},
		{ID: "d", Percent: "10"},
		{ID: "c", Percent: "10", ExpiresAt: late},
		{ID: "y", Percent: "10", ExpiresAt: soon.UTC()},
		{ID: "x", Percent: "10", ExpiresAt: soon},
		{ID: "f", Percent: "11"},
		{ID: "A", Percent: "99", Currency: "EUR"},
		{ID: "0", Percent: "0.0001"},
		{ID: "b", Percent: "1", Currency: "USD", MinimumSpend: "99", ExpiresAt: soon},
	}
	r := Price(order("USD", 2, "20"), coupons, "best", false)
	want := "f=2.20 x=2.00 y=2.00 c=2.00 d=2.00 e=2.00 0=0.00 A!coupon.currency b!coupon.minimum_spend z!refused"
	if got := ids(r); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
