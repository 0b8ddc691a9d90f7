// Policies that fail while they run: full price with policy.error, told to the operator, shared with nobody.
package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/policy"
	"scrip/engine/pricing"
	"scrip/engine/refusal"
)

// endless is a condition that no machine comes to the end of.
var endless = strings.TrimSuffix(strings.Repeat("some _ in numbers.range(1, 1000); ", 20), "; ") + "; false"

// ways in which a rule fails, and the deadline it gets.
var ways = []struct {
	name, condition string
	timeout         time.Duration
}{
	{"errs", `to_number("x") == 1`, patience},
	{"divides by zero", `1 / 0 == 1`, patience},
	{"overruns", endless, 20 * time.Millisecond},
}

func TestAFailingDecisionCostsTheCoupon(t *testing.T) {
	t.Parallel()
	for _, way := range ways {
		for _, decision := range []string{"order", "product", "coupon"} {
			t.Run(decision+" "+way.name, func(t *testing.T) {
				t.Parallel()
				// With a short deadline a busy machine lets sound decisions overrun too.
				alone := way.timeout == patience
				d := newDesk(rules(t, way.timeout, map[string]string{decision: denies("x", way.condition)}), coupon(t, "a", "50"), coupon(t, "b", "5"))
				q := d.quote(t, example(t))
				checkFullPrice(t, q, decision, alone)
				checkPrivate(t, d, q)
				said := d.logged.String()
				if alone && !strings.Contains(said, decision+".deny") || !strings.Contains(said, d.snapshot.Revision) || !strings.Contains(said, "CJ-1") {
					t.Errorf("the operator reads %q", said)
				}
				r := example(t)
				r.Select = "a"
				refused(t, d, r, CouponNotApplicable, PolicyError)
				r.Select = SelectNone
				if q := d.quote(t, r); q.Selection.By != ByNone || !has(q.Denials, PolicyError) {
					t.Errorf("none: %+v, %v", q.Selection, q.Denials)
				}
			})
		}
	}
}

// checkFullPrice expects the example at full price because a decision failed, alone or perhaps not.
func checkFullPrice(t *testing.T, q *Quote, decision string, alone bool) {
	t.Helper()
	if !has(q.Denials, PolicyError) || q.Selection != (Selection{"", Unavailable}) {
		t.Errorf("denials %v, selection %+v", q.Denials, q.Selection)
	}
	want := pricing.Totals{Original: 16499, Eligible: 16499, Charges: 499, Payable: 16998}
	if decision == "product" {
		want.Eligible = 0
	}
	if q.Totals.Payable != want.Payable || alone && q.Totals != want {
		t.Errorf("%+v, want %+v", q.Totals, want)
	}
	for _, l := range slices.Concat(q.SubOrders[0].Lines, q.SubOrders[1].Lines) {
		failed := has(l.Exclusions, PolicyError)
		if l.Payable != l.Original || failed == l.Eligible || failed != (decision == "product") && (alone || !failed) {
			t.Errorf("%+v", l)
		}
	}
	for _, c := range q.Coupons {
		if c.Applicable || c.Discount != 0 || !has(c.Reasons, PolicyError) {
			t.Errorf("%+v", c)
		}
	}
}

// checkPrivate expects that a quote is found by its id and by nobody's content.
func checkPrivate(t *testing.T, d *desk, q *Quote) {
	t.Helper()
	if found, err := d.Engine.Find(t.Context(), q.ID); err != nil || found != q {
		t.Errorf("by its id: %+v, %v", found, err)
	}
	if again := d.quote(t, example(t)); again == q || again.ID == q.ID || again.ID[:len(again.ID)-8] == q.ID[:len(q.ID)-8] {
		t.Errorf("shared: %s and %s", q.ID, again.ID)
	}
	if _, ok := d.kept[keyFor(example(t), &d.facts, d.snapshot.Revision, d.now)]; ok {
		t.Error("kept under its content")
	}
}

func TestReasonsOfTheOrderStandBeforeTheFailure(t *testing.T) {
	t.Parallel()
	d := newDesk(rules(t, patience, map[string]string{"order": denies("order.closed", "true"), "product": denies("x", "1 / 0 == 1")}), coupon(t, "a", "5"))
	if q := d.quote(t, example(t)); !has(q.Denials, "order.closed", PolicyError) || !has(q.Coupons[0].Reasons, "order.closed", PolicyError) {
		t.Errorf("%v, %+v", q.Denials, q.Coupons)
	}
}

// One coupon whose policy fails: no discount without a clean decision, for the others neither.
func TestAFailureOverOneCouponDeniesAll(t *testing.T) {
	t.Parallel()
	d := newDesk(rules(t, patience, map[string]string{"coupon": denies("x", `input.coupon.id == "b"; 1 / 0 == 1`)}), coupon(t, "a", "5"), coupon(t, "b", "5"))
	if q := d.quote(t, example(t)); !has(q.Denials, PolicyError) || q.Totals.CouponDiscount != 0 || !has(q.Coupons[0].Reasons, PolicyError) {
		t.Errorf("%v, %+v", q.Denials, q.Totals)
	}
	d.facts.Coupons = d.facts.Coupons[:1]
	if q := d.quote(t, example(t)); len(q.Denials) > 0 || q.Selection.CouponID != "a" {
		t.Errorf("%v, %+v", q.Denials, q.Selection)
	}
	d.coupons["b"] = coupon(t, "b", "5", func(c *ledger.Coupon) { c.State = ledger.Used })
	r := example(t)
	r.Select = "b"
	refused(t, d, r, CouponNotApplicable, PolicyError)
	if !strings.Contains(d.logged.String(), "divide by zero") {
		t.Error("the operator is not told")
	}
}

// A decision that overran is not asked again in the same quote; one that erred is, and so are the other decisions.
func TestADecisionThatOverranIsAskedOnce(t *testing.T) {
	t.Parallel()
	h := newHearing(t.Context(), shipped(t), example(t), pricing.Order{}, &ledger.Facts{}, start)
	defer h.cancel()
	asked := make(map[error]int)
	ask := func(decision string, err error) {
		reasons := h.ask(decision, func(context.Context, *policy.Facts) ([]policy.Reason, error) { asked[err]++; return nil, err }, &h.input)
		if !has(reasons, PolicyError) {
			t.Errorf("%v: %v", err, reasons)
		}
	}
	erred, late, other := errors.New("erred"), fmt.Errorf("product.deny: %w", policy.ErrDeadline), fmt.Errorf("coupon.deny: %w", policy.ErrDeadline)
	for range 3 {
		ask(policy.OrderDeny, erred)
		ask(policy.ProductDeny, late)
		ask(policy.CouponDeny, other)
	}
	if asked[erred] != 3 || asked[late] != 1 || asked[other] != 1 {
		t.Errorf("asked %v", asked)
	}
	if !errors.Is(h.failure, erred) {
		t.Errorf("the first failure is not %v", h.failure)
	}
}

// All decisions of a quote together have a deadline too, and it is one.
func TestAHearingIsBounded(t *testing.T) {
	t.Parallel()
	h := newHearing(t.Context(), shipped(t), example(t), pricing.Order{}, &ledger.Facts{}, start)
	if deadline, ok := h.ctx.Deadline(); !ok || time.Until(deadline) > hearingTimeout {
		t.Errorf("until %v", deadline)
	}
	h.close(nil) // a hearing without a failure has nothing to log
	if h.ctx.Err() == nil {
		t.Error("a closed hearing still runs")
	}
}

func TestAnUncheckedOrderIsAnErrorNotAPrice(t *testing.T) {
	t.Parallel()
	r := example(t)
	order, _ := r.price()
	h := newHearing(t.Context(), shipped(t), r, order, &ledger.Facts{}, start)
	defer h.cancel()
	eligible := []bool{true, true, true, true}
	tooMuch := &candidate{Candidate: pricing.Candidate{Discount: 1 << 50}, lines: lineVerdicts{eligible, nil}}
	if q, err := h.quote(&verdict{lines: lineVerdicts{eligible, nil}}, choice{ByCustomer, tooMuch}); q != nil || !errors.Is(err, errUnchecked) {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestGrants(t *testing.T) {
	t.Parallel()
	const gold = "campaigns contains id if {\n\tinput.customer.attributes.tier == \"gold\"\n\tsome id in [\"b\", \"a\", input.customer.id]\n\tinput.now == 1772366400\n}\n"
	d := newDesk(rules(t, patience, map[string]string{"grant": gold}))
	for attributes, want := range map[string][]string{`{"tier":"gold"}`: {"a", "b", "c"}, `{"tier":"tin"}`: {}, "": {}} {
		if ids, err := d.Grants(t.Context(), "c", attributes); err != nil || !slices.Equal(ids, want) {
			t.Errorf("%s: %q, %v", attributes, ids, err)
		}
	}
	d = newDesk(rules(t, patience, map[string]string{"grant": "campaigns contains 1 if input.customer.id\n"}))
	ids, err := d.Grants(t.Context(), "c-7", "")
	var refused *refusal.Error
	if ids != nil || !errors.As(err, &refused) || refused.Code != PolicyError {
		t.Errorf("%q, %v", ids, err)
	}
	if said := d.logged.String(); !strings.Contains(said, "grant.campaigns") || !strings.Contains(said, "c-7") || strings.Contains(refused.Message, "grant.campaigns") {
		t.Errorf("the operator reads %q, the client %q", said, refused.Message)
	}
}
