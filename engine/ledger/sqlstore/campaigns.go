package sqlstore

import (
	"context"
	"database/sql"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

const campaignColumns = `id, name, percent, amount, currency, minimum_spend, maximum_discount, attributes,
	starts_at, ends_at, valid_for, quantity, per_customer, paused, issued, created_at`

// Campaign is one campaign, or ErrNotFound.
func (s *session) Campaign(ctx context.Context, id string) (ledger.Campaign, error) {
	found, err := list(ctx, s, scanCampaign, `SELECT `+campaignColumns+` FROM campaigns WHERE id = ?`, id)
	if err != nil || len(found) == 0 {
		return ledger.Campaign{}, orNotFound(err)
	}
	return found[0], nil
}

// Campaigns lists a page of campaigns.
func (s *session) Campaigns(ctx context.Context, page ledger.Page) ([]ledger.Campaign, error) {
	at, id := page.After.CreatedAt.UnixMicro(), page.After.ID
	return list(ctx, s, scanCampaign, `SELECT `+campaignColumns+` FROM campaigns
		WHERE (created_at, id) > (?, ?) ORDER BY created_at, id LIMIT ?`, at, id, page.Limit)
}

// InsertCampaign adds a campaign unless its id exists.
func (s *session) InsertCampaign(ctx context.Context, c ledger.Campaign) (bool, error) {
	percent := ""
	if !c.Terms.Percent.IsZero() {
		percent = c.Terms.Percent.String()
	}
	return s.won(ctx, `INSERT INTO campaigns (`+campaignColumns+`)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
		c.ID, c.Name, null(percent), null(int64(c.Terms.Amount)), null(c.Terms.Currency.Code()),
		null(int64(c.Terms.MinimumSpend)), null(int64(c.Terms.MaximumDiscount)), c.Terms.Attributes,
		nullMicros(c.StartsAt), nullMicros(c.EndsAt), null(c.ValidFor.Text), null(c.Quantity), c.PerCustomer,
		c.Paused, c.Issued, micros(c.CreatedAt))
}

// SetPaused changes whether a campaign is paused.
func (s *session) SetPaused(ctx context.Context, id string, paused bool) (bool, error) {
	return s.won(ctx, `UPDATE campaigns SET paused = ? WHERE id = ? AND paused <> ?`, paused, id, paused)
}

// TakeIssue counts n more coupons, unless that would exceed the quantity.
func (s *session) TakeIssue(ctx context.Context, campaignID string, n int64) (bool, error) {
	return s.won(ctx, `UPDATE campaigns SET issued = issued + ?
		WHERE id = ? AND (quantity IS NULL OR issued + ? <= quantity)`, n, campaignID, n)
}

// TakeShare counts one more coupon for a customer, unless they have limit.
func (s *session) TakeShare(ctx context.Context, campaignID, customerID string, limit int64) (bool, error) {
	return s.won(ctx, `INSERT INTO campaign_shares (campaign_id, customer_id, issued) VALUES (?, ?, 1)
		ON CONFLICT (campaign_id, customer_id) DO UPDATE SET issued = campaign_shares.issued + 1
		WHERE campaign_shares.issued < ?`, campaignID, customerID, limit)
}

// CountShare is how many coupons of a campaign a customer has had.
func (s *session) CountShare(ctx context.Context, campaignID, customerID string) (n int64, err error) {
	err = s.one(ctx, `SELECT coalesce(sum(issued), 0) FROM campaign_shares WHERE campaign_id = ? AND customer_id = ?`,
		[]any{campaignID, customerID}, &n)
	return n, err
}

func scanCampaign(row scanner) (c ledger.Campaign, err error) {
	var percent, currency, validFor sql.NullString
	var amount, minimum, maximum, starts, ends, quantity sql.NullInt64
	var created int64
	err = row.Scan(&c.ID, &c.Name, &percent, &amount, &currency, &minimum, &maximum, &c.Terms.Attributes,
		&starts, &ends, &validFor, &quantity, &c.PerCustomer, &c.Paused, &c.Issued, &created)
	if err != nil {
		return c, err
	}
	if percent.Valid {
		if c.Terms.Percent, err = money.ParsePercent(percent.String); err != nil {
			return c, err
		}
	}
	if currency.Valid {
		if c.Terms.Currency, err = money.CurrencyOf(currency.String); err != nil {
			return c, err
		}
	}
	if validFor.Valid {
		c.ValidFor.Text = validFor.String
		if c.ValidFor.Duration, err = time.ParseDuration(validFor.String); err != nil {
			return c, err
		}
	}
	c.Terms.Amount = money.Amount(amount.Int64)
	c.Terms.MinimumSpend = money.Amount(minimum.Int64)
	c.Terms.MaximumDiscount = money.Amount(maximum.Int64)
	c.StartsAt, c.EndsAt, c.CreatedAt = nullInstant(starts), nullInstant(ends), instant(created)
	c.Quantity = quantity.Int64
	return c, nil
}

func orNotFound(err error) error {
	if err == nil {
		return ledger.ErrNotFound
	}
	return err
}
