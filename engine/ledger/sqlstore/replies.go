package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"scrip/engine/ledger"
)

// Reply is the stored reply of a key, or ErrNotFound.
func (s *session) Reply(ctx context.Context, key string) (ledger.StoredReply, error) {
	r := ledger.StoredReply{Key: key}
	var created int64
	err := s.one(ctx, `SELECT fingerprint, response, created_at FROM replies WHERE idempotency_key = ?`,
		[]any{s.speaks.raw(key)}, &r.Fingerprint, &r.Response, &created)
	r.CreatedAt = instant(created)
	return r, err
}

// errTaken means that a reply is stored twice.
var errTaken = fmt.Errorf("%w: the key has a reply", ledger.ErrUnavailable)

// TakeKey takes a key that has no reply. SQLite has one writer at a time, so
// nobody else has it; in Postgres an empty reply stands for who does, until it
// is saved or rolled back.
func (s *session) TakeKey(ctx context.Context, key string, now time.Time) (ok bool, err error) {
	if s.speaks.take == "" {
		_, err = s.Reply(ctx, key)
		if errors.Is(err, ledger.ErrNotFound) {
			return true, nil
		}
		return false, err
	}
	ok, err = s.won(ctx, s.speaks.take, s.speaks.raw(key), micros(now))
	if sqlState(err) == lockNotAvailable {
		err = fmt.Errorf("%w: %w", ledger.ErrInFlight, err)
	}
	return ok, err
}

// FreeKey gives back a key that was taken.
func (s *session) FreeKey(ctx context.Context, key string) error {
	_, err := s.exec(ctx, `DELETE FROM replies WHERE idempotency_key = ? AND length(response) = 0`, s.speaks.raw(key))
	return err
}

// forgetAtOnce is how many old replies a new one makes room for: more than
// one, so that the table shrinks again after a rush.
const forgetAtOnce = 4

// deleteOldest has its bound in its text: SQLite prepares a statement anew
// each time, whose LIMIT is an argument.
var deleteOldest = `DELETE FROM replies WHERE idempotency_key IN
	(SELECT idempotency_key FROM replies WHERE created_at < ? ORDER BY created_at LIMIT ` + strconv.Itoa(forgetAtOnce)

// SaveReply stores a reply and forgets a few that are older than forget.
func (s *session) SaveReply(ctx context.Context, r ledger.StoredReply, forget time.Time) error {
	if err := s.forget(ctx, forget); err != nil {
		return err
	}
	ok, err := s.won(ctx, `INSERT INTO replies (idempotency_key, fingerprint, response, created_at) VALUES (?, ?, ?, ?)
		ON CONFLICT (idempotency_key) DO UPDATE SET fingerprint = excluded.fingerprint, response = excluded.response, created_at = excluded.created_at
		WHERE length(replies.response) = 0`, s.speaks.raw(r.Key), r.Fingerprint, r.Response, micros(r.CreatedAt))
	if err == nil && !ok {
		err = errTaken
	}
	return err
}

// forget deletes a few replies made before an instant. Where others may be at
// the same ones, it looks whether there are any and then leaves those to them.
func (s *session) forget(ctx context.Context, before time.Time) error {
	tx, shared := s.on.(*transaction)
	if shared {
		var one int
		err := s.one(ctx, `SELECT 1 FROM replies WHERE created_at < ? LIMIT 1`, []any{micros(before)}, &one)
		if errors.Is(err, ledger.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	remove := func() error {
		_, err := s.exec(ctx, deleteOldest+s.speaks.skip+`)`, micros(before))
		return err
	}
	if shared {
		return tx.unlessTaken(s, remove)
	}
	return remove()
}

// Meta is a named value of the ledger itself, or ErrNotFound.
func (s *session) Meta(ctx context.Context, name string) (value string, err error) {
	err = s.one(ctx, `SELECT value FROM meta WHERE name = ?`, []any{name}, &value)
	return value, err
}

// HoldMeta is Meta of a value that stays until the transaction ends.
func (s *session) HoldMeta(ctx context.Context, name string) (value string, err error) {
	err = s.one(ctx, `SELECT value FROM meta WHERE name = ?`+s.speaks.hold, []any{name}, &value)
	return value, err
}

// SetMeta sets a named value.
func (s *session) SetMeta(ctx context.Context, name, value string) error {
	_, err := s.exec(ctx, `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value`, name, value)
	return err
}

// PutMeta sets a named value that has none.
func (s *session) PutMeta(ctx context.Context, name, value string) (bool, error) {
	return s.won(ctx, `INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`, name, value)
}
