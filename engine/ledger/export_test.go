package ledger

import (
	"context"
	"time"
)

// Trust keeps customers' facts in memory although nobody watches for others'
// writes; it tells whether somebody does.
func (b *Book) Trust() { b.known.trust() }

func (k *known) trust() { k.looked.Store(new(time.Now().Add(time.Hour))) }

// Trusted tells whether customers' facts are kept in memory.
func (b *Book) Trusted() bool { return b.known.trusted() }

// Forget drops what is kept: tests write past the book.
func (b *Book) Forget() { b.known.clear() }

// Known tells whether a customer's facts are in memory.
func (b *Book) Known(customerID string) bool {
	_, ok := b.known.get(customerID, b.Now())
	return ok
}

// Warm reads customers ahead.
func (b *Book) Warm(ctx context.Context, customerIDs []string) { b.warm(ctx, customerIDs) }

// Tell leaves a token for touched customers; Told tells whether it is there.
func (b *Book) Tell()      { b.touched.there <- struct{}{} }
func (b *Book) Told() bool { return len(b.touched.there) > 0 }

// Kept is how the ledger keeps an idempotency key.
func (b *Book) Kept(key string) string { return b.kept(key) }

// How cards are numbered and coded.
var (
	Luhn      = luhn
	NewCode   = newCode
	NewNumber = newNumber
)
