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
	o.Type = pick(t, []string{"dropshipping", "dropshipping", "dropshipping", "sample"}, "type")
	o.Currency = pick(t, []string{"USD", "USD", "USD", "USD", "JPY", "KWD"}, "currency")
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
	l.Product.Type = pick(t, []string{"ordinary", "ordinary", "ordinary", "supplier", "gadget"}, "product")
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

// reserve redeems a quote, mostly one of the last, or none.
func (m *machine) reserve(t *rapid.T) {
	var ids, alive []string
	for _, q := range m.model.quotes {
		if ids = append(ids, q.ID); m.model.now.Before(q.expires) {
			alive = append(alive, q.ID)
		}
	}
	slices.Sort(ids)
	slices.Sort(alive)
	id := "q_none"
	switch {
	case len(alive) > 0 && !one(t, 8, "any"):
		id = pick(t, alive, "quote")
	case len(ids) > 0 && !one(t, 8, "none"):
		id = pick(t, ids, "quote")
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

func (m *machine) confirm(t *rapid.T) {
	id := m.redemption(t, reserved)
	m.do(t, op{kind: "confirm", method: http.MethodPost, path: "/v1/redemptions/" + id + "/confirm", expect: func() answer { return m.model.confirm(id) }})
}

func (m *machine) release(t *rapid.T) {
	id := m.redemption(t, reserved)
	m.do(t, op{kind: "release", method: http.MethodPost, path: "/v1/redemptions/" + id + "/release", expect: func() answer { return m.model.release(id) }})
}

// refund asks for units, amounts and charges, now and then for what there is
// not.
func (m *machine) refund(t *rapid.T) {
	id, currency := m.redemption(t, confirmed), "USD"
	if r := m.model.redemption(id); r != nil {
		currency = r.currency
	}
	in := refundIn{Reason: pick(t, []string{"", "dispute"}, "reason")}
	for range rapid.IntRange(0, 3).Draw(t, "lines") {
		line := refundLine{ID: pick(t, []string{"l0", "l0", "l1", "l2", "l3"}, "line")}
		if one(t, 20, "a charge for a line") {
			line.ID = "c0"
		}
		if rapid.Bool().Draw(t, "by units") {
			line.Quantity = rapid.Int64Range(1, 2).Draw(t, "units")
		} else {
			line.Amount = text(rapid.Int64Range(1, 400).Draw(t, "amount"), currency)
		}
		in.Lines = append(in.Lines, line)
	}
	for range rapid.IntRange(0, 1).Draw(t, "charges") {
		in.Charges = append(in.Charges, namedAmount{pick(t, []string{"c0", "c1"}, "charge"),
			text(rapid.Int64Range(1, 5).Draw(t, "amount"), currency)})
	}
	m.do(t, op{kind: "refund", method: http.MethodPost, path: "/v1/redemptions/" + id + "/refunds", body: write(in),
		expect: func() answer { return m.model.refund(id, in) }})
	if r := m.model.redemption(id); r != nil {
		m.compareRefunds(t, r, 100)
	}
}
