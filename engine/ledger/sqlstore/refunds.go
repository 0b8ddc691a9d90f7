package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

// returned is the part of a refund that is read and written whole.
type returned struct {
	Lines   []ledger.RefundedPart `json:"lines"`
	Charges []ledger.RefundedPart `json:"charges"`
	Tender  ledger.Tender         `json:"tender"`
}

// InsertRefund adds a refund.
func (s *session) InsertRefund(ctx context.Context, r ledger.Refund) error {
	text, err := json.Marshal(returned{r.Lines, r.Charges, r.Returned})
	if err != nil {
		return err
	}
	_, err = s.exec(ctx, `INSERT INTO refunds (id, redemption_id, amount, content, reason, created_at) VALUES (?, ?, ?, ?, ?, ?)`,
		r.ID, r.RedemptionID, int64(r.Amount), string(text), r.Reason, micros(r.CreatedAt))
	return err
}

// Refunds lists a page of a redemption's refunds.
func (s *session) Refunds(ctx context.Context, redemptionID string, page ledger.Page) ([]ledger.Refund, error) {
	at, id := page.After.CreatedAt.UnixMicro(), page.After.ID
	return list(ctx, s, scanRefund, `SELECT f.id, f.redemption_id, r.currency, f.amount, f.content, f.reason, f.created_at
		FROM refunds f JOIN redemptions r ON r.id = f.redemption_id
		WHERE f.redemption_id = ? AND (f.created_at, f.id) > (?, ?) ORDER BY f.created_at, f.id LIMIT ?`,
		redemptionID, at, id, page.Limit)
}

func scanRefund(row scanner) (r ledger.Refund, err error) {
	var currency, text string
	var created int64
	if err = row.Scan(&r.ID, &r.RedemptionID, &currency, &r.Amount, &text, &r.Reason, &created); err != nil {
		return r, err
	}
	r.CreatedAt = instant(created)
	if r.Currency, err = money.CurrencyOf(currency); err != nil {
		return r, err
	}
	return r, readReturned(&r, text)
}

// readReturned fills in what is kept whole.
func readReturned(r *ledger.Refund, text string) error {
	var whole returned
	err := json.Unmarshal([]byte(text), &whole)
	r.Lines, r.Charges, r.Returned = whole.Lines, whole.Charges, whole.Tender
	return err
}

// InsertEvent adds an event.
func (s *session) InsertEvent(ctx context.Context, e ledger.Event) error {
	_, err := s.exec(ctx, `INSERT INTO events (id, kind, coupon_id, redemption_id, customer_id, asked_by, request_id, detail, created_at)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.ID, string(e.Kind), null(e.CouponID), null(e.RedemptionID), e.CustomerID, e.By, e.RequestID, e.Detail, micros(e.At))
	return err
}

// Events lists a page of a coupon's events.
func (s *session) Events(ctx context.Context, couponID string, page ledger.Page) ([]ledger.Event, error) {
	at, id := page.After.CreatedAt.UnixMicro(), page.After.ID
	return list(ctx, s, scanEvent, `SELECT id, kind, coupon_id, redemption_id, customer_id, asked_by, request_id, detail, created_at FROM events
		WHERE coupon_id = ? AND (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?`,
		couponID, at, id, page.Limit)
}

func scanEvent(row scanner) (e ledger.Event, err error) {
	var coupon, redemption sql.NullString
	var at int64
	err = row.Scan(&e.ID, &e.Kind, &coupon, &redemption, &e.CustomerID, &e.By, &e.RequestID, &e.Detail, &at)
	e.CouponID, e.RedemptionID, e.At = coupon.String, redemption.String, instant(at)
	return e, err
}
