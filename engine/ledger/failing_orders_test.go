// The store's calls of redemptions and refunds, to stumble at, and the
// operations that make them.
package ledger_test

import (
	"context"
	"testing"
	"time"

	"scrip/engine/ledger"
)

func (s *stumbling) Redemption(ctx context.Context, id string) (ledger.Redemption, error) {
	return or(s, func() (ledger.Redemption, error) { return s.Store.Redemption(ctx, id) })
}

func (s *stumbling) Redemptions(ctx context.Context, orderID string, page ledger.Page) ([]ledger.Redemption, error) {
	return or(s, func() ([]ledger.Redemption, error) { return s.Store.Redemptions(ctx, orderID, page) })
}

func (s *stumbling) Refunds(ctx context.Context, id string, page ledger.Page) ([]ledger.Refund, error) {
	return or(s, func() ([]ledger.Refund, error) { return s.Store.Refunds(ctx, id, page) })
}

func (s *stumbling) Events(ctx context.Context, id string, page ledger.Page) ([]ledger.Event, error) {
	return or(s, func() ([]ledger.Event, error) { return s.Store.Events(ctx, id, page) })
}

func (tx stumblingTx) Redemption(ctx context.Context, id string) (ledger.Redemption, error) {
	return or(tx.s, func() (ledger.Redemption, error) { return tx.Tx.Redemption(ctx, id) })
}

func (tx stumblingTx) LiveRedemption(ctx context.Context, orderID string) (string, error) {
	return or(tx.s, func() (string, error) { return tx.Tx.LiveRedemption(ctx, orderID) })
}

func (tx stumblingTx) Blocked(ctx context.Context, customer string) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.Blocked(ctx, customer) })
}

func (tx stumblingTx) HoldCoupon(ctx context.Context, id, by string, until, now time.Time) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.HoldCoupon(ctx, id, by, until, now) })
}

func (tx stumblingTx) ReleaseCoupon(ctx context.Context, id, by string) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.ReleaseCoupon(ctx, id, by) })
}

func (tx stumblingTx) UseCoupon(ctx context.Context, id, by string) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.UseCoupon(ctx, id, by) })
}

func (tx stumblingTx) EndHolds(ctx context.Context, of ledger.Hold, now time.Time) ([]ledger.Redemption, error) {
	return or(tx.s, func() ([]ledger.Redemption, error) { return tx.Tx.EndHolds(ctx, of, now) })
}

func (tx stumblingTx) InsertRedemption(ctx context.Context, r ledger.Redemption) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.InsertRedemption(ctx, r) })
}

func (tx stumblingTx) UpdateRedemption(ctx context.Context, r ledger.Redemption) (bool, error) {
	return or(tx.s, func() (bool, error) { return tx.Tx.UpdateRedemption(ctx, r) })
}

func (tx stumblingTx) HeldBy(ctx context.Context, couponID string) (ledger.Redemption, error) {
	return or(tx.s, func() (ledger.Redemption, error) { return tx.Tx.HeldBy(ctx, couponID) })
}

func (tx stumblingTx) InsertRefund(ctx context.Context, r ledger.Refund) error {
	_, err := or(tx.s, func() (struct{}, error) { return struct{}{}, tx.Tx.InsertRefund(ctx, r) })
	return err
}

func (tx stumblingTx) InsertEvents(ctx context.Context, events ...ledger.Event) error {
	_, err := or(tx.s, func() (struct{}, error) { return struct{}{}, tx.Tx.InsertEvents(ctx, events...) })
	return err
}

// orderOps are operations on o1, whose hold on its coupon ran out, o2, which
// holds one, and o3, which is confirmed.
func orderOps(free ledger.Reservation, o1, o2, o3 ledger.Redemption) map[string]func(*ledger.Entry) error {
	return map[string]func(*ledger.Entry) error{
		"reserving": func(e *ledger.Entry) error { _, err := e.Reserve(free); return err },
		"reserving what ran out": func(e *ledger.Entry) error {
			again := free
			again.OrderID, again.CouponID = o1.OrderID, o1.CouponID
			_, err := e.Reserve(again)
			return err
		},
		"confirming":      func(e *ledger.Entry) error { _, err := e.Confirm(o2.ID); return err },
		"releasing":       func(e *ledger.Entry) error { _, err := e.Release(o2.ID); return err },
		"revoking a held": func(e *ledger.Entry) error { _, err := e.Revoke(o2.CouponID); return err },
		"revoking what ran out": func(e *ledger.Entry) error {
			_, err := e.Revoke(o1.CouponID)
			return err
		},
		"refunding": func(e *ledger.Entry) error {
			_, err := e.Refund(o3.ID, ledger.RefundRequest{Lines: []ledger.RefundLine{units("A", 1)}})
			return err
		},
	}
}

// Operations on orders fail as all others do, wherever the store does.
func TestAStoreThatFailsAnywhereInAnOrder(t *testing.T) {
	for name := range orderOps(ledger.Reservation{}, ledger.Redemption{}, ledger.Redemption{}, ledger.Redemption{}) {
		t.Run(name, func(t *testing.T) {
			o := newOffice(t)
			o.campaigns(plain("c"))
			ids := []string{o.issued("c", "ann").ID, o.issued("c", "ann").ID, o.issued("c", "ann").ID, o.issued("c", "ann").ID}
			o1 := o.reserved("o1", "ann", ids[0])
			o.at(holdTTL)
			ops := orderOps(order(t, "o4", "ann", ids[3]), o1, o.reserved("o2", "ann", ids[1]), o.confirmed("o3", "ann", ids[2]))
			o.stumble(ops[name], true, func() string { return o.books(ids...) })
		})
	}
}
