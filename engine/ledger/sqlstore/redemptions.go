package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/pricing"
)

// content is the part of a redemption that is read and written whole.
type content struct {
	Totals  pricing.Totals          `json:"totals"`
	Lines   []ledger.RedeemedLine   `json:"lines"`
	Charges []ledger.RedeemedCharge `json:"charges"`

	Drawn    ledger.Tender `json:"drawn"`
	Returned ledger.Tender `json:"returned"`
}

// paidHold is which redemptions an index is about that finds those whose
// payments are to be returned, likewise.
const paidHold = `state = 'reserved' AND drawn > 0`

const redemptionColumns = `id, quote_id, order_id, customer_id, coupon_id, policy_revision, currency, content, state, held_until, created_at, version`

// live is which redemptions the unique keys are about, in their words: SQLite
// takes an index of some rows only where a statement says just what the index
// does. What looks for reserved ones by order or coupon says both.
const live = `state IN ('reserved', 'confirmed')`

// Redemption is one redemption, or ErrNotFound.
func (s *session) Redemption(ctx context.Context, id string) (ledger.Redemption, error) {
	return s.oneRedemption(ctx, `SELECT `+redemptionColumns+` FROM redemptions WHERE id = ?`, id)
}

// HeldBy is the reserved redemption of a coupon, or ErrNotFound.
func (s *session) HeldBy(ctx context.Context, couponID string) (ledger.Redemption, error) {
	return s.oneRedemption(ctx, `SELECT `+redemptionColumns+` FROM redemptions
		WHERE coupon_id = ? AND `+live+` AND state = 'reserved'`, couponID)
}

func (s *session) oneRedemption(ctx context.Context, query, arg string) (ledger.Redemption, error) {
	found, err := list(ctx, s, scanRedemption, query, arg)
	if err != nil || len(found) == 0 {
		return ledger.Redemption{}, orNotFound(err)
	}
	return found[0], nil
}

// Redemptions lists a page of an order's redemptions.
func (s *session) Redemptions(ctx context.Context, orderID string, page ledger.Page) ([]ledger.Redemption, error) {
	at, id := page.After.CreatedAt.UnixMicro(), page.After.ID
	return list(ctx, s, scanRedemption, `SELECT `+redemptionColumns+` FROM redemptions
		WHERE order_id = ? AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?`,
		orderID, at, id, page.Limit)
}

// LiveRedemption is the id of an order's live redemption, or ErrNotFound.
func (s *session) LiveRedemption(ctx context.Context, orderID string) (id string, err error) {
	err = s.one(ctx, `SELECT id FROM redemptions WHERE order_id = ? AND `+live, []any{orderID}, &id)
	return id, err
}

// EndHolds marks holds that have run out.
func (s *session) EndHolds(ctx context.Context, of ledger.Hold, now time.Time) ([]ledger.Redemption, error) {
	if of.CustomerID != "" {
		return list(ctx, s, scanRedemption, `UPDATE redemptions SET state = 'expired', version = version + 1
			WHERE customer_id = ? AND `+paidHold+` AND held_until <= ? RETURNING `+redemptionColumns, of.CustomerID, micros(now))
	}
	return list(ctx, s, scanRedemption, `UPDATE redemptions SET state = 'expired', version = version + 1
		WHERE state = 'reserved' AND (order_id = ? AND `+live+` OR coupon_id = ? AND `+live+`) AND held_until <= ? RETURNING `+redemptionColumns,
		null(of.OrderID), null(of.CouponID), micros(now))
}

// PaidHoldsEnded looks whether there is anything to end.
func (s *session) PaidHoldsEnded(ctx context.Context, customerID string, now time.Time) (bool, error) {
	var one int
	err := s.one(ctx, `SELECT 1 FROM redemptions WHERE customer_id = ? AND `+paidHold+` AND held_until <= ? LIMIT 1`, []any{customerID, micros(now)}, &one)
	if errors.Is(err, ledger.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// InsertRedemption adds a redemption unless a unique key of the live ones says
// no.
func (s *session) InsertRedemption(ctx context.Context, r ledger.Redemption) (bool, error) {
	text, err := json.Marshal(content{r.Totals, r.Lines, r.Charges, r.Drawn, r.Returned})
	if err != nil {
		return false, err
	}
	return s.won(ctx, `INSERT INTO redemptions (`+redemptionColumns+`, payable, refunded)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		r.ID, r.QuoteID, r.OrderID, r.CustomerID, null(r.CouponID), r.PolicyRevision, r.Currency.Code(), string(text), string(r.State),
		micros(r.HoldUntil), micros(r.CreatedAt), r.Version, int64(r.Totals.Payable), int64(r.Refunded()))
}

// UpdateRedemption writes what can change of a redemption, if nobody else has
// since it was read.
func (s *session) UpdateRedemption(ctx context.Context, r ledger.Redemption) (bool, error) {
	text, err := json.Marshal(content{r.Totals, r.Lines, r.Charges, r.Drawn, r.Returned})
	if err != nil {
		return false, err
	}
	return s.won(ctx, `UPDATE redemptions SET state = ?, content = ?, refunded = ?, drawn = ?, version = version + 1 WHERE id = ? AND version = ?`,
		string(r.State), string(text), int64(r.Refunded()), int64(r.Drawn.Sum()), r.ID, r.Version)
}

func scanRedemption(row scanner) (r ledger.Redemption, err error) {
	var coupon sql.NullString
	var currency, text string
	var held, created int64
	err = row.Scan(&r.ID, &r.QuoteID, &r.OrderID, &r.CustomerID, &coupon, &r.PolicyRevision, &currency, &text, &r.State, &held, &created, &r.Version)
	if err != nil {
		return r, err
	}
	r.CouponID, r.HoldUntil, r.CreatedAt = coupon.String, instant(held), instant(created)
	return r, readContent(&r, currency, text)
}

// readContent fills in what is kept whole.
func readContent(r *ledger.Redemption, currency, text string) (err error) {
	if r.Currency, err = money.CurrencyOf(currency); err != nil {
		return err
	}
	var whole content
	err = json.Unmarshal([]byte(text), &whole)
	r.Totals, r.Lines, r.Charges = whole.Totals, whole.Lines, whole.Charges
	r.Drawn, r.Returned = whole.Drawn, whole.Returned
	return err
}

// HoldCoupon holds a coupon that is available, for a redemption.
func (s *session) HoldCoupon(ctx context.Context, id, redemptionID string, until, now time.Time) (bool, error) {
	return s.won(ctx, `UPDATE coupons SET held_by = ?, held_until = ? WHERE id = ? AND state = 'issued'
		AND (held_until IS NULL OR held_until <= ?) AND (expires_at IS NULL OR expires_at > ?)`,
		redemptionID, micros(until), id, micros(now), micros(now))
}

// ReleaseCoupon ends a redemption's hold.
func (s *session) ReleaseCoupon(ctx context.Context, id, redemptionID string) (bool, error) {
	return s.won(ctx, `UPDATE coupons SET held_by = NULL, held_until = NULL WHERE id = ? AND held_by = ? AND state = 'issued'`, id, redemptionID)
}

// UseCoupon marks a coupon that a redemption holds as used.
func (s *session) UseCoupon(ctx context.Context, id, redemptionID string) (bool, error) {
	return s.won(ctx, `UPDATE coupons SET state = 'used', held_by = NULL, held_until = NULL
		WHERE id = ? AND held_by = ? AND state = 'issued'`, id, redemptionID)
}
