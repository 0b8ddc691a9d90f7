package engine

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"strconv"
	"strings"
	"sync"
	"time"

	"scrip/engine/ledger"
)

// A quote's id is "q_", the digest of everything its answer depends on, and a
// random part that tells it from an earlier quote of the same content. So the
// same content finds its quote, and an id finds it too, under the one digest.
const (
	quotePrefix = "q_"
	digestBytes = 15
	randomBytes = 5
	digestChars = digestBytes * 8 / 5
	idChars     = len(quotePrefix) + (digestBytes+randomBytes)*8/5
)

var idEncoding = base32.HexEncoding.WithPadding(base32.NoPadding)

// contentKey digests what a quote is a function of: the request as decoded,
// the policies' revision, and the facts of the customer at an instant. Every
// part is written with its length or count, so no two contents look alike. The
// request as it was written comes back too.
func contentKey(r *Request, facts *ledger.Facts, revision string, now time.Time) (key, content string) {
	space := digests.Get().(*digest)
	defer digests.Put(space)
	d := (*space)[:0]
	d.request(r)
	content = string(d)
	d.texts(revision)
	d.flag(facts.Blocklisted)
	d.count(len(facts.Coupons))
	for i := range facts.Coupons {
		// Terms and life of a coupon never change; its place in its life does.
		d.texts(facts.Coupons[i].ID, facts.Coupons[i].Window(now))
	}
	if *space = d; cap(d) > maxDigest {
		*space = nil // not for everyone after
	}
	sum := sha256.Sum256(d)
	return encodeID(sum[:digestBytes]), content
}

// privateKey is a key that no content has: for quotes that are found by their
// id only.
func privateKey() string { return encodeID(random(digestBytes)) }

// newQuoteID makes the id of a quote kept under key.
func newQuoteID(key string) string { return quotePrefix + key + encodeID(random(randomBytes)) }

// keyOf is the key that a quote's id carries.
func keyOf(id string) (key string, ok bool) {
	if len(id) != idChars || !strings.HasPrefix(id, quotePrefix) {
		return "", false
	}
	return id[len(quotePrefix):][:digestChars], true
}

func encodeID(b []byte) string { return strings.ToLower(idEncoding.EncodeToString(b)) }

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// digests are used again, up to a size.
var digests = sync.Pool{New: func() any { d := make(digest, 0, 4<<10); return &d }}

const maxDigest = 64 << 10 // bytes

// digest collects what is to be digested, so that values cannot run into each
// other.
type digest []byte

func (d *digest) number(n int64) { *d = binary.AppendVarint(*d, n) }

func (d *digest) count(n int) { d.number(int64(n)) }

func (d *digest) flag(b bool) { *d = strconv.AppendBool(*d, b) }

func (d *digest) request(r *Request) {
	d.texts(r.Customer.ID, r.Customer.Attributes, r.Select)
	d.texts(r.Order.ID, r.Order.Type, r.Order.Currency.Code(), r.Order.Attributes)
	d.amounts(r.Order.Discounts)
	d.amounts(r.Order.Charges)
	d.count(len(r.Order.SubOrders))
	for _, sub := range r.Order.SubOrders {
		d.texts(sub.ID)
		d.count(len(sub.Lines))
		for i := range sub.Lines {
			l := &sub.Lines[i]
			d.texts(l.ID, l.Product.ID, l.Product.Type, l.Product.Attributes)
			d.number(l.UnitPrice.Millionths())
			d.number(l.Quantity)
			d.amounts(l.Discounts)
		}
	}
}

func (d *digest) texts(texts ...string) {
	for _, text := range texts {
		d.count(len(text))
		*d = append(*d, text...)
	}
}

func (d *digest) amounts(list []NamedAmount) {
	d.count(len(list))
	for _, item := range list {
		d.texts(item.ID)
		d.number(int64(item.Amount))
	}
}
