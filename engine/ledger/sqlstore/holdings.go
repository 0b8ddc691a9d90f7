package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"scrip/engine/ledger"
)

// What a quote asks about customers, in one statement: blocklist and coupons
// are of one instant. A customer without coupons is one row of NULLs.
const (
	holdingsOf = `SELECT asked.id, b.customer_id IS NOT NULL, c.id, c.campaign_id, c.starts_at, c.expires_at, c.state, c.held_until, c.created_at
		FROM (`
	ofOne  = `SELECT ? AS id`
	theirs = `) AS asked
		LEFT JOIN blocklist b ON b.customer_id = asked.id
		LEFT JOIN coupons c ON c.customer_id = asked.id AND c.state = 'issued' AND (c.expires_at IS NULL OR c.expires_at > ? OR c.held_until > ?)
		ORDER BY asked.id, c.created_at, c.id`
)

// holdingRow is a customer with one of their coupons, or with none.
type holdingRow struct {
	customerID string
	blocked    bool
	coupon     ledger.Coupon
}

// Holdings are the facts of customers, one for each.
func (s *session) Holdings(ctx context.Context, customerIDs []string, now time.Time) ([]ledger.Holding, error) {
	query, asked := holdingsOf+ofOne+theirs, any(customerIDs[0])
	if len(customerIDs) > 1 {
		ids, err := s.speaks.list(customerIDs)
		if err != nil {
			return nil, err
		}
		query, asked = holdingsOf+s.speaks.each+theirs, ids
	}
	rows, err := list(ctx, s, scanHolding, query, asked, micros(now), micros(now))
	if err != nil {
		return nil, err
	}
	holdings := make([]ledger.Holding, 0, len(customerIDs))
	for _, row := range rows {
		if n := len(holdings); n == 0 || holdings[n-1].CustomerID != row.customerID {
			holdings = append(holdings, ledger.Holding{CustomerID: row.customerID, Facts: ledger.Facts{Blocklisted: row.blocked}})
		}
		if row.coupon.ID != "" {
			facts := &holdings[len(holdings)-1].Facts
			facts.Coupons = append(facts.Coupons, row.coupon)
		}
	}
	return holdings, nil
}

func scanHolding(row scanner) (h holdingRow, err error) {
	var id, campaign, state sql.NullString
	var starts, expires, held, created sql.NullInt64
	err = row.Scan(&h.customerID, &h.blocked, &id, &campaign, &starts, &expires, &state, &held, &created)
	if id.Valid {
		h.coupon = ledger.Coupon{ID: id.String, CampaignID: campaign.String, CustomerID: h.customerID,
			StartsAt: instant(starts.Int64), ExpiresAt: nullInstant(expires), State: ledger.State(state.String), HeldUntil: nullInstant(held), CreatedAt: instant(created.Int64)}
	}
	return h, err
}
