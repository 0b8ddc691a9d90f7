package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"scrip/engine/ledger"
)

const couponColumns = `id, campaign_id, customer_id, starts_at, expires_at, state, held_until, created_at`

// condition is a part of WHERE that compares with an instant, so many times.
type condition struct {
	sql  string
	nows int
}

func (c condition) args(now time.Time) (args []any) {
	for range c.nows {
		args = append(args, micros(now))
	}
	return args
}

// inStatus tells how to find coupons that have a status at an instant.
var inStatus = map[ledger.Status]condition{
	"":                     {`1 = 1`, 0},
	ledger.StatusAvailable: {`state = 'issued' AND (held_until IS NULL OR held_until <= ?) AND (expires_at IS NULL OR expires_at > ?)`, 2},
	ledger.StatusReserved:  {`state = 'issued' AND held_until > ?`, 1},
	ledger.StatusExpired:   {`state = 'issued' AND (held_until IS NULL OR held_until <= ?) AND expires_at <= ?`, 2},
	ledger.StatusUsed:      {`state = 'used'`, 0},
	ledger.StatusRevoked:   {`state = 'revoked'`, 0},
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
	at, id, is := page.After.CreatedAt.UnixMicro(), page.After.ID, inStatus[status]
	args := append([]any{customerID, at, id}, is.args(now)...)
	return list(ctx, s, scanCoupon, `SELECT `+couponColumns+` FROM coupons
		WHERE customer_id = ? AND (created_at, id) > (?, ?) AND `+is.sql+`
		ORDER BY created_at, id LIMIT ?`, append(args, page.Limit)...)
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
	_, err := s.exec(ctx, `INSERT INTO coupons (`+couponColumns+`, granted) VALUES (?, ?, ?, ?, ?, ?, NULL, ?, ?)`,
		c.ID, c.CampaignID, c.CustomerID, micros(c.StartsAt), nullMicros(c.ExpiresAt), string(c.State), micros(c.CreatedAt), granted)
	return err
}

// CountAvailable counts a customer's coupons that are available or may be again
// when a hold ends. SQLite has one writer at a time, so nobody else issues
// meanwhile; in Postgres those who issue to the same customer write the same row.
func (s *session) CountAvailable(ctx context.Context, customerID string, now time.Time) (n int, err error) {
	if s.speaks.turn != "" {
		if _, err := s.exec(ctx, s.speaks.turn, customerID); err != nil {
			return 0, err
		}
	}
	err = s.one(ctx, `SELECT count(*) FROM coupons WHERE customer_id = ? AND state = 'issued' AND (expires_at IS NULL OR expires_at > ?)`,
		[]any{customerID, micros(now)}, &n)
	return n, err
}

// Revoke marks an issued coupon revoked.
func (s *session) Revoke(ctx context.Context, id string) (bool, error) {
	return s.won(ctx, `UPDATE coupons SET state = 'revoked', held_by = NULL, held_until = NULL WHERE id = ? AND state = 'issued'`, id)
}

// Register marks a customer as registered, once.
func (s *session) Register(ctx context.Context, customerID string, now time.Time) (bool, error) {
	return s.won(ctx, `INSERT INTO registrations (customer_id, created_at) VALUES (?, ?)
		ON CONFLICT (customer_id) DO NOTHING`, customerID, micros(now))
}

func scanCoupon(row scanner) (c ledger.Coupon, err error) {
	var starts, created int64
	var expires, held sql.NullInt64
	err = row.Scan(&c.ID, &c.CampaignID, &c.CustomerID, &starts, &expires, &c.State, &held, &created)
	c.StartsAt, c.ExpiresAt, c.HeldUntil, c.CreatedAt = instant(starts), nullInstant(expires), nullInstant(held), instant(created)
	return c, err
}
