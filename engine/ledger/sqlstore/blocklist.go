package sqlstore

import (
	"context"

	"scrip/engine/ledger"
)

// Blocklist lists a page of blocked customers.
func (s *session) Blocklist(ctx context.Context, page ledger.Page) ([]ledger.Block, error) {
	at, id := page.After.CreatedAt.UnixMicro(), page.After.ID
	return list(ctx, s, scanBlock, `SELECT customer_id, reason, created_at FROM blocklist
		WHERE (created_at, customer_id) > (?, ?) ORDER BY created_at, customer_id LIMIT ?`,
		at, id, page.Limit)
}

// PutBlock adds a customer or changes the reason.
func (s *session) PutBlock(ctx context.Context, b ledger.Block) (ledger.Block, error) {
	var created int64
	err := s.one(ctx, `INSERT INTO blocklist (customer_id, reason, created_at) VALUES (?, ?, ?)
		ON CONFLICT (customer_id) DO UPDATE SET reason = excluded.reason RETURNING created_at`,
		[]any{b.CustomerID, b.Reason, micros(b.CreatedAt)}, &created)
	b.CreatedAt = instant(created)
	return b, err
}

// DeleteBlock takes a customer off the list.
func (s *session) DeleteBlock(ctx context.Context, customerID string) (bool, error) {
	return s.won(ctx, `DELETE FROM blocklist WHERE customer_id = ?`, customerID)
}

func scanBlock(row scanner) (b ledger.Block, err error) {
	var created int64
	err = row.Scan(&b.CustomerID, &b.Reason, &created)
	b.CreatedAt = instant(created)
	return b, err
}
