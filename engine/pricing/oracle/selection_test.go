// Which coupon applies and which is taken, worked by hand; what the oracle
// refuses to answer; and the audit held against answers tampered with.

package oracle

import (
	"strings"
	"testing"
)

// TestApplicability on an order of 100.00 USD whose one line takes part in
// every coupon.
func TestApplicability(t *testing.T) {
	cases := []struct {
		name   string
		coupon Coupon
		want   string
	}{
		{"minimum reached exactly", Coupon{Percent: "5", Currency: "USD", MinimumSpend: "100"}, "x=5.00"},
		{"minimum missed by one unit", Coupon{Percent: "5", Currency: "USD", MinimumSpend: "100.01"}, "x!coupon.minimum_spend"},
		{"its own currency", Coupon{Percent: "5", Currency: "USD"}, "x=5.00"},
		{"another currency, and no other reason about amounts",
			Coupon{Amount: "5.123", Currency: "KWD", MinimumSpend: "900.001"}, "x!coupon.currency"},
		{"another currency and refused", Coupon{Percent: "5", Currency: "KWD", Refused: true}, "x!coupon.currency+refused"},
		{"below its minimum and refused",
			Coupon{Percent: "5", Currency: "USD", MinimumSpend: "200", Refused: true}, "x!coupon.minimum_spend+refused"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			c.coupon.ID = "x"
			if got := ids(Price(order("USD", 2, "100"), []Coupon{c.coupon}, "best", false)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestMinimumSpendCountsTheCouponsOwnLinesOnly(t *testing.T) {
	o := order("USD", 2, "60 40")
	o.SubOrders[0].Lines[1].Eligible = func(id string) bool { return id != "x" }
	c := Coupon{Percent: "10", Currency: "USD", MinimumSpend: "100"}
	x, y := c, c
	x.ID, y.ID = "x", "y"
	if got, want := ids(Price(o, []Coupon{x, y}, "best", false)), "y=10.00 x!coupon.minimum_spend"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

var (
	nothing = Coupon{ID: "nothing", Percent: "0.0001"}
	five    = Coupon{ID: "five", Percent: "5"}
	ten     = Coupon{ID: "ten", Percent: "10"}
	refused = Coupon{ID: "refused", Percent: "50", Refused: true}
)

// selections on an order of one line of 100.00; by "" is a refused request.
var selections = []struct {
	name    string
	coupons []Coupon
	sel     string
	denied  bool
	taken   string
	by      string
	d       string
}{
	{"the best by default", []Coupon{five, ten, refused}, "best", false, "ten", "default", "10.00"},
	{"one by id", []Coupon{five, ten}, "five", false, "five", "customer", "5.00"},
	{"one by id that gives nothing", []Coupon{ten, nothing}, "nothing", false, "nothing", "customer", "0.00"},
	{"none", []Coupon{ten}, "none", false, "", "none", "0.00"},
	{"none of a denied order", []Coupon{ten}, "none", true, "", "none", "0.00"},
	{"no coupon at all", nil, "best", false, "", "unavailable", "0.00"},
	{"none that gives anything", []Coupon{nothing}, "best", false, "", "unavailable", "0.00"},
	{"none applicable", []Coupon{refused}, "best", false, "", "unavailable", "0.00"},
	{"a denied order", []Coupon{ten}, "best", true, "", "unavailable", "0.00"},
	{"one by id of a denied order", []Coupon{ten}, "ten", true, "", "", "0.00"},
	{"one by id that is refused", []Coupon{ten, refused}, "refused", false, "", "", "0.00"},
	{"one by id that is not there", []Coupon{ten}, "other", false, "", "", "0.00"},
}

func TestSelection(t *testing.T) {
	for _, c := range selections {
		t.Run(c.name, func(t *testing.T) {
			r := Price(order("USD", 2, "100"), c.coupons, c.sel, c.denied)
			if r.SelectedID != c.taken || r.By != c.by || r.NotApplicable != (c.by == "") || r.Totals.CouponDiscount != c.d {
				t.Errorf("got %q by %q (refused: %v) %s", r.SelectedID, r.By, r.NotApplicable, r.Totals.CouponDiscount)
			}
		})
	}
}

func TestADenialIsEveryCouponsOnlyReason(t *testing.T) {
	coupons := []Coupon{{ID: "b", Percent: "5", Currency: "EUR", Refused: true}, {ID: "a", Percent: "5"}}
	if got, want := ids(Price(order("USD", 2, "100"), coupons, "best", true)), "a!denied b!denied"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestAnOrdersOwnDiscountLeavesNoCoupon(t *testing.T) {
	o := order("USD", 2, "60 40")
	o.Discounts, o.Charges = []string{"1.00", "99"}, []string{"0", "4.99"}
	r := Price(o, []Coupon{{ID: "a", Percent: "5"}}, "best", false)
	want := Totals{"100.00", "100.00", "100.00", "0.00", "4.99", "4.99"}
	if r.Totals != want || r.By != "unavailable" || ids(r) != "a!denied" {
		t.Errorf("got %+v %s %s", r.Totals, r.By, ids(r))
	}
}

// TestEligibilityIsThatOfTheSelectedCoupon: line b takes part in x and not
// without a coupon, line a the other way round.
func TestEligibilityIsThatOfTheSelectedCoupon(t *testing.T) {
	o := order("USD", 2, "60 40")
	o.SubOrders[0].Lines[0].Eligible = func(id string) bool { return id != "x" }
	o.SubOrders[0].Lines[1].Eligible = func(id string) bool { return id == "x" }
	for sel, want := range map[string]string{"x": "40.00", "none": "60.00"} {
		r := Price(o, []Coupon{{ID: "x", Percent: "5"}}, sel, false)
		if r.Totals.Eligible != want || r.SubOrders[0].Lines[1].Eligible != (sel == "x") {
			t.Errorf("%s: eligible %s, want %s", sel, r.Totals.Eligible, want)
		}
	}
	if r := Price(o, nil, "best", true); r.Totals.Eligible != "60.00" {
		t.Errorf("denied: eligible %s, want 60.00", r.Totals.Eligible)
	}
}

// panics tells what f panicked with, "" if it did not.
func panics(f func()) (said string) {
	defer func() {
		if r := recover(); r != nil {
			said = r.(string)
		}
	}()
	f()
	return ""
}

func TestTextsOutsideTheContractPanic(t *testing.T) {
	for _, price := range []string{"", "-1", "+1", "01", "1.", ".5", "1e3", "1/2", "1.0000001", "1000000000000", "NaN", " 1", "1\n"} {
		o := order("USD", 2, "1")
		o.SubOrders[0].Lines[0].UnitPrice = price
		if panics(func() { Price(o, nil, "best", false) }) == "" {
			t.Errorf("%q was taken", price)
		}
	}
	o := order("JPY", 0, "1")
	o.Charges = []string{"0.1"}
	if said := panics(func() { Price(o, nil, "best", false) }); !strings.Contains(said, "finer") {
		t.Errorf("a charge finer than its currency: %q", said)
	}
	o.Charges = []string{"5.000"}
	if r := Price(o, nil, "best", false); r.Totals.Charges != "5" {
		t.Errorf("fineness is judged by value; got %s", r.Totals.Charges)
	}
	o.SubOrders[0].Lines[0].Discounts = []string{"2"}
	if said := panics(func() { Price(o, nil, "best", false) }); !strings.Contains(said, "negative") {
		t.Errorf("a discount above the price: %q", said)
	}
}

// tampers each spoil one thing of the contract's example.
var tampers = map[string]func(r *Result){
	"an original":             func(r *Result) { r.SubOrders[0].Lines[0].Original = "24.71" },
	"a line's discounts":      func(r *Result) { r.SubOrders[0].Lines[1].OtherDiscounts = "0.01" },
	"a line's payable":        func(r *Result) { r.SubOrders[0].Lines[0].Payable = "23.47" },
	"a share moved to B":      func(r *Result) { move(r, 0, "1.23", "23.47", "0.01", "39.99") },
	"a share moved from C":    func(r *Result) { move(r, 1, "0.29", "0.01", "4.72", "95.27") },
	"a sub-order's part":      func(r *Result) { r.SubOrders[1].CouponDiscount = "5.02" },
	"eligibility":             func(r *Result) { r.SubOrders[0].Lines[1].Eligible = true },
	"digits":                  func(r *Result) { r.Totals.Charges = "4.990" },
	"a sign":                  func(r *Result) { r.SubOrders[0].Lines[1].CouponDiscount = "-0.00" },
	"total original":          func(r *Result) { r.Totals.Original = "165.00" },
	"total eligible":          func(r *Result) { r.Totals.Eligible = "125.00" },
	"total other discounts":   func(r *Result) { r.Totals.OtherDiscounts = "0.01" },
	"total discount":          func(r *Result) { r.Totals.CouponDiscount = "6.24" },
	"total charges":           func(r *Result) { r.Totals.Charges = "5.00" },
	"total payable":           func(r *Result) { r.Totals.Payable = "163.72" },
	"the coupon taken":        func(r *Result) { r.SelectedID = "b" },
	"a coupon from nowhere":   func(r *Result) { r.SelectedID = "d" },
	"a better one left":       func(r *Result) { r.Coupons[1].Discount = "6.26" },
	"a coupon's discount":     func(r *Result) { r.Coupons[0].Discount = "6.24" },
	"an inapplicable gift":    func(r *Result) { r.Coupons[2].Discount = "0.01" },
	"an inapplicable taken":   func(r *Result) { r.Coupons[0].Applicable = false },
	"by whom":                 func(r *Result) { r.By = "none" },
	"unavailable":             func(r *Result) { r.By = "unavailable" },
	"refused though answered": func(r *Result) { r.NotApplicable = true },
	"a lost line":             func(r *Result) { r.SubOrders[0].Lines = r.SubOrders[0].Lines[:1] },
	"a lost sub-order":        func(r *Result) { r.SubOrders = r.SubOrders[:1] },
}

func TestTheAuditSeesEveryTamperedNumber(t *testing.T) {
	coupons := []Coupon{{ID: "a", Percent: "5"}, {ID: "b", Percent: "3"}, {ID: "c", Percent: "9", Refused: true}}
	for name, tamper := range tampers {
		r := Price(contractExample(), coupons, "best", false)
		tamper(&r)
		if panics(func() { audit(contractExample(), r) }) == "" {
			t.Errorf("%s: the audit saw nothing", name)
		}
	}
}

// move rewrites share and payable of both lines of a sub-order.
func move(r *Result, subOrder int, texts ...string) {
	for i := range 2 {
		l := &r.SubOrders[subOrder].Lines[i]
		l.CouponDiscount, l.Payable = texts[2*i], texts[2*i+1]
	}
}
