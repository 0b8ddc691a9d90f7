package engine

import (
	"context"
	"errors"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/policy"
	"scrip/engine/pricing"
	"scrip/engine/refusal"
)

// QuoteStale refuses a quote that does not hold any more.
const QuoteStale = "quote.stale"

// Reservation prepares to book a quote: it asks the policies again, with what
// the ledger says now, whether the coupon still applies and the totals are
// still the same. What it found is held against what the booking's transaction
// sees; if that is something else, the reservation fails with
// ledger.ErrChanged and has to be prepared anew. The policies are never asked
// inside the transaction: others wait for it.
func (e *Engine) Reservation(ctx context.Context, q *Quote, hold time.Duration) (ledger.Reservation, error) {
	request, err := requestOf(q.Content)
	if err != nil {
		return ledger.Reservation{}, err
	}
	order, faults := request.price()
	if len(faults) > 0 {
		return ledger.Reservation{}, errUnchecked
	}
	booked, err := redemption(q, request, order)
	if err != nil {
		return ledger.Reservation{}, err
	}
	seen, err := e.look(ctx, q)
	if err != nil {
		return ledger.Reservation{}, err
	}
	holds := e.holds(ctx, q, request, order, seen)
	return ledger.Reservation{Redemption: booked, Hold: hold, Holds: func(now time.Time, blocked bool, coupon *ledger.Coupon) error {
		if e.Policies.Current() != seen.policies || blocked != seen.blocked || windowOf(coupon, now) != windowOf(seen.coupon, seen.now) {
			return ledger.ErrChanged
		}
		return holds
	}}, nil
}

// seen is what the quote was held against.
type seen struct {
	policies *policy.Snapshot
	now      time.Time
	blocked  bool
	coupon   *ledger.Coupon // nil: the quote has none
}

func windowOf(c *ledger.Coupon, now time.Time) string {
	if c == nil {
		return ""
	}
	return c.Window(now)
}

func (e *Engine) look(ctx context.Context, q *Quote) (s seen, err error) {
	s.policies, s.now = e.Policies.Current(), e.now()
	if s.blocked, err = e.Books.Blocked(ctx, q.CustomerID); err != nil || q.Selection.CouponID == "" {
		return s, err
	}
	coupon, err := e.Books.Coupon(ctx, q.Selection.CouponID)
	if errors.As(err, new(*refusal.Error)) {
		return s, nil // the transaction will say that it is not there
	}
	s.coupon = &coupon
	return s, err
}

// holds asks the policies again; nil means that the quote holds.
func (e *Engine) holds(ctx context.Context, q *Quote, request *Request, order pricing.Order, s seen) error {
	facts := &ledger.Facts{Blocklisted: s.blocked}
	chosen := choice{by: q.Selection.By}
	if s.coupon != nil {
		coupon := *s.coupon
		coupon.HeldUntil = time.Time{} // whether it is held is for the transaction to say
		facts.Coupons = []ledger.Coupon{coupon}
	}
	h := newHearing(ctx, s.policies, request, order, facts, s.now)
	defer h.close(e.Log)
	v := h.decide()
	if s.coupon != nil {
		if c := &v.candidates[0]; c.Applicable {
			chosen.candidate = c
		} else {
			stale := refusal.New(QuoteStale, "coupon %q does not apply to order %q any more; quote again", c.ID, q.OrderID)
			stale.Reasons = c.reasons
			return stale
		}
	}
	again, err := h.quote(&v, chosen)
	if err != nil {
		return err
	}
	if again.Totals != q.Totals {
		return refusal.New(QuoteStale, "the price of order %q is %s %s now; quote again",
			q.OrderID, q.Currency.Format(again.Totals.Payable), q.Currency.Code())
	}
	return nil
}

// redemption is the quote as the books keep it.
func redemption(q *Quote, request *Request, order pricing.Order) (ledger.Redemption, error) {
	r := ledger.Redemption{
		QuoteID: q.ID, OrderID: q.OrderID, CustomerID: q.CustomerID, CouponID: q.Selection.CouponID,
		PolicyRevision: q.PolicyRevision, Currency: q.Currency, Totals: q.Totals,
	}
	var shares []money.Amount
	for s := range q.SubOrders {
		for l := range q.SubOrders[s].Lines {
			shares = append(shares, q.SubOrders[s].Lines[l].CouponDiscount)
		}
	}
	if len(shares) != len(order.Lines) {
		return r, errContent
	}
	paid, err := order.Paid(shares)
	if err != nil {
		return r, err
	}
	for _, sub := range request.Order.SubOrders {
		for _, l := range sub.Lines {
			line := ledger.RedeemedLine{ID: l.ID}
			line.Paid, line.Quantity = paid[len(r.Lines)], l.Quantity
			r.Lines = append(r.Lines, line)
		}
	}
	for _, c := range request.Order.Charges {
		r.Charges = append(r.Charges, ledger.RedeemedCharge{ID: c.ID, Amount: c.Amount})
	}
	return r, nil
}
