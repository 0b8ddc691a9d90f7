package cache

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash"
	"sync"

	"scrip/engine"
)

// A value in Redis is
//
//	version (1 byte) | HMAC-SHA256 (32 bytes) | quote
//
// The HMAC covers the version, the key that the value stands under and the
// quote: whoever can write to Redis can neither make a quote nor move one to
// another key.
const (
	version     = 1
	headerBytes = 1 + sha256.Size
	// maxValueBytes bounds what is written and what is looked at. A quote of
	// 1000 lines takes some 60 KB.
	maxValueBytes = 4 << 20
)

// errGarbage is a value that is no quote of ours: not authentic, of another
// version, or not readable.
var errGarbage = errors.New("not a quote of this service under this key")

// errTooLarge is a quote above maxValueBytes.
var errTooLarge = errors.New("too large to share")

// sealer writes and reads values under one secret.
type sealer struct{ macs sync.Pool }

func newSealer(secret []byte) *sealer {
	return &sealer{sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}}
}

// seal makes the value of a quote under a key.
func (s *sealer) seal(key string, q *engine.Quote) ([]byte, error) {
	var header [headerBytes]byte
	value := encode(append(make([]byte, 0, size(q)), header[:]...), q)
	if len(value) > maxValueBytes {
		return nil, errTooLarge
	}
	value[0] = version
	s.mac(value[1:1], key, value[headerBytes:])
	return value, nil
}

// size is about how many bytes a value takes, so that it need not grow.
func size(q *engine.Quote) int {
	const head, perLine, perCoupon = 512, 48, 64
	n := head + len(q.Coupons)*perCoupon
	for i := range q.SubOrders {
		n += len(q.SubOrders[i].Lines) * perLine
	}
	return n
}

// open reads a value that stands under a key, or fails with [errGarbage].
func (s *sealer) open(key string, value []byte) (*engine.Quote, error) {
	if len(value) < headerBytes || len(value) > maxValueBytes || value[0] != version {
		return nil, errGarbage
	}
	var want [sha256.Size]byte
	s.mac(want[:0], key, value[headerBytes:])
	if !hmac.Equal(want[:], value[1:headerBytes]) {
		return nil, errGarbage
	}
	q, err := decode(value[headerBytes:])
	if err != nil {
		return nil, errors.Join(errGarbage, err)
	}
	return q, nil
}

// mac appends the code of a quote under a key.
func (s *sealer) mac(to []byte, key string, quote []byte) {
	h, _ := s.macs.Get().(hash.Hash) // nothing else is put there
	defer s.macs.Put(h)
	h.Reset()
	head := append(make([]byte, 0, 64), version)
	head = binary.AppendUvarint(head, uint64(len(key))) // key and quote cannot run into each other
	_, _ = h.Write(append(head, key...))                // never fails
	_, _ = h.Write(quote)
	h.Sum(to)
}
