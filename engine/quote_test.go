// One quote from facts to cache: what is asked in which order, what is selected, and what is refused.
package engine

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/pricing"
	"scrip/engine/refusal"
)

func TestTheContractsExample(t *testing.T) {
	t.Parallel()
	welcome := coupon(t, "cpn_1", "5", func(c *ledger.Coupon) { c.CampaignID = "welcome" })
	big := coupon(t, "cpn_2", "50", func(c *ledger.Coupon) {
		c.Terms = &ledger.Terms{Percent: c.Terms.Percent, Currency: usd(t), MinimumSpend: 50_000}
	})
	d := newDesk(shipped(t), big, welcome)
	q := d.quote(t, example(t))
	totals := pricing.Totals{Original: 16499, Eligible: 12499, CouponDiscount: 625, Charges: 499, Payable: 16373}
	if q.Totals != totals || q.Selection != (Selection{"cpn_1", ByDefault}) || len(q.Denials) > 0 {
		t.Errorf("%+v, %+v, %v", q.Totals, q.Selection, q.Denials)
	}
	if q.CustomerID != "c-1001" || q.OrderID != "CJ-1" || q.Currency != usd(t) || q.PolicyRevision != d.snapshot.Revision {
		t.Errorf("%+v", q)
	}
	if !q.CreatedAt.Equal(start) || !q.ExpiresAt.Equal(start.Add(ttl)) {
		t.Errorf("from %v to %v", q.CreatedAt, q.ExpiresAt)
	}
	lines := slices.Concat(q.SubOrders[0].Lines, q.SubOrders[1].Lines)
	for i, want := range []LinePrice{
		{ID: "A", Original: 2470, CouponDiscount: 124, Payable: 2346, Eligible: true}, {ID: "B", Original: 4000, Payable: 4000},
		{ID: "C", Original: 30, CouponDiscount: 30, Eligible: true}, {ID: "D", Original: 9999, CouponDiscount: 471, Payable: 9528, Eligible: true},
	} {
		got := lines[i]
		if excluded := has(got.Exclusions, "product.supplier"); excluded == want.Eligible || !excluded && len(got.Exclusions) > 0 {
			t.Errorf("line %s: %v", got.ID, got.Exclusions)
		}
		if got.Exclusions = nil; !reflect.DeepEqual(got, want) {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	if q.SubOrders[0].ID != "S1" || q.SubOrders[0].CouponDiscount != 124 || q.SubOrders[1].ID != "S2" || q.SubOrders[1].CouponDiscount != 501 {
		t.Errorf("%+v", q.SubOrders)
	}
	if first, second := q.Coupons[0], q.Coupons[1]; first.ID != "cpn_1" || first.CampaignID != "welcome" || !first.Applicable || first.Discount != 625 ||
		len(first.Reasons) > 0 || second.ID != "cpn_2" || second.Applicable || second.Discount != 0 || !has(second.Reasons, "coupon.minimum_spend") {
		t.Errorf("%+v", q.Coupons)
	}
	if want := []string{"policies", "facts of c-1001", "known", "keep"}; !slices.Equal(d.calls, want) {
		t.Errorf("calls %q, want %q", d.calls, want)
	}
}

// What was found needs no decision: the policies would fail here.
func TestAKnownQuoteIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	d := newDesk(rules(t, patience, map[string]string{"order": denies("x", "1 / 0 == 1")}))
	known := &Quote{ID: "q_known", ExpiresAt: start.Add(time.Second)}
	d.kept[keyFor(example(t), &d.facts, d.snapshot.Revision, start)] = known
	if q := d.quote(t, example(t)); q != known || !slices.Equal(d.calls, []string{"policies", "facts of c-1001", "known"}) {
		t.Errorf("%+v, calls %q", q, d.calls)
	}
}

func TestALedgerThatCannotBeReadIsAnError(t *testing.T) {
	t.Parallel()
	d := newDesk(shipped(t))
	d.factsErr = ledger.ErrUnavailable
	if q, err := d.Quote(t.Context(), example(t)); q != nil || !errors.Is(err, ledger.ErrUnavailable) || slices.Contains(d.calls, "known") {
		t.Errorf("%v, %v, calls %q", q, err, d.calls)
	}
	d = newDesk(shipped(t))
	d.couponErr = ledger.ErrUnavailable
	r := example(t)
	r.Select = "cpn_unknown"
	if q, err := d.Quote(t.Context(), r); q != nil || !errors.Is(err, ledger.ErrUnavailable) || len(d.kept) > 0 {
		t.Errorf("%v, %v", q, err)
	}
}

func TestADeniedOrderUsesNoCoupon(t *testing.T) {
	t.Parallel()
	d := newDesk(shipped(t), coupon(t, "cpn_2", "50"), coupon(t, "cpn_1", "5"))
	d.facts.Blocklisted = true
	r := example(t)
	r.Order.Type, r.Order.Discounts = "sample", []NamedAmount{{"vip", 100}}
	q := d.quote(t, r)
	if !has(q.Denials, "customer.blocklisted", "order.other_discount", "order.type") {
		t.Errorf("%v", q.Denials)
	}
	if want := (pricing.Totals{Original: 16499, Eligible: 12499, OtherDiscounts: 100, Charges: 499, Payable: 16898}); q.Totals != want || q.Selection != (Selection{"", Unavailable}) {
		t.Errorf("%+v, %+v", q.Totals, q.Selection)
	}
	if q.Coupons[0].ID != "cpn_1" || q.Coupons[1].ID != "cpn_2" {
		t.Errorf("not by id: %+v", q.Coupons)
	}
	for _, c := range q.Coupons {
		if c.Applicable || c.Discount != 0 || !slices.Equal(c.Reasons, q.Denials) || c.CampaignID != "of-"+c.ID {
			t.Errorf("%+v", c)
		}
	}
	r.Select = "cpn_1"
	refused(t, d, r, CouponNotApplicable, codes(q.Denials)...)
	if again := d.quote(t, func() *Request { r := *r; r.Select = SelectNone; return &r }()); again.Selection != (Selection{"", ByNone}) || !slices.Equal(again.Denials, q.Denials) {
		t.Errorf("%+v", again)
	}
}

// A line with a discount of its own takes no part, the others do.
func TestADiscountedLineTakesNoPart(t *testing.T) {
	t.Parallel()
	r := example(t)
	r.Order.SubOrders[1].Lines[1].Discounts = []NamedAmount{{"flash", 999}}
	q := newDesk(shipped(t), coupon(t, "a", "50")).quote(t, r)
	if want := (pricing.Totals{Original: 16499, Eligible: 2500, OtherDiscounts: 999, CouponDiscount: 1250, Charges: 499, Payable: 14749}); q.Totals != want {
		t.Errorf("%+v, want %+v", q.Totals, want)
	}
	if l := q.SubOrders[1].Lines[1]; l.Eligible || l.Payable != 9000 || !has(l.Exclusions, "product.other_discount") {
		t.Errorf("%+v", l)
	}
}

// refused expects a refusal about the selected coupon.
func refused(t *testing.T, d *desk, r *Request, code string, reasons ...string) *refusal.Error {
	t.Helper()
	kept := len(d.kept)
	q, err := d.Quote(t.Context(), r)
	var e *refusal.Error
	if q != nil || !errors.As(err, &e) || e.Code != code || !has(e.Reasons, reasons...) || len(e.Faults) != 1 || e.Faults[0].Pointer != "/select" {
		t.Errorf("%+v, %#v; want %s for %q", q, err, code, reasons)
	}
	if len(d.kept) != kept {
		t.Error("a refused quote is kept")
	}
	return e
}

func TestSelection(t *testing.T) {
	t.Parallel()
	free := coupon(t, "cpn_free", "0.0001") // of 124.99 it is worth nothing
	soon := func(c *ledger.Coupon) { c.ExpiresAt = start.Add(48 * time.Hour) }
	later := func(c *ledger.Coupon) { c.ExpiresAt = start.Add(72 * time.Hour) }
	for _, c := range []struct {
		name, sel string
		held      []ledger.Coupon
		want      Selection
		discount  money.Amount
	}{
		{"the best", SelectBest, []ledger.Coupon{coupon(t, "a", "5"), coupon(t, "b", "10")}, Selection{"b", ByDefault}, 1250},
		{"of equals the one that ends first", SelectBest, []ledger.Coupon{coupon(t, "a", "5"), coupon(t, "b", "5", later), coupon(t, "c", "5", soon)}, Selection{"c", ByDefault}, 625},
		{"then the first id", SelectBest, []ledger.Coupon{coupon(t, "b", "5", soon), coupon(t, "a", "5", soon)}, Selection{"a", ByDefault}, 625},
		{"none held", SelectBest, nil, Selection{"", Unavailable}, 0},
		{"the best is worth nothing", SelectBest, []ledger.Coupon{free}, Selection{"", Unavailable}, 0},
		{"none asked for", SelectNone, []ledger.Coupon{coupon(t, "a", "5")}, Selection{"", ByNone}, 0},
		{"another one", "a", []ledger.Coupon{coupon(t, "a", "5"), coupon(t, "b", "10")}, Selection{"a", ByCustomer}, 625},
		{"the best by its id", "b", []ledger.Coupon{coupon(t, "a", "5"), coupon(t, "b", "10")}, Selection{"b", ByCustomer}, 1250},
		{"one that is worth nothing", "cpn_free", []ledger.Coupon{free}, Selection{"cpn_free", ByCustomer}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := example(t)
			r.Select = c.sel
			q := newDesk(shipped(t), c.held...).quote(t, r)
			if q.Selection != c.want || q.Totals.CouponDiscount != c.discount || q.Totals.Payable != 16998-c.discount || len(q.Coupons) != len(c.held) {
				t.Errorf("%+v, %+v", q.Selection, q.Totals)
			}
		})
	}
}

func TestASelectedCouponThatDoesNotApplyIsRefused(t *testing.T) {
	t.Parallel()
	pending := coupon(t, "cpn_soon", "5", func(c *ledger.Coupon) { c.StartsAt = start.Add(time.Second) })
	yen := coupon(t, "cpn_yen", "5", func(c *ledger.Coupon) {
		c.Terms = &ledger.Terms{Amount: 100, Currency: currency(t, "JPY"), MinimumSpend: 1 << 40}
	})
	d := newDesk(shipped(t), pending, yen)
	for name, change := range map[string]func(*ledger.Coupon){
		"used":    func(c *ledger.Coupon) { c.State = ledger.Used },
		"revoked": func(c *ledger.Coupon) { c.State = ledger.Revoked },
		"ended":   func(c *ledger.Coupon) { c.ExpiresAt = start },
		"others":  func(c *ledger.Coupon) { c.CustomerID = "c-2" },
	} {
		d.coupons["cpn_"+name] = coupon(t, "cpn_"+name, "5", change)
	}
	for id, want := range map[string]string{
		"cpn_soon": "coupon.not_started", "cpn_yen": "coupon.currency", "cpn_used": "coupon.status", "cpn_revoked": "coupon.status", "cpn_ended": "coupon.expired",
	} {
		r := example(t)
		r.Select = id
		if e := refused(t, d, r, CouponNotApplicable, want); e.InBody {
			t.Error("it exists")
		}
	}
	var said []string
	for _, id := range []string{"cpn_others", "cpn_nobody"} {
		r := example(t)
		r.Select = id
		e := refused(t, d, r, ledger.CouponNotFound)
		if !e.InBody {
			t.Error("the body names what does not exist")
		}
		said = append(said, strings.ReplaceAll(e.Message, id, ""))
	}
	if said[0] != said[1] {
		t.Errorf("%q tells that the coupon exists", said)
	}
}

// Whatever policies say, the books and the arithmetic have the last word.
func TestPoliciesThatAllowEverythingDoNotMakeACouponGood(t *testing.T) {
	t.Parallel()
	yen := coupon(t, "cpn_yen", "5", func(c *ledger.Coupon) { c.Terms = &ledger.Terms{Amount: 100, Currency: currency(t, "JPY")} })
	d := newDesk(rules(t, patience, nil), yen)
	d.coupons["cpn_used"] = coupon(t, "cpn_used", "5", func(c *ledger.Coupon) { c.State = ledger.Used })
	for id, want := range map[string]string{"cpn_yen": "coupon.currency", "cpn_used": "coupon.status"} {
		r := example(t)
		r.Select = id
		e := refused(t, d, r, CouponNotApplicable, want)
		if say := e.Reasons[0].Message; say != "This coupon is for orders in JPY." && say != "This coupon is used." {
			t.Error(say)
		}
	}
	if q := d.quote(t, example(t)); q.Selection.By != Unavailable || q.Totals.CouponDiscount != 0 {
		t.Errorf("%+v, %+v", q.Selection, q.Totals)
	}
}

func TestALineMayDependOnTheCoupon(t *testing.T) {
	t.Parallel()
	only := func(line string) func(*ledger.Coupon) {
		return func(c *ledger.Coupon) {
			c.Terms = &ledger.Terms{Percent: c.Terms.Percent, Attributes: `{"only":"` + line + `"}`}
		}
	}
	d := newDesk(rules(t, patience, map[string]string{"product": denies("tied", "input.coupon.attributes.only != input.line.id")}),
		coupon(t, "a", "50", only("A")), coupon(t, "d", "50", only("D")), coupon(t, "x", "50", only("X")), coupon(t, "free", "1"))
	for sel, want := range map[string]struct {
		eligible string
		base     money.Amount
		discount money.Amount
	}{
		SelectBest: {"D", 9999, 5000}, "a": {"A", 2470, 1235}, "x": {"", 0, 0}, "free": {"ABCD", 16499, 165}, SelectNone: {"ABCD", 16499, 0},
	} {
		r := example(t)
		r.Select = sel
		q := d.quote(t, r)
		var eligible string
		for _, l := range slices.Concat(q.SubOrders[0].Lines, q.SubOrders[1].Lines) {
			if l.Eligible {
				eligible += l.ID
			} else if !has(l.Exclusions, "tied") || l.CouponDiscount != 0 {
				t.Errorf("%s: %+v", sel, l)
			}
		}
		if eligible != want.eligible || q.Totals.Eligible != want.base || q.Totals.CouponDiscount != want.discount {
			t.Errorf("%s: %s, %+v", sel, eligible, q.Totals)
		}
	}
}
