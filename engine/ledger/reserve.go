package ledger

import (
	"context"
	"errors"
	"time"

	"scrip/engine/refusal"
)

// Reservation is a quote on its way into the books.
type Reservation struct {
	Redemption // without id, state and times
	Hold       time.Duration

	// Holds looks at what the transaction sees: the instant, whether the customer
	// is blocked, and the coupon, nil for none. It refuses a quote that does not
	// hold any more, and fails with [ErrChanged] if it was asked about something
	// else before.
	Holds func(now time.Time, blocked bool, coupon *Coupon) error
}

// ErrChanged means that something changed between a look and the transaction:
// look again.
var ErrChanged = errors.New("changed meanwhile")

// Reserve books an order at its quote's prices and holds its coupon until
// the hold ends. It refuses, in this order, with [OrderRedeemed],
// [CouponUnavailable] and what Holds says.
func (e *Entry) Reserve(r Reservation) (Redemption, error) {
	booked := r.Redemption
	booked.State, booked.CreatedAt, booked.HoldUntil = Reserved, e.now, e.now.Add(r.Hold).Truncate(time.Microsecond)
	if err := e.endHolds(Hold{OrderID: booked.OrderID, CouponID: booked.CouponID}); err != nil {
		return Redemption{}, err
	}
	live, err := e.tx.LiveRedemption(e.ctx, booked.OrderID)
	switch {
	case err == nil:
		return Redemption{}, orderRedeemed(booked.OrderID, live)
	case !errors.Is(err, ErrNotFound):
		return Redemption{}, err
	}
	coupon, err := e.available(booked.CouponID)
	if err != nil {
		return Redemption{}, err
	}
	blocked, err := e.tx.Blocked(e.ctx, booked.CustomerID)
	if err != nil {
		return Redemption{}, err
	}
	if err := r.Holds(e.now, blocked, coupon); err != nil {
		return Redemption{}, err
	}
	return e.insertRedemption(booked)
}

// insertRedemption lets the conditional update of the coupon and the unique
// keys of live redemptions decide, whatever was read before.
func (e *Entry) insertRedemption(r Redemption) (_ Redemption, err error) {
	if r.ID, err = newID("rdm_"); err != nil {
		return Redemption{}, err
	}
	if r.CouponID != "" {
		ok, err := e.tx.HoldCoupon(e.ctx, r.CouponID, r.ID, r.HoldUntil, e.now)
		if err != nil {
			return Redemption{}, err
		}
		if !ok {
			return Redemption{}, couponUnavailable(r.CouponID, "not available")
		}
	}
	ok, err := e.tx.InsertRedemption(e.ctx, r)
	if err != nil {
		return Redemption{}, err
	}
	if !ok {
		return Redemption{}, orderRedeemed(r.OrderID, "")
	}
	e.changed(r.CustomerID)
	return r, e.record(OrderReserved, e.now, e.by, &r, "")
}

// available is a coupon that can be held now, nil for none.
func (e *Entry) available(id string) (*Coupon, error) {
	if id == "" {
		return nil, nil
	}
	c, err := e.book.coupon(e.ctx, e.tx, id)
	if isRefusal(err) { // quoted by a ledger that was restored from before its issue
		return nil, couponUnavailable(id, "not in the ledger")
	}
	if err != nil {
		return nil, err
	}
	if status := c.StatusAt(e.now); status != StatusAvailable {
		return nil, couponUnavailable(id, string(status))
	}
	return &c, nil
}

// Hold says whose holds are meant: those of an order, of a coupon, and those
// that a customer has paid for. An id of "" is none.
type Hold struct{ OrderID, CouponID, CustomerID string }

// endHolds writes down which holds have run out, and lets go of what they held,
// so that they are in nobody's way.
func (e *Entry) endHolds(of Hold) error {
	ended, err := e.tx.EndHolds(e.ctx, of, e.now)
	if err != nil {
		return err
	}
	for i := range ended {
		e.changed(ended[i].CustomerID)
		if err := e.letGo(&ended[i]); err != nil {
			return err
		}
		if err := e.record(HoldEnded, ended[i].HoldUntil, byClock, &ended[i], ""); err != nil {
			return err
		}
	}
	return nil
}

// Confirm makes a redemption final: its coupon is used. Doing so twice is the
// same as once. It refuses with [RedemptionNotFound], [RedemptionExpired],
// [RedemptionReleased], and [CouponUnavailable] if the coupon was revoked.
func (e *Entry) Confirm(id string) (Redemption, error) {
	r, err := e.redemption(id)
	if err != nil {
		return Redemption{}, err
	}
	switch r.StatusAt(e.now) {
	case StatusConfirmed:
		return r, nil
	case StatusRedemptionEnded:
		return Redemption{}, refusal.New(RedemptionExpired, "the hold of redemption %q ended at %s; quote and reserve again",
			id, r.HoldUntil.Format(time.RFC3339Nano))
	case StatusReleased:
		if r.State == Withdrawn {
			return Redemption{}, couponUnavailable(r.CouponID, "revoked")
		}
		return Redemption{}, refusal.New(RedemptionReleased, "redemption %q was released; quote and reserve again", id)
	}
	if err := e.move(&r, Confirmed); err != nil {
		return Redemption{}, err
	}
	if r.CouponID != "" {
		ok, err := e.tx.UseCoupon(e.ctx, r.CouponID, r.ID)
		if err != nil {
			return Redemption{}, err
		}
		if !ok {
			return Redemption{}, couponUnavailable(r.CouponID, "not held")
		}
	}
	return r, e.record(OrderConfirmed, e.now, e.by, &r, "")
}

// Release ends a hold: its coupon is available again. Doing so twice is the
// same as once, and a hold that has run out stays so. It refuses with
// [RedemptionNotFound] and [RedemptionConfirmed].
func (e *Entry) Release(id string) (Redemption, error) {
	r, err := e.redemption(id)
	if err != nil {
		return Redemption{}, err
	}
	switch r.StatusAt(e.now) {
	case StatusConfirmed:
		return Redemption{}, refusal.New(RedemptionConfirmed, "redemption %q is confirmed; refund what the order does not keep", id)
	case StatusReleased, StatusRedemptionEnded:
		return r, nil
	}
	if err := e.endHold(&r, Released); err != nil {
		return Redemption{}, err
	}
	return r, nil
}

// endHold lets go of what a reserved redemption holds.
func (e *Entry) endHold(r *Redemption, as RedemptionState) error {
	if err := e.move(r, as); err != nil {
		return err
	}
	if err := e.letGo(r); err != nil {
		return err
	}
	detail := ""
	if as == Withdrawn {
		detail = "the coupon was revoked"
	}
	return e.record(OrderReleased, e.now, e.by, r, detail)
}

// letGo ends a redemption's hold on its coupon, if it has one, and returns what
// the wallet has paid.
func (e *Entry) letGo(r *Redemption) error {
	if r.CouponID != "" {
		ok, err := e.tx.ReleaseCoupon(e.ctx, r.CouponID, r.ID)
		if err == nil && !ok {
			err = ErrChanged
		}
		if err != nil {
			return err
		}
	}
	return e.returnPayments(r)
}

// move changes the state of a reserved redemption, if it still is as it was
// read.
func (e *Entry) move(r *Redemption, to RedemptionState) error {
	r.State = to
	return e.save(r)
}

// save writes a redemption that was read in this transaction.
func (e *Entry) save(r *Redemption) error {
	ok, err := e.tx.UpdateRedemption(e.ctx, *r)
	if err != nil {
		return err
	}
	if !ok {
		return ErrChanged
	}
	r.Version++
	e.changed(r.CustomerID)
	return nil
}

func (e *Entry) redemption(id string) (Redemption, error) {
	return redemption(e.ctx, e.tx, id)
}

func redemption(ctx context.Context, r Reader, id string) (Redemption, error) {
	found, err := r.Redemption(ctx, id)
	if errors.Is(err, ErrNotFound) {
		err = redemptionNotFound(id)
	}
	return found, err
}

func redemptionNotFound(id string) error {
	return refusal.New(RedemptionNotFound, "there is no redemption %q", id)
}

func orderRedeemed(orderID, redemptionID string) error {
	if redemptionID == "" {
		return refusal.New(OrderRedeemed, "order %q has a live redemption already", orderID)
	}
	return refusal.New(OrderRedeemed, "order %q has a live redemption already: %s; release it first", orderID, redemptionID)
}

func couponUnavailable(id, why string) error {
	return refusal.New(CouponUnavailable, "coupon %q cannot be redeemed: it is %s", id, why)
}
