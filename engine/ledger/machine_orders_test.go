// What the machine does with orders, on both sides.
package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"pgregory.net/rapid"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/refusal"
)

var orders = rapid.SampledFrom([]string{"o1", "o2", "o3", "o4", "o5", "O1"})

// drawOrder draws what an order costs: little, so that every bound is reached.
func (m *machine) drawOrder(t *rapid.T, customer string) (*booked, ledger.Reservation) {
	b := &booked{order: orders.Draw(t, "order"), customer: customer}
	r := ledger.Reservation{Hold: holdTTL, Redemption: ledger.Redemption{
		QuoteID: "q", OrderID: b.order, CustomerID: customer, PolicyRevision: "rev", Currency: usd(m.office.t)}}
	for i := range rapid.IntRange(1, 3).Draw(t, "lines") {
		p := &bought{id: fmt.Sprint("l", i), paid: rapid.Int64Range(0, 500).Draw(t, "paid"), quantity: rapid.Int64Range(1, 4).Draw(t, "quantity")}
		b.lines = append(b.lines, p)
		line := ledger.RedeemedLine{ID: p.id}
		line.Paid, line.Quantity = money.Amount(p.paid), p.quantity
		r.Lines = append(r.Lines, line)
		r.Totals.Original += line.Paid
	}
	for i := range rapid.IntRange(0, 2).Draw(t, "charges") {
		p := &bought{id: fmt.Sprint("c", i), paid: rapid.Int64Range(0, 9).Draw(t, "amount")}
		b.charges = append(b.charges, p)
		r.Charges = append(r.Charges, ledger.RedeemedCharge{ID: p.id, Amount: money.Amount(p.paid)})
		r.Totals.Charges += money.Amount(p.paid)
	}
	r.Totals.Payable = r.Totals.Original + r.Totals.Charges
	return b, r
}

func (m *machine) reserve(t *rapid.T) {
	customer, couponID := customers.Draw(t, "customer"), rapid.SampledFrom([]string{"", "", "", "cpn_none"}).Draw(t, "no coupon")
	if len(m.model.coupons) > 0 && rapid.IntRange(0, 3).Draw(t, "a coupon") > 0 {
		h := rapid.SampledFrom(m.model.coupons).Draw(t, "coupon")
		customer, couponID = h.customer, h.id
	}
	b, r := m.drawOrder(t, customer)
	stale := rapid.IntRange(0, 9).Draw(t, "stale") == 0
	r.CouponID = couponID
	now := m.model.now
	r.Holds = func(at time.Time, blocked bool, coupon *ledger.Coupon) error {
		if at != now || (coupon == nil) != (couponID == "") || coupon != nil && coupon.ID != couponID {
			return fmt.Errorf("held against %+v at %v", coupon, at)
		}
		if blocked || stale {
			return refusal.New("quote.stale", "stale")
		}
		return nil
	}
	m.do(t, fmt.Sprint("reserve ", b.order, " ", customer, " ", couponID), func(e *ledger.Entry) (told, error) {
		got, err := e.Reserve(r)
		return told{orders: []ledger.Redemption{got}}, err
	}, func() result { return m.model.reserve(b, couponID, stale) })
}

// drawRedemption draws one that there is, or none.
func (m *machine) drawRedemption(t *rapid.T) string {
	if len(m.model.orders) == 0 || rapid.IntRange(0, 9).Draw(t, "none") == 0 {
		return "rdm_none"
	}
	return rapid.SampledFrom(m.model.orders).Draw(t, "redemption").id
}

func (m *machine) confirm(t *rapid.T) {
	id := m.drawRedemption(t)
	m.do(t, "confirm "+id, func(e *ledger.Entry) (told, error) {
		r, err := e.Confirm(id)
		return told{orders: []ledger.Redemption{r}}, err
	}, func() result { return m.model.confirm(id) })
}

func (m *machine) release(t *rapid.T) {
	id := m.drawRedemption(t)
	m.do(t, "release "+id, func(e *ledger.Entry) (told, error) {
		r, err := e.Release(id)
		return told{orders: []ledger.Redemption{r}}, err
	}, func() result { return m.model.release(id) })
}

// refund asks for units, amounts and charges, now and then for what there is
// not. Confirmed orders are drawn more often.
func (m *machine) refund(t *rapid.T) {
	id := m.drawRedemption(t)
	if at := slices.IndexFunc(m.model.orders, func(b *booked) bool { return b.state == ledger.Confirmed }); at >= 0 && rapid.Bool().Draw(t, "confirmed") {
		id = m.model.orders[at].id
	}
	var lines, charges []want
	var in ledger.RefundRequest
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"l0", "l0", "l1", "l2", "c0"}), 0, 3, rapid.ID).Draw(t, "lines") {
		w := want{id: name}
		if rapid.Bool().Draw(t, "by units") {
			w.units = rapid.Int64Range(1, 3).Draw(t, "units")
		} else {
			w.amount = rapid.Int64Range(1, 300).Draw(t, "amount")
		}
		lines = append(lines, w)
		in.Lines = append(in.Lines, ledger.RefundLine{ID: w.id, Units: w.units, Amount: money.Amount(w.amount)})
	}
	for _, name := range rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"c0", "c1"}), 0, 2, rapid.ID).Draw(t, "charges") {
		w := want{id: name, amount: rapid.Int64Range(1, 5).Draw(t, "amount")}
		charges = append(charges, w)
		in.Charges = append(in.Charges, ledger.RefundedPart{ID: w.id, Amount: money.Amount(w.amount)})
	}
	m.do(t, fmt.Sprint("refund ", id, lines, charges), func(e *ledger.Entry) (told, error) {
		r, err := e.Refund(id, in)
		return told{text: tellRefund(r)}, err
	}, func() result { return m.model.refund(id, lines, charges) })
}

func tellRefund(r ledger.Refund) string {
	return fmt.Sprintf("%d %v %v", r.Amount, r.Lines, r.Charges)
}

// tellOrder tells a redemption as the model does.
func (m *machine) tellOrder(r *ledger.Redemption) string {
	parts := ""
	for _, l := range r.Lines {
		parts += fmt.Sprint(bought{l.ID, int64(l.Paid), l.Quantity, l.Units, int64(l.ByQuantity), int64(l.ByAmount)})
	}
	for _, c := range r.Charges {
		parts += fmt.Sprint(bought{id: c.ID, paid: int64(c.Amount), byAmounts: int64(c.Refunded)})
	}
	return fmt.Sprintln(r.ID, r.OrderID, r.CustomerID, r.CouponID, r.StatusAt(m.model.now), r.HoldUntil.UnixMicro(), r.CreatedAt.UnixMicro(), parts)
}

// compareOrders looks at the redemptions of an order and their refunds: they
// are the model's, one of them is live, and none has had more than was paid.
func (m *machine) compareOrders(t *rapid.T, order string, limit int) {
	ctx := context.Background()
	var got []string
	live := 0
	for page := (ledger.Page{Limit: limit}); ; {
		items, err := m.office.Redemptions(ctx, order, page)
		if err != nil {
			t.Fatal(err)
		}
		for i := range items {
			r := &items[i]
			got = append(got, m.tellOrder(r))
			if s := r.StatusAt(m.model.now); s == ledger.StatusHeld || s == ledger.StatusConfirmed {
				live++
			}
			m.compareRefunds(t, r)
			page.After = ledger.Position{CreatedAt: r.CreatedAt, ID: r.ID}
		}
		if len(items) < limit {
			break
		}
	}
	if want := m.model.ordersOf(order); !slices.Equal(got, want) {
		t.Fatalf("order %s\n%sthe model's\n%s", order, strings.Join(got, ""), strings.Join(want, ""))
	}
	if live > 1 {
		t.Fatalf("order %s has %d live redemptions", order, live)
	}
}

func (m *machine) compareRefunds(t *rapid.T, r *ledger.Redemption) {
	refunds, err := m.office.Refunds(context.Background(), r.ID, ledger.Page{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	var sum money.Amount
	var got []string
	for _, f := range refunds {
		sum += f.Amount
		got = append(got, tellRefund(f))
	}
	want := slices.Clone(m.model.orderBy(r.ID).refunds)
	slices.Sort(got) // with the clock set back their order is another
	if slices.Sort(want); !slices.Equal(got, want) {
		t.Fatalf("refunds of %s\n%q, the model's\n%q", r.ID, got, want)
	}
	if sum != r.Refunded() || sum > r.Totals.Payable {
		t.Fatalf("redemption %s has had %d in refunds, %d of its parts, %d was paid", r.ID, sum, r.Refunded(), r.Totals.Payable)
	}
}

// compareLife looks at a coupon's events.
func (m *machine) compareLife(t *rapid.T, h *held) {
	events, err := m.office.Events(context.Background(), h.id, ledger.Page{Limit: 500})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range events {
		got = append(got, fmt.Sprint(e.Kind, e.At.UnixMicro()))
	}
	if want := h.life(); !slices.Equal(got, want) {
		t.Fatalf("coupon %s has lived\n%q, the model's\n%q", h.id, got, want)
	}
}

// faultsOf tells what a refusal says is over what is left.
func faultsOf(err error) (all string) {
	var no *refusal.Error
	if errors.As(err, &no) && no.Code == ledger.RefundExceedsPaid {
		for _, f := range no.Faults {
			all += f.Pointer + " " + f.Refundable + ";"
		}
	}
	return all
}
