package engine

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/policy"
	"scrip/engine/pricing"
	"scrip/engine/refusal"
)

// hearingTimeout bounds all decisions of one quote together.
const hearingTimeout = 5 * time.Second

// policyFailed is the denial of a quote one of whose decisions failed.
var policyFailed = refusal.Reason{
	Code:    PolicyError,
	Message: "Coupons cannot be used right now. Please try again later.",
}

// hearing asks the policies everything about one order, under one revision. A
// decision that fails denies, and once one has overrun its deadline it is not
// asked again: a broken policy costs one deadline, not one a line.
type hearing struct {
	ctx      context.Context // a hearing lives for one call of Quote
	cancel   context.CancelFunc
	policies *policy.Snapshot
	request  *Request
	order    pricing.Order
	facts    *ledger.Facts
	now      time.Time

	input   policy.Facts // the parts that are the same for all questions
	failure error        // the first decision that failed
	overran map[string]error
}

// verdict is what the policies said of an order.
type verdict struct {
	denials    []refusal.Reason
	lines      lineVerdicts // with no coupon in question
	candidates []candidate  // best first
}

// lineVerdicts say of each line whether it takes part in a coupon, and if not
// why.
type lineVerdicts struct {
	eligible   []bool
	exclusions [][]refusal.Reason
}

func newHearing(ctx context.Context, policies *policy.Snapshot, r *Request, order pricing.Order, facts *ledger.Facts, now time.Time) *hearing {
	ctx, cancel := context.WithTimeoutCause(ctx, hearingTimeout, policy.ErrDeadline)
	return &hearing{
		ctx: ctx, cancel: cancel, policies: policies, request: r, order: order, facts: facts, now: now,
		overran: make(map[string]error),
		input: policy.Facts{
			Customer: policy.Customer{ID: r.Customer.ID, Blocklisted: &facts.Blocklisted, Attributes: r.Customer.Attributes},
			Order: &policy.Order{
				ID: r.Order.ID, Type: r.Order.Type, Currency: r.Order.Currency.Code(),
				Discounted: len(r.Order.Discounts) > 0, Attributes: r.Order.Attributes,
			},
			Now: now.Unix(),
		},
	}
}

// close ends the hearing and reports its first failure to the operator.
func (h *hearing) close(log *slog.Logger) {
	h.cancel()
	if h.failed() {
		log.Error("a policy decision failed; the order is quoted at full price",
			"error", h.failure, "policy_revision", h.policies.Revision, "order_id", h.request.Order.ID)
	}
}

func (h *hearing) failed() bool { return h.failure != nil }

// looksAtNow reports whether any decision sees the clock: its answers are
// nobody else's.
func (h *hearing) looksAtNow() bool {
	return slices.ContainsFunc([]string{policy.OrderDeny, policy.ProductDeny, policy.CouponDeny},
		func(decision string) bool { return h.policies.LooksAt(decision, "now") })
}

// decide asks all decisions. If the order as a whole is denied, or any
// decision fails, every coupon is inapplicable for that.
func (h *hearing) decide() verdict {
	v := verdict{
		denials: h.ask(policy.OrderDeny, h.policies.OrderDenials, &h.input),
		lines:   h.lines(nil),
	}
	if len(v.denials) == 0 {
		v.candidates = h.candidates(v.lines)
	}
	if h.failed() && !slices.Contains(v.denials, policyFailed) {
		v.denials = append(slices.Clip(v.denials), policyFailed)
	}
	if len(v.denials) > 0 {
		v.candidates = h.denied(v.denials)
	}
	slices.SortFunc(v.candidates, func(a, b candidate) int { return pricing.Compare(a.Candidate, b.Candidate) })
	return v
}

// candidates looks at every coupon.
func (h *hearing) candidates(plain lineVerdicts) []candidate {
	list := make([]candidate, 0, len(h.facts.Coupons))
	for i := range h.facts.Coupons {
		coupon := &h.facts.Coupons[i]
		list = append(list, h.assess(coupon, h.linesFor(coupon, plain)))
	}
	return list
}

// linesFor asks about the lines again for a coupon, but only if the product
// policy can see it.
func (h *hearing) linesFor(coupon *ledger.Coupon, plain lineVerdicts) lineVerdicts {
	if h.policies.LooksAt(policy.ProductDeny, "coupon") {
		return h.lines(coupon)
	}
	return plain
}

// denied is every coupon with the order's denials for reasons.
func (h *hearing) denied(denials []refusal.Reason) []candidate {
	list := make([]candidate, 0, len(h.facts.Coupons))
	for i := range h.facts.Coupons {
		coupon := &h.facts.Coupons[i]
		list = append(list, candidate{
			Candidate: pricing.Candidate{ID: coupon.ID}, campaignID: coupon.CampaignID, reasons: denials,
		})
	}
	return list
}

// assess works out what a coupon would deduct and asks whether it may.
func (h *hearing) assess(coupon *ledger.Coupon, lines lineVerdicts) candidate {
	c := candidate{
		Candidate:  pricing.Candidate{ID: coupon.ID, ExpiresAt: coupon.ExpiresAt},
		campaignID: coupon.CampaignID,
		lines:      lines,
	}
	matches := h.currencyMatches(coupon)
	met := matches && h.order.Base(lines.eligible) >= coupon.Terms.MinimumSpend
	input := h.input
	input.Coupon = h.couponFacts(coupon)
	input.Coupon.MinimumSpendMet = &met
	c.reasons = h.ask(policy.CouponDeny, h.policies.CouponDenials, &input)
	if len(c.reasons) == 0 && !matches { // arithmetic, whatever policies say: amounts of two currencies do not meet
		c.reasons = []refusal.Reason{{Code: "coupon.currency", Message: "This coupon is for orders in " + coupon.Terms.Currency.Code() + "."}}
	}
	if c.Applicable = len(c.reasons) == 0; c.Applicable {
		c.Discount = coupon.Terms.Pricing().Discount(h.order, lines.eligible)
	}
	return c
}

func (h *hearing) currencyMatches(coupon *ledger.Coupon) bool {
	return coupon.Terms.Currency == money.Currency{} || coupon.Terms.Currency == h.request.Order.Currency
}

// lines asks of every line whether it takes part in a coupon, or in any when
// none is given.
func (h *hearing) lines(coupon *ledger.Coupon) lineVerdicts {
	v := lineVerdicts{
		eligible:   make([]bool, 0, len(h.order.Lines)),
		exclusions: make([][]refusal.Reason, 0, len(h.order.Lines)),
	}
	input := h.input
	if coupon != nil {
		input.Coupon = h.couponFacts(coupon)
	}
	input.Line = new(policy.Line) // of one question after the other
	for s := range h.request.Order.SubOrders {
		for l := range h.request.Order.SubOrders[s].Lines {
			line := &h.request.Order.SubOrders[s].Lines[l]
			*input.Line = policy.Line{
				ID: line.ID, Quantity: line.Quantity, Discounted: len(line.Discounts) > 0,
				ProductID: line.Product.ID, ProductType: line.Product.Type, ProductAttributes: line.Product.Attributes,
			}
			reasons := h.ask(policy.ProductDeny, h.policies.ProductExclusions, &input)
			v.eligible = append(v.eligible, len(reasons) == 0)
			v.exclusions = append(v.exclusions, reasons)
		}
	}
	return v
}

func (h *hearing) couponFacts(coupon *ledger.Coupon) *policy.Coupon {
	return &policy.Coupon{
		ID: coupon.ID, CampaignID: coupon.CampaignID,
		Owned:           coupon.CustomerID == h.request.Customer.ID,
		Status:          string(coupon.StatusAt(h.now)),
		Window:          coupon.Window(h.now),
		CurrencyMatches: h.currencyMatches(coupon),
		Kind:            coupon.Terms.Kind(),
		Attributes:      coupon.Terms.Attributes,
	}
}

// ask asks one question; a failure is the reason policy.error.
func (h *hearing) ask(
	decision string, question func(context.Context, *policy.Facts) ([]policy.Reason, error), input *policy.Facts,
) []refusal.Reason {
	err := h.overran[decision]
	if err == nil {
		var reasons []refusal.Reason
		if reasons, err = question(h.ctx, input); err == nil {
			return reasons
		}
	}
	if errors.Is(err, policy.ErrDeadline) {
		h.overran[decision] = err
	}
	if h.failure == nil {
		h.failure = err
	}
	return []refusal.Reason{policyFailed}
}

// quote puts the prices together with the chosen coupon, or without one.
func (h *hearing) quote(v *verdict, chosen choice) (*Quote, error) {
	lines, discount := v.lines, money.Amount(0)
	q := &Quote{
		CreatedAt: h.now, PolicyRevision: h.policies.Revision,
		CustomerID: h.request.Customer.ID, OrderID: h.request.Order.ID, Currency: h.request.Order.Currency,
		Selection: Selection{By: chosen.by}, Denials: v.denials, Wire: new(Wire),
	}
	if c := chosen.candidate; c != nil {
		lines, discount = c.lines, c.Discount
		q.Selection.CouponID = c.ID
	}
	shares, err := h.order.Distribute(discount, lines.eligible)
	if err != nil {
		return nil, errors.Join(errUnchecked, err)
	}
	q.Totals = h.order.Totals(lines.eligible, discount)
	q.SubOrders = make([]SubOrderPrice, 0, len(h.request.Order.SubOrders))
	q.Coupons = make([]CouponResult, 0, len(v.candidates))
	n := 0
	for s, sub := range h.request.Order.SubOrders {
		price := SubOrderPrice{ID: sub.ID, CouponDiscount: shares.SubOrders[s], Lines: make([]LinePrice, 0, len(sub.Lines))}
		for l := range sub.Lines {
			line := &sub.Lines[l]
			priced := h.order.Lines[n]
			price.Lines = append(price.Lines, LinePrice{
				ID: line.ID, Original: priced.Original, OtherDiscounts: priced.Discounts, CouponDiscount: shares.Lines[n],
				Payable:  priced.Original - priced.Discounts - shares.Lines[n],
				Eligible: lines.eligible[n], Exclusions: lines.exclusions[n],
			})
			n++
		}
		q.SubOrders = append(q.SubOrders, price)
	}
	for _, c := range v.candidates {
		q.Coupons = append(q.Coupons, CouponResult{
			ID: c.ID, CampaignID: c.campaignID, Applicable: c.Applicable, Discount: c.Discount, Reasons: c.reasons})
	}
	return q, nil
}
