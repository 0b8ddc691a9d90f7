// The model of orders: reserved, confirmed, released, refunded, as Contract §6
// says it and nothing else.
package ledger_test

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/refusal"
)

// booked is an order in the books; its id comes from the book that made it.
type booked struct {
	id, order, customer string
	coupon              *held // nil for none
	created, until      time.Time
	state               ledger.RedemptionState
	lines, charges      []*bought
	refunds             []string
}

// bought is a line, or a charge, which has no units.
type bought struct {
	id                                        string
	paid, quantity, units, byUnits, byAmounts int64
}

func (b *bought) left() int64 { return b.paid - b.byUnits - b.byAmounts }

// want is a part of a refund: units, or an amount.
type want struct {
	id            string
	units, amount int64
}

func (m *model) orderStatus(b *booked) ledger.RedemptionStatus {
	switch {
	case b.state == ledger.Confirmed:
		return ledger.StatusConfirmed
	case b.state == ledger.Released || b.state == ledger.Withdrawn:
		return ledger.StatusReleased
	case b.state == ledger.Lapsed || !m.now.Before(b.until):
		return ledger.StatusRedemptionEnded
	}
	return ledger.StatusHeld
}

func (m *model) orderBy(id string) *booked {
	at := slices.IndexFunc(m.orders, func(b *booked) bool { return b.id == id })
	if at < 0 {
		return nil
	}
	return m.orders[at]
}

// reserve books b for an hour; its coupon is known by its id.
func (m *model) reserve(b *booked, couponID string, stale bool) result {
	for _, other := range m.orders {
		if s := m.orderStatus(other); other.order == b.order && (s == ledger.StatusHeld || s == ledger.StatusConfirmed) {
			return result{code: ledger.OrderRedeemed}
		}
	}
	if couponID != "" {
		at := slices.IndexFunc(m.coupons, func(h *held) bool { return h.id == couponID })
		if at < 0 || m.status(m.coupons[at]) != ledger.StatusAvailable {
			return result{code: ledger.CouponUnavailable}
		}
		b.coupon = m.coupons[at]
	}
	if _, blocked := m.blocks[b.customer]; blocked || stale {
		return result{code: "quote.stale"}
	}
	m.lapse(b.order, b.coupon)
	b.state, b.created, b.until = ledger.Reserved, m.now, m.now.Add(holdTTL)
	m.orders = append(m.orders, b)
	m.happened(b.coupon, ledger.OrderReserved, m.now)
	return result{orders: []*booked{b}, wrote: true}
}

// lapse writes down the ends of an order's and a coupon's holds.
func (m *model) lapse(order string, coupon *held) {
	for _, b := range m.orders {
		if b.state == ledger.Reserved && !m.now.Before(b.until) && (b.order == order || b.coupon == coupon && coupon != nil) {
			b.state = ledger.Lapsed
			m.happened(b.coupon, ledger.HoldEnded, b.until)
		}
	}
}

// holder is the order that holds a coupon now.
func (m *model) holder(h *held) *booked {
	for _, b := range m.orders {
		if b.coupon == h && m.orderStatus(b) == ledger.StatusHeld {
			return b
		}
	}
	return nil
}

func (m *model) confirm(id string) result {
	b := m.orderBy(id)
	if b == nil {
		return result{code: ledger.RedemptionNotFound}
	}
	switch status := m.orderStatus(b); {
	case status == ledger.StatusConfirmed:
		return result{orders: []*booked{b}}
	case status == ledger.StatusRedemptionEnded:
		return result{code: ledger.RedemptionExpired}
	case b.state == ledger.Withdrawn:
		return result{code: ledger.CouponUnavailable}
	case status == ledger.StatusReleased:
		return result{code: ledger.RedemptionReleased}
	}
	b.state = ledger.Confirmed
	if b.coupon != nil {
		b.coupon.used = true
	}
	m.happened(b.coupon, ledger.OrderConfirmed, m.now)
	return result{orders: []*booked{b}, wrote: true}
}

func (m *model) release(id string) result {
	b := m.orderBy(id)
	switch {
	case b == nil:
		return result{code: ledger.RedemptionNotFound}
	case b.state == ledger.Confirmed:
		return result{code: ledger.RedemptionConfirmed}
	case m.orderStatus(b) != ledger.StatusHeld:
		return result{orders: []*booked{b}}
	}
	b.state = ledger.Released
	m.happened(b.coupon, ledger.OrderReleased, m.now)
	return result{orders: []*booked{b}, wrote: true}
}

// refund gives back what is wanted, all of it or nothing.
func (m *model) refund(id string, lines, charges []want) result {
	b := m.orderBy(id)
	switch {
	case b == nil:
		return result{code: ledger.RedemptionNotFound}
	case b.state != ledger.Confirmed:
		return result{code: ledger.RedemptionNotConfirmed}
	}
	after := booked{lines: copies(b.lines), charges: copies(b.charges)}
	refunded, faults, known := int64(0), "", true
	given := func(list string, parts []*bought, wants []want) (text []string) {
		for i, w := range wants {
			at := slices.IndexFunc(parts, func(p *bought) bool { return p.id == w.id })
			if at < 0 {
				known = false
				continue
			}
			amount, ok := parts[at].give(w)
			if !ok {
				faults += fmt.Sprintf("/%s/%d %d.%02d;", list, i, parts[at].left()/100, parts[at].left()%100)
			}
			refunded += amount
			text = append(text, fmt.Sprintf("{%s %d}", w.id, amount))
		}
		return text
	}
	text := fmt.Sprint(given("lines", after.lines, lines), given("charges", after.charges, charges))
	switch {
	case !known:
		return result{code: refusal.Invalid}
	case faults != "":
		return result{code: ledger.RefundExceedsPaid, faults: faults}
	}
	b.lines, b.charges = after.lines, after.charges
	text = fmt.Sprintf("%d %s", refunded, text)
	b.refunds = append(b.refunds, text)
	m.happened(b.coupon, ledger.OrderRefunded, m.now)
	return result{text: text, wrote: true}
}

func copies(parts []*bought) (all []*bought) {
	for _, p := range parts {
		p := *p
		all = append(all, &p)
	}
	return all
}

// give gives back units or an amount, if there are as many.
func (b *bought) give(w want) (amount int64, ok bool) {
	if w.units == 0 {
		if w.amount < 1 || w.amount > b.left() {
			return 0, false
		}
		b.byAmounts += w.amount
		return w.amount, true
	}
	if b.units+w.units > b.quantity {
		return 0, false
	}
	b.units += w.units
	had := b.byUnits
	exact := new(big.Rat).SetFrac64(b.paid*b.units, b.quantity)
	half := exact.Add(exact, big.NewRat(1, 2)) // rounded half up: the floor of a half more
	b.byUnits = min(new(big.Int).Quo(half.Num(), half.Denom()).Int64(), b.paid-b.byAmounts)
	return b.byUnits - had, true
}

// happened adds an event to a coupon's life.
func (m *model) happened(h *held, kind ledger.EventKind, at time.Time) {
	if h != nil {
		h.events = append(h.events, lived{at, string(kind)})
	}
}

// lived is an event of the model.
type lived struct {
	at   time.Time
	kind string
}

// life tells a coupon's events in the order of the books.
func (h *held) life() (all []string) {
	events := slices.Clone(h.events)
	slices.SortStableFunc(events, func(a, b lived) int { return a.at.Compare(b.at) })
	for _, e := range events {
		all = append(all, fmt.Sprint(e.kind, e.at.UnixMicro()))
	}
	return all
}

// returns is when the first of a customer's held coupons may come back.
func (m *model) returns(customer string) (first time.Time) {
	for _, h := range m.coupons {
		if b := m.holder(h); b != nil && h.customer == customer && (first.IsZero() || b.until.Before(first)) {
			first = b.until
		}
	}
	return first
}

// ordersOf tells an order's redemptions in the order of the books.
func (m *model) ordersOf(order string) (all []string) {
	var list []*booked
	for _, b := range m.orders {
		if b.order == order {
			list = append(list, b)
		}
	}
	slices.SortFunc(list, func(a, b *booked) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.id, b.id)) })
	for _, b := range list {
		all = append(all, m.tellOrder(b))
	}
	return all
}

func (m *model) tellOrder(b *booked) string {
	coupon, parts := "", ""
	if b.coupon != nil {
		coupon = b.coupon.id
	}
	for _, p := range slices.Concat(b.lines, b.charges) {
		parts += fmt.Sprint(*p)
	}
	return fmt.Sprintln(b.id, b.order, b.customer, coupon, m.orderStatus(b), b.until.UnixMicro(), b.created.UnixMicro(), parts)
}
