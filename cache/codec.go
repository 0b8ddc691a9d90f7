package cache

import (
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"scrip/engine"
	"scrip/engine/money"
	"scrip/engine/pricing"
	"scrip/engine/refusal"
)

// A stored quote is its fields one after the other: numbers as varints, texts
// and lists with their length before them, times as microseconds since 1970. A
// reason is its number among the distinct ones, and at its first place followed
// by its texts: most lines have the same few. Any change needs a new [version].

// maxDistinct bounds how many reasons are looked through for one that was
// written already; further ones are written again.
const maxDistinct = 64

// Least bytes of a list's items, so that no length makes us reserve more than
// in proportion to what came.
const (
	leastReason   = 1
	leastSubOrder = 3
	leastLine     = 7
	leastCoupon   = 5
)

// errMalformed means that bytes are not what [encode] writes.
var errMalformed = errors.New("a quote that cannot be read")

// encode appends a quote to a buffer.
func encode(to []byte, q *engine.Quote) []byte {
	w := writer{out: to}
	w.text(q.ID)
	w.number(q.CreatedAt.UnixMicro())
	w.number(q.ExpiresAt.UnixMicro())
	for _, text := range [...]string{q.PolicyRevision, q.CustomerID, q.OrderID, q.Currency.Code(), q.Selection.CouponID, string(q.Selection.By)} {
		w.text(text)
	}
	t := &q.Totals
	w.amounts(t.Original, t.Eligible, t.OtherDiscounts, t.CouponDiscount, t.Charges, t.Payable)
	w.reasons(q.Denials)
	w.length(len(q.SubOrders))
	for i := range q.SubOrders {
		w.subOrder(&q.SubOrders[i])
	}
	w.length(len(q.Coupons))
	for i := range q.Coupons {
		c := &q.Coupons[i]
		w.text(c.ID)
		w.text(c.CampaignID)
		w.flag(c.Applicable)
		w.amounts(c.Discount)
		w.reasons(c.Reasons)
	}
	w.text(q.Content)
	return w.out
}

type writer struct {
	out      []byte
	distinct []refusal.Reason
}

func (w *writer) subOrder(s *engine.SubOrderPrice) {
	w.text(s.ID)
	w.amounts(s.CouponDiscount)
	w.length(len(s.Lines))
	for i := range s.Lines {
		l := &s.Lines[i]
		w.text(l.ID)
		w.amounts(l.Original, l.OtherDiscounts, l.CouponDiscount, l.Payable)
		w.flag(l.Eligible)
		w.reasons(l.Exclusions)
	}
}

func (w *writer) reasons(list []refusal.Reason) {
	w.length(len(list))
	for _, r := range list {
		place := slices.Index(w.distinct[:min(len(w.distinct), maxDistinct)], r)
		if place >= 0 {
			w.length(place)
			continue
		}
		w.length(len(w.distinct))
		w.text(r.Code)
		w.text(r.Message)
		w.distinct = append(w.distinct, r)
	}
}

func (w *writer) amounts(amounts ...money.Amount) {
	for _, a := range amounts {
		w.number(int64(a))
	}
}

func (w *writer) number(n int64) { w.out = binary.AppendVarint(w.out, n) }

func (w *writer) length(n int) { w.out = binary.AppendUvarint(w.out, uint64(n)) } // #nosec G115 -- a length

func (w *writer) text(s string) {
	w.length(len(s))
	w.out = append(w.out, s...)
}

func (w *writer) flag(b bool) {
	if b {
		w.out = append(w.out, 1)
	} else {
		w.out = append(w.out, 0)
	}
}

// decode reads what encode wrote. It fails with [errMalformed] for anything
// else and never panics. Empty lists come back as nil.
func decode(text []byte) (*engine.Quote, error) {
	r := reader{bytes: text, texts: string(text)}
	q := &engine.Quote{Wire: new(engine.Wire), ID: r.text(), CreatedAt: r.instant(), ExpiresAt: r.instant(),
		PolicyRevision: r.text(), CustomerID: r.text(), OrderID: r.text()}
	var err error
	if q.Currency, err = money.CurrencyOf(r.text()); err != nil {
		return nil, errMalformed
	}
	q.Selection = engine.Selection{CouponID: r.text(), By: engine.SelectedBy(r.text())}
	q.Totals = pricing.Totals{Original: r.amount(), Eligible: r.amount(), OtherDiscounts: r.amount(),
		CouponDiscount: r.amount(), Charges: r.amount(), Payable: r.amount()}
	q.Denials = r.reasons()
	q.SubOrders = list(&r, leastSubOrder, func() engine.SubOrderPrice {
		return engine.SubOrderPrice{ID: r.text(), CouponDiscount: r.amount(), Lines: list(&r, leastLine, r.line)}
	})
	q.Coupons = list(&r, leastCoupon, func() engine.CouponResult {
		return engine.CouponResult{ID: r.text(), CampaignID: r.text(), Applicable: r.flag(), Discount: r.amount(), Reasons: r.reasons()}
	})
	if q.Content = r.text(); r.failed || r.at != len(r.bytes) {
		return nil, errMalformed
	}
	return q, nil
}

// reader takes values from bytes. After the first fault all are zero. Texts
// share one string, for a quote is mostly texts.
type reader struct {
	bytes    []byte
	texts    string
	at       int
	failed   bool
	distinct []refusal.Reason
}

// list reads a list of items that take at least so many bytes each.
func list[T any](r *reader, least int, item func() T) []T {
	n := r.length(least)
	if n == 0 {
		return nil
	}
	items := make([]T, 0, n)
	for range n {
		items = append(items, item())
		if r.failed {
			return nil
		}
	}
	return items
}

func (r *reader) line() engine.LinePrice {
	return engine.LinePrice{ID: r.text(), Original: r.amount(), OtherDiscounts: r.amount(), CouponDiscount: r.amount(), Payable: r.amount(),
		Eligible: r.flag(), Exclusions: r.reasons()}
}

func (r *reader) reasons() []refusal.Reason {
	n := r.length(leastReason)
	if n == 1 { // the usual case takes no memory of its own
		if place := r.reason(); !r.failed {
			return r.distinct[place : place+1 : place+1]
		}
	}
	if n <= 1 {
		return nil
	}
	reasons := make([]refusal.Reason, 0, n)
	for range n {
		place := r.reason()
		if r.failed {
			return nil
		}
		reasons = append(reasons, r.distinct[place])
	}
	return reasons
}

// reason is a place among the distinct ones.
func (r *reader) reason() int {
	place := r.unsigned()
	switch known := uint64(len(r.distinct)); {
	case place > known:
		r.failed = true
	case place == known:
		r.distinct = append(r.distinct, refusal.Reason{Code: r.text(), Message: r.text()})
	}
	return int(place) // #nosec G115 -- at most a length, or never looked at
}

func (r *reader) amount() money.Amount { return money.Amount(r.number()) }

func (r *reader) instant() time.Time { return time.UnixMicro(r.number()).UTC() }

func (r *reader) number() int64 {
	n, size := binary.Varint(r.bytes[r.at:])
	r.advance(size)
	return n
}

func (r *reader) unsigned() uint64 {
	n, size := binary.Uvarint(r.bytes[r.at:])
	r.advance(size)
	return n
}

// advance goes on after a number, whose size is not above zero if it is none.
func (r *reader) advance(size int) {
	if size <= 0 || r.failed {
		r.failed, r.at = true, len(r.bytes)
		return
	}
	r.at += size
}

// length reads how many items come, each of at least so many bytes.
func (r *reader) length(least int) int {
	n := r.unsigned()
	if r.failed || n > uint64((len(r.bytes)-r.at)/least) { // #nosec G115 -- not negative
		r.failed = true
		return 0
	}
	return int(n) // #nosec G115 -- at most what is left
}

func (r *reader) text() string {
	n := r.length(1)
	r.at += n
	return r.texts[r.at-n : r.at]
}

func (r *reader) flag() bool {
	if r.at >= len(r.bytes) || r.bytes[r.at] > 1 {
		r.failed = true
		return false
	}
	r.at++
	return r.bytes[r.at-1] == 1
}
