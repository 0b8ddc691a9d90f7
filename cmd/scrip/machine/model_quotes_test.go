// The model of quotes: which coupons an order may use (Contract §1 and §8), and
// which quote is answered (§4). Prices are the oracle's.
package machine

import (
	"net/http"
	"slices"
	"time"

	"scrip/engine/pricing/oracle"
)

// quoted is a quote that was given.
type quoted struct {
	quoteBody
	request request
	expires time.Time
}

// denials are why an order can use no coupon at all.
func (m *model) denials(r *request) (list []reason) {
	_, blocked := m.blocks[r.Customer.ID]
	for code, denied := range map[string]bool{
		"order.type":           !slices.Contains(m.rules.types, r.Order.Type),
		"order.other_discount": len(r.Order.Discounts) > 0,
		"customer.blocklisted": blocked || slices.Contains(m.rules.listed, r.Customer.ID),
	} {
		if denied {
			list = append(list, reason{Code: code})
		}
	}
	return codes(list)
}

// exclusions are why a line takes part in no coupon.
func (m *model) exclusions(l *lineIn) (list []reason) {
	switch kind := l.Product.Type; {
	case slices.Contains(m.rules.ordinary, kind):
	case kind == "supplier":
		list = append(list, reason{Code: "product.supplier"})
	default:
		list = append(list, reason{Code: "product.not_ordinary"})
	}
	if len(l.Discounts) > 0 {
		list = append(list, reason{Code: "product.other_discount"})
	}
	return codes(list)
}

// oracleOrder is the order as the oracle reads it.
func (m *model) oracleOrder(r *request) oracle.Order {
	amounts := func(list []namedAmount) (texts []string) {
		for _, item := range list {
			texts = append(texts, item.Amount)
		}
		return texts
	}
	o := oracle.Order{Currency: r.Order.Currency, Digits: digits[r.Order.Currency], Discounts: amounts(r.Order.Discounts), Charges: amounts(r.Order.Charges)}
	for _, s := range r.Order.SubOrders {
		sub := oracle.SubOrder{ID: s.ID}
		for i := range s.Lines {
			eligible := len(m.exclusions(&s.Lines[i])) == 0
			sub.Lines = append(sub.Lines, oracle.Line{ID: s.Lines[i].ID, UnitPrice: s.Lines[i].UnitPrice, Quantity: s.Lines[i].Quantity,
				Discounts: amounts(s.Lines[i].Discounts), Eligible: func(string) bool { return eligible }})
		}
		o.SubOrders = append(o.SubOrders, sub)
	}
	return o
}

// oracleCoupon is a coupon as the oracle reads it; pending ones are refused.
func (m *model) oracleCoupon(k *coupon) oracle.Coupon {
	of := func(text *string) string {
		if text == nil {
			return ""
		}
		return *text
	}
	t := k.campaign.terms
	return oracle.Coupon{ID: k.id, Percent: t.Discount.Percent, Amount: t.Discount.Amount, Currency: of(t.Currency),
		MinimumSpend: of(t.MinimumSpend), MaximumDiscount: of(t.MaximumDiscount), ExpiresAt: k.expires, Refused: m.now.Before(k.starts)}
}

// price prices an order with coupons, "best", "none" or one of them.
func (m *model) price(r *request, coupons []*coupon, choose string, denials []reason) oracle.Result {
	var list []oracle.Coupon
	for _, k := range coupons {
		list = append(list, m.oracleCoupon(k))
	}
	return oracle.Price(m.oracleOrder(r), list, choose, len(denials) > 0)
}

// reasons are the oracle's in the words of the contract.
func reasons(oracles []string, denials []reason) (list []reason) {
	for _, r := range oracles {
		switch r {
		case oracle.ReasonDenied:
			list = append(list, denials...)
		case oracle.ReasonRefused:
			list = append(list, reason{Code: "coupon.not_started"})
		default:
			list = append(list, reason{Code: r})
		}
	}
	return codes(list)
}

// foundBy is all that a quote depends on.
func (m *model) foundBy(r *request, held []*coupon) string {
	all := write(r) + m.rules.revision
	for _, k := range held {
		all += " " + k.id
		if m.now.Before(k.starts) {
			all += " pending"
		}
	}
	if _, blocked := m.blocks[r.Customer.ID]; blocked {
		all += " blocked"
	}
	return all
}

// quote answers a request, as a sidecar does that knows all that was written.
func (m *model) quote(r request) answer {
	if r.Select == "" {
		r.Select = "best"
	}
	held := m.couponsOf(r.Customer.ID, "available")
	by := m.foundBy(&r, held)
	if q, ok := m.quotes[by]; ok && m.now.Before(q.expires) {
		return done(http.StatusCreated, false, q.quoteBody)
	}
	denials := m.denials(&r)
	if r.Select != "best" && r.Select != "none" && !slices.ContainsFunc(held, func(k *coupon) bool { return k.id == r.Select }) {
		return m.unlisted(&r, denials)
	}
	priced := m.price(&r, held, r.Select, denials)
	if priced.NotApplicable {
		no := refuse(http.StatusUnprocessableEntity, "coupon.not_applicable")
		for _, c := range priced.Coupons {
			if c.ID == r.Select {
				no.reasons = reasons(c.Reasons, denials)
			}
		}
		return no
	}
	q := &quoted{quoteBody: m.body(&r, priced, denials), request: r, expires: m.now.Add(quoteTTL)}
	q.ID, q.CreatedAt, q.ExpiresAt = m.id("q_"), stamp(m.now), stamp(q.expires)
	m.quotes[by] = q
	return done(http.StatusCreated, false, q.quoteBody)
}

// unlisted refuses a coupon that was asked for and is not among those that the
// customer can use.
func (m *model) unlisted(r *request, denials []reason) answer {
	k := m.coupon(r.Select)
	if k == nil || k.customer != r.Customer.ID {
		return refuse(http.StatusUnprocessableEntity, "coupon.not_found")
	}
	no := refuse(http.StatusUnprocessableEntity, "coupon.not_applicable")
	if no.reasons = denials; len(denials) > 0 {
		return no
	}
	no.reasons = reasons(m.price(r, []*coupon{k}, k.id, nil).Coupons[0].Reasons, nil)
	if m.past(k) {
		no.reasons = slices.DeleteFunc(no.reasons, func(r reason) bool { return r.Code == "coupon.not_started" })
		no.reasons = append(no.reasons, reason{Code: "coupon.expired"})
	}
	if m.status(k) != "expired" {
		no.reasons = append(no.reasons, reason{Code: "coupon.status"})
	}
	no.reasons = codes(no.reasons)
	return no
}

// body is the quote without its id and times.
func (m *model) body(r *request, priced oracle.Result, denials []reason) quoteBody {
	b := quoteBody{PolicyRevision: m.rules.revision, CustomerID: r.Customer.ID, OrderID: r.Order.ID, Currency: r.Order.Currency,
		Totals: totals(priced.Totals), Coupons: []couponResult{}, Denials: codes(denials)}
	b.Selection.CouponID, b.Selection.By = optional(priced.SelectedID), priced.By
	for s, sub := range priced.SubOrders {
		shown := subOrderPrice{ID: sub.ID, CouponDiscount: sub.CouponDiscount}
		for l, line := range sub.Lines {
			shown.Lines = append(shown.Lines, linePrice{ID: line.ID, Original: line.Original, OtherDiscounts: line.OtherDiscounts,
				CouponDiscount: line.CouponDiscount, Payable: line.Payable, Eligible: line.Eligible,
				Exclusions: m.exclusions(&r.Order.SubOrders[s].Lines[l])})
		}
		b.SubOrders = append(b.SubOrders, shown)
	}
	for _, c := range priced.Coupons {
		b.Coupons = append(b.Coupons, couponResult{ID: c.ID, CampaignID: m.coupon(c.ID).campaign.ID, Applicable: c.Applicable,
			Discount: c.Discount, Reasons: reasons(c.Reasons, denials)})
	}
	return b
}

// late takes a quote from a sidecar that may not know yet what another has
// written (Contract §5: within a second): whatever coupon it is for, it is
// that order's price with it. It says what is wrong, or nothing.
func (m *model) late(r request, got quoteBody) string {
	var with []*coupon
	choose := "none"
	if id := got.Selection.CouponID; id != nil {
		k := m.coupon(*id)
		if k == nil || k.customer != r.Customer.ID {
			return "it is for a coupon of nobody's or another's"
		}
		with, choose = append(with, k), *id
	}
	priced := m.price(&r, with, choose, nil)
	expires := instant(got.ExpiresAt)
	switch {
	case priced.NotApplicable:
		return "the coupon cannot apply"
	case totals(priced.Totals) != got.Totals:
		return "the price is not that: " + write(priced.Totals)
	case !expires.After(m.now) || expires.After(m.now.Add(quoteTTL)) || *got.CreatedAt != *stamp(m.now):
		return "it lives at another time"
	case m.id("q_") != got.ID:
		return "it has no new id"
	}
	m.quotes[write(r)] = &quoted{quoteBody: got, request: r, expires: expires}
	return ""
}

// alive is a quote that can be redeemed.
func (m *model) alive(id string) *quoted {
	for _, q := range m.quotes {
		if q.ID == id && m.now.Before(q.expires) {
			return q
		}
	}
	return nil
}

// stale tells whether a quote, asked for now, would not be given so.
func (m *model) stale(q *quoted, k *coupon) bool {
	if k == nil {
		return totals(m.price(&q.request, nil, "none", nil).Totals) != q.Totals
	}
	priced := m.price(&q.request, []*coupon{k}, k.id, m.denials(&q.request))
	return priced.NotApplicable || totals(priced.Totals) != q.Totals
}
