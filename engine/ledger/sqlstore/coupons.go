package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"scrip/engine/ledger"
)

const couponColumns = `id, campaign_id, customer_id, starts_at, expires_at, state, created_at`

// isAvailable holds for coupons that are available at an instant, which it
// takes as its one argument.
const isAvailable = `state = 'issued' AND (expires_at IS NULL OR expires_at > ?)`

// inStatus tells how to find coupons that have a status at an instant.
var inStatus = map[ledger.Status]string{
	"":                     `? IS NOT NULL`,
	ledger.StatusAvailable: isAvailable,
	ledger.StatusExpired:   `state = 'issued' AND expires_at <= ?`,
	ledger.StatusUsed:      `state = 'used' AND ? IS NOT NULL`,
	ledger.StatusRevoked:   `state = 'revoked' AND ? IS NOT NULL`,
	ledger.StatusReserved:  `? IS NULL`, // nothing reserves coupons yet
}

// Coupon is one coupon, or ErrNotFound.
func (s *session) Coupon(ctx context.Context, id string) (ledger.Coupon, error) {
	found, err := list(ctx, s, scanCoupon, `SELECT `+couponColumns+` FROM coupons WHERE id = ?`, id)
	if err != nil || len(found) == 0 {
		return ledger.Coupon{}, orNotFound(err)
	}
	return found[0], nil
}

// Coupons lists a page of a customer's coupons that have a status now.
func (s *session) Coupons(ctx context.Context, customerID string, status ledger.Status, now time.Time, page ledger.Page) ([]ledger.Coupon, error) {
	at, id := page.After.CreatedAt.UnixMicro(), page.After.ID
	return list(ctx, s, scanCoupon, `SELECT `+couponColumns+` FROM coupons
		WHERE customer_id = ? AND (created_at > ? OR created_at = ? AND id > ?) AND `+inStatus[status]+`
		ORDER BY created_at, id LIMIT ?`, customerID, at, at, id, micros(now), page.Limit)
}

// Grants lists the coupons of a customer's registration, or ErrNotFound.
func (s *session) Grants(ctx context.Context, customerID string) ([]ledger.Coupon, error) {
	var registered int64
	err := s.one(ctx, `SELECT created_at FROM registrations WHERE customer_id = ?`, []any{customerID}, &registered)
	if err != nil {
		return nil, err
	}
	return list(ctx, s, scanCoupon, `SELECT `+couponColumns+` FROM coupons
		WHERE customer_id = ? AND granted = 1 ORDER BY created_at, id`, customerID)
}

// InsertCoupon adds a coupon.
func (s *session) InsertCoupon(ctx context.Context, c ledger.Coupon, granted bool) error {
	_, err := s.exec(ctx, `INSERT INTO coupons (`+couponColumns+`, granted) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		c.ID, c.CampaignID, c.CustomerID, micros(c.StartsAt), nullMicros(c.ExpiresAt), string(c.State), micros(c.CreatedAt), granted)
	return err
}

// CountAvailable counts a customer's available coupons. SQLite has one writer
// at a time, so nobody else issues meanwhile.
func (s *session) CountAvailable(ctx context.Context, customerID string, now time.Time) (n int, err error) {
	err = s.one(ctx, `SELECT count(*) FROM coupons WHERE customer_id = ? AND `+isAvailable,
		[]any{customerID, micros(now)}, &n)
	return n, err
}

// Revoke marks an issued coupon revoked.
func (s *session) Revoke(ctx context.Context, id string) (bool, error) {
	return s.won(ctx, `UPDATE coupons SET state = 'revoked' WHERE id = ? AND state = 'issued'`, id)
}

// Register marks a customer as registered, once.
func (s *session) Register(ctx context.Context, customerID string, now time.Time) (bool, error) {
	return s.won(ctx, `INSERT INTO registrations (customer_id, created_at) VALUES (?, ?)
		ON CONFLICT (customer_id) DO NOTHING`, customerID, micros(now))
}

func scanCoupon(row scanner) (c ledger.Coupon, err error) {
	var starts, created int64
	var expires sql.NullInt64
	err = row.Scan(&c.ID, &c.CampaignID, &c.CustomerID, &starts, &expires, &c.State, &created)
	c.StartsAt, c.ExpiresAt, c.CreatedAt = instant(starts), nullInstant(expires), instant(created)
	return c, err
}
