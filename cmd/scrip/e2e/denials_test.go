// What the shipped policies exclude and deny (Contract §1 and §8), told by their codes.
package e2e

import (
	"slices"
	"strings"
	"testing"
)

func TestProductTypesAndDiscountsExcludeLines(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	s.give(t, customer, half)
	const flash = `"quantity":2,"discounts":[{"id":"flash","amount":"0.01"}]`
	for _, c := range []struct {
		kind, quantity string
		codes          []string
	}{
		{"ordinary", `"quantity":2`, []string{}},
		{"supplier", `"quantity":2`, []string{"product.supplier"}},
		{"combo", `"quantity":2`, []string{"product.combo"}},
		{"video", `"quantity":2`, []string{"product.video"}},
		{"service", `"quantity":2`, []string{"product.service"}},
		{"pod", `"quantity":2`, []string{"product.pod"}},
		{"virtual", `"quantity":2`, []string{"product.virtual"}},
		{"antique", `"quantity":2`, []string{"product.not_ordinary"}},
		{"Ordinary", `"quantity":2`, []string{"product.not_ordinary"}}, // words are compared as they are
		{"ordinary ", `"quantity":2`, []string{"product.not_ordinary"}},
		{"ordinary", flash, []string{"product.other_discount"}},
		{"supplier", flash, []string{"product.other_discount", "product.supplier"}},
		{"antique", flash, []string{"product.not_ordinary", "product.other_discount"}},
	} {
		t.Run(strings.Join(append(c.codes, c.kind), " "), func(t *testing.T) {
			q := s.quote(t, orderOf(t, customer, `"ordinary"`, quoted(c.kind), `"quantity":2`, c.quantity))
			line := q.line(t, "A")
			if got := codes(line.Exclusions); !slices.Equal(got, c.codes) {
				t.Errorf("exclusions: want %v, got %v", c.codes, got)
			}
			if slices.ContainsFunc(line.Exclusions, func(r reason) bool { return r.Message == "" }) {
				t.Errorf("no message: %+v", line.Exclusions)
			}
			want := map[bool]string{true: "10.00", false: "0.00"}[len(c.codes) == 0]
			if line.CouponDiscount != want || len(q.Denials) > 0 {
				t.Errorf("discount: want %s, got %s; denials %v", want, line.CouponDiscount, q.Denials)
			}
		})
	}
}

func TestOrdersThatCanUseNoCoupon(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, blocked := unique("c"), unique("c")
	s.give(t, customer, half)
	s.give(t, customer, notYet)
	s.give(t, blocked, half)
	s.block(t, blocked)
	const kind, none, own = `"type":"dropshipping"`, `"discounts":[]`, `"discounts":[{"id":"loyalty","amount":"0.01"}]`
	for _, c := range []struct {
		name, customer string
		changes, codes []string
	}{
		{"dropshipping", customer, nil, []string{}},
		{"sample", customer, []string{kind, `"type":"sample"`}, []string{"order.type"}},
		{"wholesale", customer, []string{kind, `"type":"wholesale"`}, []string{"order.type"}},
		{"preorder", customer, []string{kind, `"type":"preorder"`}, []string{"order.type"}},
		{"service", customer, []string{kind, `"type":"service"`}, []string{"order.type"}},
		{"pod", customer, []string{kind, `"type":"pod"`}, []string{"order.type"}},
		{"another word", customer, []string{kind, `"type":"Dropshipping"`}, []string{"order.type"}},
		{"a discount of its own", customer, []string{none, own}, []string{"order.other_discount"}},
		{"blocklisted", blocked, nil, []string{"customer.blocklisted"}},
		{"all three", blocked, []string{kind, `"type":"sample"`, none, own}, []string{"customer.blocklisted", "order.other_discount", "order.type"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			q := s.quote(t, orderOf(t, c.customer, c.changes...)) // it checks that coupons carry the denials
			if got := codes(q.Denials); !slices.Equal(got, c.codes) {
				t.Errorf("denials: want %v, got %v", c.codes, got)
			}
			if denied := len(c.codes) > 0; denied != (q.Selection.By == "unavailable") {
				t.Errorf("selection %+v", q.Selection)
			}
			if none := s.quote(t, orderOf(t, c.customer, append(c.changes, wantsBest, `"select":"none"`)...)); none.Selection.By != "none" {
				t.Errorf("select none: %+v", none.Selection)
			}
		})
	}
}

func TestDenialsLeaveLinesAsTheProductPolicySeesThem(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	second := `"quantity":2},{"id":"B","product":{"id":"P2","type":"video"},"unit_price":"7","quantity":1}`
	q := s.quote(t, orderOf(t, customer, `"dropshipping"`, `"sample"`, `"quantity":2}`, second))
	a, b := q.line(t, "A"), q.line(t, "B")
	if !a.Eligible || b.Eligible || !slices.Equal(codes(b.Exclusions), []string{"product.video"}) || q.Totals.Eligible != "20.00" {
		t.Errorf("a %+v, b %+v, eligible %s", a, b, q.Totals.Eligible)
	}
}

func TestCouponConditions(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	least := func(amount string) string { return half + `,"currency":"USD","minimum_spend":"` + amount + `"` }
	// A second line of 5.00 that takes no part, and charges, do not count towards a minimum.
	excluded := []string{`"quantity":2}`, `"quantity":2},{"id":"B","product":{"id":"P2","type":"pod"},"unit_price":"5","quantity":1}`}
	for _, c := range []struct {
		name, members string
		changes       []string
		discount      string
		codes         []string
	}{
		{"minimum spend reached exactly", least("20.00"), nil, "10.00", []string{}},
		{"minimum spend missed by a cent", least("20.01"), nil, "0.00", []string{"coupon.minimum_spend"}},
		{"excluded lines do not count", least("20.01"), excluded, "0.00", []string{"coupon.minimum_spend"}},
		{"an amount's currency", euros, nil, "0.00", []string{"coupon.currency"}},
		{"a minimum's currency, and no reason about the amount", half + `,"currency":"EUR","minimum_spend":"500"`, nil, "0.00", []string{"coupon.currency"}},
		{"a maximum's currency", half + `,"currency":"EUR","maximum_discount":"500"`, nil, "0.00", []string{"coupon.currency"}},
		{"another currency and not started", `"discount":{"amount":"5","currency":"EUR"},"starts_at":"2099-01-01T00:00:00Z"`, nil, "0.00", []string{"coupon.currency", "coupon.not_started"}},
		{"a percentage fits every currency", half, []string{`"USD"`, `"EUR"`}, "10.00", []string{}},
		{"at most the maximum", half + `,"currency":"USD","maximum_discount":"3.50"`, nil, "3.50", []string{}},
		{"a maximum that is not reached", half + `,"currency":"USD","maximum_discount":"10.01"`, nil, "10.00", []string{}},
		{"an amount off", `"discount":{"amount":"3.33","currency":"USD"}`, nil, "3.33", []string{}},
		{"an amount up to what is eligible", `"discount":{"amount":"99","currency":"USD"}`, nil, "20.00", []string{}},
		{"an amount and a maximum", `"discount":{"amount":"9","currency":"USD"},"maximum_discount":"4"`, nil, "4.00", []string{}},
		{"everything off", `"discount":{"percent":"100"}`, nil, "20.00", []string{}},
		{"four fraction digits: 33.3333 % of 20.00 is 6.66666", `"discount":{"percent":"33.3333"}`, nil, "6.67", []string{}},
		{"half up: 0.125 % of 20.00 is 0.025", `"discount":{"percent":"0.125"}`, nil, "0.03", []string{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			customer := unique("c")
			held := s.give(t, customer, c.members)
			got := s.quote(t, orderOf(t, customer, c.changes...)).compared(t, held.ID)
			if got.Discount != c.discount || !slices.Equal(codes(got.Reasons), c.codes) {
				t.Errorf("want %s %v, got %+v", c.discount, c.codes, got)
			}
		})
	}
}

// A discount that takes a line or an order down to nothing is allowed; what is left is zero and never negative.
func TestDiscountsMayReachThePrice(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	line := s.quote(t, orderOf(t, customer, `"quantity":2`, `"quantity":2,"discounts":[{"id":"a","amount":"19.99"},{"id":"b","amount":"0.01"}]`))
	if line.Totals.Payable != "4.99" || line.line(t, "A").OtherDiscounts != "20.00" || line.Totals.OtherDiscounts != "20.00" {
		t.Errorf("line: %+v", line.Totals)
	}
	whole := s.quote(t, orderOf(t, customer, `"discounts":[]`, `"discounts":[{"id":"a","amount":"20.00"}]`))
	if whole.Totals.Payable != "4.99" || whole.line(t, "A").Payable != "20.00" || whole.Totals.OtherDiscounts != "20.00" {
		t.Errorf("order: %+v", whole.Totals)
	}
}
