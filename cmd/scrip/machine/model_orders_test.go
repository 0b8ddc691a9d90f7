// The model of orders: reserved, confirmed, released, as Contract §6 says it and
// nothing else.
package machine

import (
	"cmp"
	"net/http"
	"slices"
	"time"
)

// redemption is an order in the books.
type redemption struct {
	id, quote, order, customer, currency string
	coupon                               *coupon // nil for none
	totals                               totals
	created, until                       time.Time
	state                                string
	lines, charges                       []*part
	refunds                              []refundBody
	drawn, back                          purse // by the wallet, and to it by refunds
}

// States, as they are written. A hold that nobody ended lapses by itself.
const (
	reserved  = "reserved"
	confirmed = "confirmed"
	released  = "released"
	withdrawn = "withdrawn" // with its coupon: to clients it is released
	lapsed    = "expired"
)

// part is a line or a charge, which has no units.
type part struct {
	id                                        string
	paid, quantity, units, byUnits, byAmounts int64
}

func (p *part) left() int64 { return p.paid - p.byUnits - p.byAmounts }

func (m *model) statusOf(r *redemption) string {
	switch {
	case r.state == withdrawn:
		return released
	case r.state == reserved && !m.now.Before(r.until):
		return lapsed
	}
	return r.state
}

func (m *model) redemption(id string) *redemption {
	at := slices.IndexFunc(m.orders, func(r *redemption) bool { return r.id == id })
	if at < 0 {
		return nil
	}
	return m.orders[at]
}

// holder is the redemption that holds a coupon now.
func (m *model) holder(k *coupon) *redemption {
	for _, r := range m.orders {
		if r.coupon == k && m.statusOf(r) == reserved {
			return r
		}
	}
	return nil
}

// redemptionsOf lists an order's redemptions.
func (m *model) redemptionsOf(order string) (list []*redemption) {
	for _, r := range m.orders {
		if r.order == order {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b *redemption) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id)) })
	return list
}

// live tells whether an order has a redemption that is reserved or confirmed.
func (m *model) live(order string) bool {
	return slices.ContainsFunc(m.orders, func(r *redemption) bool {
		return r.order == order && (m.statusOf(r) == reserved || m.statusOf(r) == confirmed)
	})
}

// reserve books a quote; the refusals are looked at in the contract's order.
func (m *model) reserve(quoteID string) answer {
	q := m.alive(quoteID)
	if q == nil {
		return refuse(http.StatusNotFound, "quote.not_found")
	}
	if m.live(q.OrderID) {
		return refuse(http.StatusConflict, "order.already_redeemed")
	}
	var k *coupon
	if id := q.Selection.CouponID; id != nil {
		if k = m.coupon(*id); m.status(k) != "available" {
			return refuse(http.StatusConflict, "coupon.unavailable")
		}
	}
	if m.stale(q, k) {
		return refuse(http.StatusConflict, "quote.stale")
	}
	m.lapse(q.OrderID, k)
	r := m.booked(q, k)
	m.orders = append(m.orders, r)
	m.happened(k, r, "redemption.reserved", m.now, m.by)
	return done(http.StatusCreated, true, m.showRedemption(r)).with(k)
}

// booked is the quote as it is kept: what was paid for a line is its payable
// less its part of the order's own discounts.
func (m *model) booked(q *quoted, k *coupon) *redemption {
	r := &redemption{id: m.id("rdm_"), quote: q.ID, order: q.OrderID, customer: q.CustomerID, currency: q.Currency, coupon: k,
		totals: q.Totals, created: m.now, until: m.now.Add(holdTTL), state: reserved}
	var payable []int64
	for s, sub := range q.SubOrders {
		for l, line := range sub.Lines {
			payable = append(payable, units(line.Payable, r.currency))
			r.lines = append(r.lines, &part{id: line.ID, quantity: q.request.Order.SubOrders[s].Lines[l].Quantity})
		}
	}
	for i, discount := range spread(sum(q.request.Order.Discounts, r.currency), payable) {
		r.lines[i].paid = payable[i] - discount
	}
	for _, c := range q.request.Order.Charges {
		r.charges = append(r.charges, &part{id: c.ID, paid: units(c.Amount, r.currency)})
	}
	return r
}

// lapse writes down the ends of an order's and a coupon's holds: with the
// clock set back they have ended still.
func (m *model) lapse(order string, k *coupon) {
	m.writeDown(func(r *redemption) bool { return r.order == order || r.coupon == k && k != nil })
}

// writeDown does that for the orders that are concerned, if there are any.
func (m *model) writeDown(concerned func(*redemption) bool) (some bool) {
	for _, r := range m.orders {
		if r.state == reserved && m.statusOf(r) == lapsed && concerned(r) {
			r.state, some = lapsed, true
			m.putBack(r, r.until)
			m.happened(r.coupon, r, "redemption.expired", r.until, "clock")
		}
	}
	return some
}

func (m *model) confirm(id string) answer {
	r := m.redemption(id)
	if r == nil {
		return refuse(http.StatusNotFound, "redemption.not_found")
	}
	switch status := m.statusOf(r); {
	case status == confirmed:
		return done(http.StatusOK, false, m.showRedemption(r))
	case status == lapsed:
		return refuse(http.StatusConflict, "redemption.expired")
	case r.state == withdrawn:
		return refuse(http.StatusConflict, "coupon.unavailable")
	case status == released:
		return refuse(http.StatusConflict, "redemption.released")
	}
	r.state = confirmed
	if r.coupon != nil {
		r.coupon.used = true
	}
	m.happened(r.coupon, r, "redemption.confirmed", m.now, m.by)
	return done(http.StatusOK, true, m.showRedemption(r)).with(r.coupon)
}

func (m *model) release(id string) answer {
	r := m.redemption(id)
	switch {
	case r == nil:
		return refuse(http.StatusNotFound, "redemption.not_found")
	case r.state == confirmed:
		return refuse(http.StatusConflict, "redemption.confirmed")
	case m.statusOf(r) != reserved:
		return done(http.StatusOK, false, m.showRedemption(r))
	}
	r.state = released
	m.putBack(r, m.now)
	m.happened(r.coupon, r, "redemption.released", m.now, m.by)
	return done(http.StatusOK, true, m.showRedemption(r)).with(r.coupon)
}

func (m *model) showRedemption(r *redemption) redemptionBody {
	in := func(amount int64) string { return text(amount, r.currency) }
	b := redemptionBody{ID: r.id, QuoteID: r.quote, OrderID: r.order, CustomerID: r.customer, Status: m.statusOf(r), Currency: r.currency,
		Totals: r.totals, Lines: []redeemedLine{}, Charges: []redeemedCharge{}, PaidBy: r.paidBy(),
		ExpiresAt: stamp(r.until), CreatedAt: stamp(r.created)}
	if r.coupon != nil {
		b.CouponID = &r.coupon.id
	}
	left := func(p *part) string { return in(0) } // until it is confirmed
	if r.state == confirmed {
		left = func(p *part) string { return in(p.left()) }
	}
	for _, l := range r.lines {
		b.Lines = append(b.Lines, redeemedLine{l.id, l.quantity, in(l.paid), in(l.paid - l.left()), left(l)})
	}
	for _, c := range r.charges {
		b.Charges = append(b.Charges, redeemedCharge{c.id, in(c.paid), in(c.paid - c.left()), left(c)})
	}
	return b
}
