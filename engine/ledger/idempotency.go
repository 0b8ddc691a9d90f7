package ledger

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"scrip/engine/refusal"
)

// KeepReplies is how long a stored reply is kept at least: the 7 days of
// Contract §3 and a day to spare.
const KeepReplies = 8 * 24 * time.Hour

// Request identifies a request that may be repeated. An empty Key is a
// request that cannot.
type Request struct {
	Key         string // Idempotency-Key, 1 to 255 bytes
	Fingerprint []byte // SHA-256 over listener, method, path with query and body
	ID          string // of this try, as in the log
	By          string // the listener that was asked
}

// Reply is an answer to a client, stored under its key byte for byte.
type Reply struct {
	Status      int    `json:"status"`
	ContentType string `json:"content_type"`
	Body        []byte `json:"body"`
}

// Do runs one operation in one transaction and returns its reply after it is
// durable. The reply of an operation that wrote something is stored under the
// request's key in that same transaction; the same request again gets that
// reply with replayed set, and anything else under the key is refused with
// [KeyReused]. While the key is another one's that is under way, Do waits, and
// refuses with [KeyInFlight] if that takes seconds. A refusal writes nothing
// and leaves the key free. op may run more than once.
func (b *Book) Do(ctx context.Context, request Request, op func(*Entry) (Reply, error)) (reply Reply, replayed bool, err error) {
	var touched, ahead []string
	var refused error // although something was written
	// Whatever became of it: what was read before may be old by now.
	defer func() {
		b.known.drop(touched)
		b.touched.add(ahead)
	}()
	err = b.store.Write(ctx, func(tx Tx) error {
		reply, replayed, refused = Reply{}, false, nil
		if request.Key != "" {
			free, err := tx.TakeKey(ctx, b.kept(request.Key), b.Now())
			if err != nil {
				return err
			}
			if !free {
				replayed = true
				if reply, err = b.stored(ctx, tx, request); err == nil {
					err = errNothing
				}
				return err
			}
		}
		e := &Entry{ctx: ctx, book: b, tx: tx, now: b.Now(), by: request.By, requestID: request.ID}
		reply, err = op(e)
		touched, ahead = append(touched, e.touched...), append(ahead, e.ahead...)
		var last lasting
		switch {
		case errors.As(err, &last):
			refused = last.refused
			return tx.FreeKey(ctx, b.kept(request.Key))
		case err != nil || request.Key == "":
			return err
		case !e.wrote:
			return errNothing
		}
		return b.saveReply(ctx, tx, request, reply, e.now)
	})
	switch {
	case err == nil && refused != nil:
		return Reply{}, false, refused
	case err == nil || errors.Is(err, errNothing):
		return reply, replayed, nil
	case errors.Is(err, ErrInFlight):
		err = refusal.New(KeyInFlight, "a request under this Idempotency-Key is still under way; ask again in a moment")
	}
	return Reply{}, false, err
}

// errNothing ends a transaction that has nothing to keep, the key that it took
// included.
var errNothing = errors.New("nothing was written")

// Replay is the reply that the same request got before; found is false if its
// key is free. Another request under the key is refused with [KeyReused].
func (b *Book) Replay(ctx context.Context, request Request) (reply Reply, found bool, err error) {
	reply, err = b.stored(ctx, b.store, request)
	if errors.Is(err, ErrNotFound) {
		return Reply{}, false, nil
	}
	return reply, err == nil, err
}

// stored is the reply under the request's key, or ErrNotFound.
func (b *Book) stored(ctx context.Context, r Reader, request Request) (Reply, error) {
	stored, err := r.Reply(ctx, b.kept(request.Key))
	if err != nil {
		return Reply{}, err
	}
	return b.openReply(stored, request)
}

func (b *Book) saveReply(ctx context.Context, tx Tx, request Request, reply Reply, now time.Time) error {
	plain, err := json.Marshal(reply)
	if err != nil {
		return err
	}
	return tx.SaveReply(ctx, StoredReply{
		Key:         b.kept(request.Key),
		Fingerprint: request.Fingerprint,
		Response:    b.replies.Seal(plain, request.Key),
		CreatedAt:   now,
	}, now.Add(-KeepReplies))
}

func (b *Book) openReply(stored StoredReply, request Request) (reply Reply, err error) {
	if !bytes.Equal(stored.Fingerprint, request.Fingerprint) {
		return Reply{}, refusal.New(KeyReused, "this Idempotency-Key was used for another request; take a new key for a new request")
	}
	plain, err := b.replies.Open(stored.Response, request.Key)
	if err != nil {
		return Reply{}, fmt.Errorf("stored reply: %w", err)
	}
	if err := json.Unmarshal(plain, &reply); err != nil {
		return Reply{}, fmt.Errorf("stored reply: %w", err)
	}
	return reply, nil
}

// kept is how the ledger keeps a key: by its keyed hash, for who redeems a card
// may well take its code for a key that nobody else will have. No key is "".
func (b *Book) kept(key string) string {
	if key == "" {
		return ""
	}
	return hex.EncodeToString(b.keys.Sum(key))
}

func isRefusal(err error) bool {
	var r *refusal.Error
	return errors.As(err, &r)
}
