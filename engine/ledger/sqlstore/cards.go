package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

const cardColumns = `id, number, lookup, code, code_key, currency, amount, customer_id, expires_at, state, redeemed_by, created_at`

// hasCardStatus tells how to find cards that have a status at an instant.
var hasCardStatus = map[ledger.CardStatus]condition{
	"":                        {`1 = 1`, 0},
	ledger.StatusCardActive:   {`state = 'active' AND (expires_at IS NULL OR expires_at > ?)`, 1},
	ledger.StatusCardExpired:  {`state = 'active' AND expires_at <= ?`, 1},
	ledger.StatusCardRedeemed: {`state = 'redeemed'`, 0},
	ledger.StatusCardRevoked:  {`state = 'revoked'`, 0},
}

// InsertCard adds a card unless its number is taken.
func (s *session) InsertCard(ctx context.Context, c ledger.GiftCard) (bool, error) {
	return s.won(ctx, `INSERT INTO gift_cards (`+cardColumns+`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (number) DO NOTHING`,
		c.ID, c.Number, c.Lookup, c.Code.Sealed, c.Code.Key, c.Currency.Code(), int64(c.Amount), null(c.CustomerID), nullMicros(c.ExpiresAt),
		string(c.State), null(c.RedeemedBy), micros(c.CreatedAt))
}

// RevokeCard marks an active card revoked.
func (s *session) RevokeCard(ctx context.Context, id string) (bool, error) {
	return s.won(ctx, `UPDATE gift_cards SET state = 'revoked' WHERE id = ? AND state = 'active'`, id)
}

// TakeCard marks an active card redeemed.
func (s *session) TakeCard(ctx context.Context, id, customerID string) (bool, error) {
	return s.won(ctx, `UPDATE gift_cards SET state = 'redeemed', redeemed_by = ? WHERE id = ? AND state = 'active'`, customerID, id)
}

// GiftCard is one card, or ErrNotFound.
func (s *session) GiftCard(ctx context.Context, id string) (ledger.GiftCard, error) {
	return s.oneCard(ctx, `SELECT `+cardColumns+` FROM gift_cards WHERE id = ?`, id)
}

// CardByLookup is the card with a lookup, or ErrNotFound.
func (s *session) CardByLookup(ctx context.Context, lookup []byte) (ledger.GiftCard, error) {
	return s.oneCard(ctx, `SELECT `+cardColumns+` FROM gift_cards WHERE lookup = ?`, lookup)
}

func (s *session) oneCard(ctx context.Context, query string, arg any) (ledger.GiftCard, error) {
	found, err := list(ctx, s, scanCard, query, arg)
	if err != nil || len(found) == 0 {
		return ledger.GiftCard{}, orNotFound(err)
	}
	return found[0], nil
}

// GiftCards lists a page of cards that have a status now.
func (s *session) GiftCards(ctx context.Context, customerID string, status ledger.CardStatus, now time.Time, page ledger.Page) ([]ledger.GiftCard, error) {
	query, args := `SELECT `+cardColumns+` FROM gift_cards WHERE (created_at, id) > (?, ?)`, []any{page.After.CreatedAt.UnixMicro(), page.After.ID}
	if customerID != "" {
		query, args = query+` AND customer_id = ?`, append(args, customerID)
	}
	is := hasCardStatus[status]
	args = append(append(args, is.args(now)...), page.Limit)
	return list(ctx, s, scanCard, query+` AND `+is.sql+` ORDER BY created_at, id LIMIT ?`, args...)
}

// SealedOtherwise lists cards whose codes are under an older key.
func (s *session) SealedOtherwise(ctx context.Context, key int64, limit int) ([]ledger.GiftCard, error) {
	return list(ctx, s, scanCard, `SELECT `+cardColumns+` FROM gift_cards WHERE code_key < ? ORDER BY code_key, id LIMIT ?`, key, limit)
}

// CountSealedOtherwise counts them.
func (s *session) CountSealedOtherwise(ctx context.Context, key int64) (n int64, err error) {
	err = s.one(ctx, `SELECT count(*) FROM gift_cards WHERE code_key < ?`, []any{key}, &n)
	return n, err
}

// SetCode changes how a code is sealed.
func (s *session) SetCode(ctx context.Context, id string, was int64, code ledger.SealedCode) (bool, error) {
	return s.won(ctx, `UPDATE gift_cards SET code = ?, code_key = ? WHERE id = ? AND code_key = ?`, code.Sealed, code.Key, id, was)
}

func scanCard(row scanner) (c ledger.GiftCard, err error) {
	var currency string
	var customer, redeemed sql.NullString
	var expires sql.NullInt64
	var created int64
	err = row.Scan(&c.ID, &c.Number, &c.Lookup, &c.Code.Sealed, &c.Code.Key, &currency, &c.Amount, &customer, &expires, &c.State, &redeemed, &created)
	if err != nil {
		return c, err
	}
	c.CustomerID, c.RedeemedBy = customer.String, redeemed.String
	c.ExpiresAt, c.CreatedAt = nullInstant(expires), instant(created)
	c.Currency, err = money.CurrencyOf(currency)
	return c, err
}

// Failures are a subject's failed attempts.
func (s *session) Failures(ctx context.Context, subject []byte) (f ledger.Failures, err error) {
	var last int64
	err = s.one(ctx, `SELECT count, last_at FROM card_failures WHERE subject = ?`, []any{subject}, &f.Count, &last)
	if errors.Is(err, ledger.ErrNotFound) {
		return ledger.Failures{}, nil
	}
	f.LastAt = instant(last)
	return f, err
}

// PutFailures writes a subject's failed attempts. The row is changed if it is
// there, for in Postgres an upsert would bring back, as it was, one that another
// transaction has deleted since this one looked; an update runs again.
func (s *session) PutFailures(ctx context.Context, subject []byte, f ledger.Failures) error {
	known, err := s.won(ctx, `UPDATE card_failures SET count = ?, last_at = ? WHERE subject = ?`, f.Count, micros(f.LastAt), subject)
	if known || err != nil {
		return err
	}
	_, err = s.exec(ctx, `INSERT INTO card_failures (subject, count, last_at) VALUES (?, ?, ?)
		ON CONFLICT (subject) DO UPDATE SET count = excluded.count, last_at = excluded.last_at`, subject, f.Count, micros(f.LastAt))
	return err
}

// ForgetFailures forgets the failed attempts of subjects.
func (s *session) ForgetFailures(ctx context.Context, subjects [][]byte) error {
	for _, subject := range subjects {
		if _, err := s.exec(ctx, `DELETE FROM card_failures WHERE subject = ?`, subject); err != nil {
			return err
		}
	}
	return nil
}
