// The steps of orders: from a quote to its refunds.
package machine

import (
	"fmt"
	"net/http"
	"slices"

	"pgregory.net/rapid"
)

// drawRequest draws an order that costs little, so that every bound is reached.
func (m *machine) drawRequest(t *rapid.T) (r request) {
	if len(m.quotes) > 0 && one(t, 3, "again") {
		return pick(t, m.quotes, "request")
	}
	r.Customer.ID = pick(t, customers, "customer")
	r.Select = pick(t, []string{"", "", "best", "none"}, "select")
	if one(t, 4, "a coupon") {
		if r.Select = m.drawCoupon(t); !one(t, 4, "another's") {
			if k := m.model.coupon(r.Select); k != nil {
				r.Customer.ID = k.customer
			}
		}
	}
	o := &r.Order
	o.ID = fmt.Sprint("order ", m.orders)
	if m.orders > 0 && one(t, 4, "an old order") {
		o.ID = fmt.Sprint("order ", even(t, m.orders, "order"))
	}
	m.orders++
	o.Type = pick(t, []string{"dropshipping", "dropshipping", "dropshipping", "dropshipping", "dropshipping", "sample"}, "type")
	o.Currency = currency(t)
	var cost int64
	for s := range rapid.IntRange(1, 2).Draw(t, "sub-orders") {
		sub := subOrderIn{ID: fmt.Sprint("s", s)}
		for l := range rapid.IntRange(1, 2).Draw(t, "lines") {
			line := drawLine(t, fmt.Sprint("l", 2*s+l), o.Currency)
			cost += line.original(o.Currency) - sum(line.Discounts, o.Currency)
			sub.Lines = append(sub.Lines, line)
		}
		o.SubOrders = append(o.SubOrders, sub)
	}
	for c := range rapid.IntRange(0, 2).Draw(t, "charges") {
		o.Charges = append(o.Charges, namedAmount{fmt.Sprint("c", c), text(rapid.Int64Range(0, 9).Draw(t, "charge"), o.Currency)})
	}
	if cost > 0 && one(t, 8, "discounted") {
		o.Discounts = append(o.Discounts, namedAmount{"vip", text(rapid.Int64Range(1, cost).Draw(t, "discount"), o.Currency)})
	}
	m.quotes = append(m.quotes, r)
	return r
}

// drawLine draws a line whose price may be finer than the currency.
func drawLine(t *rapid.T, id, currency string) (l lineIn) {
	l.ID, l.Product.ID = id, "p"+id
	l.Product.Type = pick(t, []string{"ordinary", "ordinary", "ordinary", "ordinary", "ordinary", "supplier", "gadget"}, "product")
	thousandths := rapid.Int64Range(0, 9_999).Draw(t, "price")
	if currency == "JPY" {
		thousandths *= 100
	}
	l.UnitPrice, l.Quantity = price(thousandths), rapid.Int64Range(1, 4).Draw(t, "quantity")
	if cost := l.original(currency); cost > 0 && one(t, 8, "discounted") {
		l.Discounts = []namedAmount{{"flash", text(rapid.Int64Range(1, cost).Draw(t, "discount"), currency)}}
	}
	return l
}

func (m *machine) quote(t *rapid.T) {
	r := m.drawRequest(t)
	if at := m.any(t); m.late[at] && rapid.Bool().Draw(t, "late") {
		m.quoteLate(t, at, r)
		return
	}
	m.ask(t, asked{op: op{kind: "quote", method: http.MethodPost, path: "/v1/quotes", body: write(r), expect: func() answer { return m.model.quote(r) }}})
}

// quoteLate asks a sidecar for a quote that may not know what the other wrote.
// It asks for what nobody asks for again: what it answers is only its own.
func (m *machine) quoteLate(t *rapid.T, at int, r request) {
	r.Order.Attributes = map[string]int{"late": m.requests}
	a := asked{op: op{kind: "quote", method: http.MethodPost, path: "/v1/quotes", body: write(r)}}
	got := m.send(t, at, a)
	if r.Select == "" {
		r.Select = "best"
	}
	if got.status != http.StatusCreated {
		m.counted.count("quote", fmt.Sprint(got.status, " late"))
		if p, err := read[problem](got.body); err != nil || r.Select == "best" || r.Select == "none" ||
			!slices.Contains([]string{"coupon.not_found", "coupon.not_applicable"}, p.Code) {
			t.Fatalf("a late quote: %d %s (%v)", got.status, got.body, err)
		}
		return
	}
	m.counted.count("quote", "201 late")
	q, err := read[quoteBody](got.body)
	if err != nil {
		t.Fatalf("a late quote: %v", err)
	}
	if wrong := m.model.late(r, q.plain()); wrong != "" {
		t.Fatalf("a late quote: %s: %s", wrong, got.body)
	}
}

// reserve redeems a quote: mostly one with a coupon for an order that nobody
// has redeemed, or any that lives, or that has lived, or none.
func (m *machine) reserve(t *rapid.T) {
	lists := make([][]string, 4)
	for _, q := range m.model.quotes {
		free := !m.model.live(q.OrderID)
		for i, fit := range []bool{true, m.model.now.Before(q.expires), free, free && q.Selection.CouponID != nil} {
			if fit {
				lists[i] = append(lists[i], q.ID)
				continue
			}
			break
		}
	}
	id := "q_none"
	for _, list := range lists[:pick(t, []int{0, 1, 2, 3, 3, 4, 4, 4, 4, 4, 4, 4}, "which")] {
		if len(list) > 0 {
			slices.Sort(list)
			id = pick(t, list, "quote")
		}
	}
	m.do(t, op{kind: "reserve", method: http.MethodPost, path: "/v1/redemptions", body: write(map[string]string{"quote_id": id}),
		expect: func() answer { return m.model.reserve(id) }})
}

// redemption draws one, mostly in a status, or none.
func (m *machine) redemption(t *rapid.T, status string) string {
	var fit []string
	for _, r := range m.model.orders {
		if m.model.statusOf(r) == status {
			fit = append(fit, r.id)
		}
	}
	switch {
	case len(m.model.orders) == 0 || one(t, 20, "none"):
		return "rdm_none"
	case len(fit) > 0 && !one(t, 4, "any"):
		return pick(t, fit, "redemption")
	}
	return pick(t, m.model.orders, "redemption").id
}

// confirm ends a hold well, most often of an order that a wallet has paid for.
func (m *machine) confirm(t *rapid.T) {
	id := m.redemption(t, reserved)
	if paid := m.paid(); len(paid) > 0 && rapid.Bool().Draw(t, "paid") {
		id = pick(t, paid, "paid order").id
	}
	m.do(t, op{kind: "confirm", method: http.MethodPost, path: "/v1/redemptions/" + id + "/confirm", expect: func() answer { return m.model.confirm(id) }})
}

func (m *machine) release(t *rapid.T) {
	id := m.redemption(t, reserved)
	m.do(t, op{kind: "release", method: http.MethodPost, path: "/v1/redemptions/" + id + "/release", expect: func() answer { return m.model.release(id) }})
	m.lookAfter(t, m.model.redemption(id))
}

// refund asks for units, amounts and charges, now and then for what there is
// not, or for nothing; often of the order that was confirmed last, until nothing
// is left of it.
func (m *machine) refund(t *rapid.T) {
	id := m.redemption(t, confirmed)
	if !one(t, 3, "any order") {
		for _, r := range m.model.orders {
			if r.state == confirmed {
				id = r.id
			}
		}
	}
	r := m.model.redemption(id)
	in := refundIn{Reason: pick(t, []string{"", "dispute"}, "reason")}
	if r == nil {
		in.Lines = []refundLine{{ID: "l0", Quantity: 1}}
	} else {
		m.drawParts(t, r, &in)
	}
	m.do(t, op{kind: "refund", method: http.MethodPost, path: "/v1/redemptions/" + id + "/refunds", body: write(in),
		expect: func() answer { return m.model.refund(id, in) }})
	if r != nil {
		m.compareRefunds(t, r, 100)
		m.lookAfter(t, r)
	}
}

func (m *machine) drawParts(t *rapid.T, r *redemption, in *refundIn) {
	upTo := func(left int64) string {
		return text(rapid.Int64Range(1, left+1).Draw(t, "amount"), r.currency) // one more than there is, too
	}
	for _, l := range r.lines {
		if one(t, 2, "not this line") {
			continue
		}
		line := refundLine{ID: l.id}
		if rapid.Bool().Draw(t, "by units") {
			line.Quantity = rapid.Int64Range(1, l.quantity-l.units+1).Draw(t, "units")
		} else {
			line.Amount = upTo(l.left())
		}
		in.Lines = append(in.Lines, line)
	}
	for _, c := range r.charges {
		if one(t, 3, "this charge") {
			in.Charges = append(in.Charges, namedAmount{c.id, upTo(c.left())})
		}
	}
	if one(t, 20, "wrong") {
		in.Lines = append(in.Lines, refundLine{ID: pick(t, []string{"l0", "l9", "c0"}, "line"), Quantity: 1})
	}
}
