package cache

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/fxamacker/cbor/v2"

	"scrip/engine"
	"scrip/engine/money"
	"scrip/engine/pricing"
	"scrip/engine/refusal"
)

// A stored quote is CBOR: structs as arrays, times as microseconds since 1970,
// reasons once in a table, for most lines have the same few. Fields are never
// changed, added or taken away without a new [version].

type storedQuote struct {
	_              struct{} `cbor:",toarray"`
	ID             string
	CreatedAt      int64
	ExpiresAt      int64
	PolicyRevision string
	CustomerID     string
	OrderID        string
	Currency       string
	CouponID       string
	SelectedBy     engine.SelectedBy
	Totals         storedTotals
	Reasons        []storedReason
	SubOrders      []storedSubOrder
	Coupons        []storedCoupon
	Denials        []int
	Content        []byte
}

type storedTotals struct {
	_                                                                    struct{} `cbor:",toarray"`
	Original, Eligible, OtherDiscounts, CouponDiscount, Charges, Payable money.Amount
}

type storedReason struct {
	_             struct{} `cbor:",toarray"`
	Code, Message string
}

type storedSubOrder struct {
	_              struct{} `cbor:",toarray"`
	ID             string
	CouponDiscount money.Amount
	Lines          []storedLine
}

type storedLine struct {
	_                                                 struct{} `cbor:",toarray"`
	ID                                                string
	Original, OtherDiscounts, CouponDiscount, Payable money.Amount
	Eligible                                          bool
	Exclusions                                        []int
}

type storedCoupon struct {
	_              struct{} `cbor:",toarray"`
	ID, CampaignID string
	Applicable     bool
	Discount       money.Amount
	Reasons        []int
}

// Modes of CBOR: texts are taken as they are, and what comes back has known
// bounds, whatever it says of itself.
var (
	encoding = must(cbor.EncOptions{}.UserBufferEncMode())
	decoding = must(cbor.DecOptions{
		MaxArrayElements: 1 << 17, MaxNestedLevels: 8,
		IndefLength: cbor.IndefLengthForbidden, TagsMd: cbor.TagsForbidden, UTF8: cbor.UTF8DecodeInvalid,
	}.DecMode())
)

func must[T any](mode T, err error) T {
	if err != nil {
		panic(err) // only for options that contradict each other
	}
	return mode
}

// encode appends a quote to a buffer.
func encode(into *bytes.Buffer, q *engine.Quote) error {
	var seen reasonTable
	stored := storedQuote{
		ID: q.ID, CreatedAt: q.CreatedAt.UnixMicro(), ExpiresAt: q.ExpiresAt.UnixMicro(), PolicyRevision: q.PolicyRevision,
		CustomerID: q.CustomerID, OrderID: q.OrderID, Currency: q.Currency.Code(),
		CouponID: q.Selection.CouponID, SelectedBy: q.Selection.By,
		Totals: storedTotals{
			Original: q.Totals.Original, Eligible: q.Totals.Eligible, OtherDiscounts: q.Totals.OtherDiscounts,
			CouponDiscount: q.Totals.CouponDiscount, Charges: q.Totals.Charges, Payable: q.Totals.Payable},
		SubOrders: make([]storedSubOrder, len(q.SubOrders)),
		Coupons:   make([]storedCoupon, len(q.Coupons)),
		Denials:   seen.places(q.Denials),
		Content:   []byte(q.Content),
	}
	for i, sub := range q.SubOrders {
		lines := make([]storedLine, len(sub.Lines))
		for n := range sub.Lines {
			l := &sub.Lines[n]
			lines[n] = storedLine{ID: l.ID, Original: l.Original, OtherDiscounts: l.OtherDiscounts, CouponDiscount: l.CouponDiscount,
				Payable: l.Payable, Eligible: l.Eligible, Exclusions: seen.places(l.Exclusions)}
		}
		stored.SubOrders[i] = storedSubOrder{ID: sub.ID, CouponDiscount: sub.CouponDiscount, Lines: lines}
	}
	for i, c := range q.Coupons {
		stored.Coupons[i] = storedCoupon{ID: c.ID, CampaignID: c.CampaignID, Applicable: c.Applicable, Discount: c.Discount,
			Reasons: seen.places(c.Reasons)}
	}
	stored.Reasons = seen.list
	return encoding.MarshalToBuffer(&stored, into)
}

// decode reads what encode wrote. It fails for anything else and never panics.
func decode(text []byte) (*engine.Quote, error) {
	var stored storedQuote
	if err := decoding.Unmarshal(text, &stored); err != nil {
		return nil, err
	}
	currency, err := money.CurrencyOf(stored.Currency)
	if err != nil {
		return nil, err
	}
	table := make([]refusal.Reason, len(stored.Reasons))
	for i, r := range stored.Reasons {
		table[i] = refusal.Reason{Code: r.Code, Message: r.Message}
	}
	t := &stored.Totals
	q := &engine.Quote{
		ID: stored.ID, CreatedAt: time.UnixMicro(stored.CreatedAt).UTC(), ExpiresAt: time.UnixMicro(stored.ExpiresAt).UTC(),
		PolicyRevision: stored.PolicyRevision, CustomerID: stored.CustomerID, OrderID: stored.OrderID, Currency: currency,
		Selection: engine.Selection{CouponID: stored.CouponID, By: stored.SelectedBy},
		Totals: pricing.Totals{Original: t.Original, Eligible: t.Eligible, OtherDiscounts: t.OtherDiscounts,
			CouponDiscount: t.CouponDiscount, Charges: t.Charges, Payable: t.Payable},
		SubOrders: make([]engine.SubOrderPrice, len(stored.SubOrders)),
		Coupons:   make([]engine.CouponResult, len(stored.Coupons)),
		Content:   string(stored.Content),
		Wire:      new(engine.Wire),
	}
	r := reasonReader{table: table}
	q.Denials = r.reasons(stored.Denials)
	for i, sub := range stored.SubOrders {
		q.SubOrders[i] = engine.SubOrderPrice{ID: sub.ID, CouponDiscount: sub.CouponDiscount, Lines: r.lines(sub.Lines)}
	}
	for i, c := range stored.Coupons {
		q.Coupons[i] = engine.CouponResult{ID: c.ID, CampaignID: c.CampaignID, Applicable: c.Applicable, Discount: c.Discount,
			Reasons: r.reasons(c.Reasons)}
	}
	return q, r.err
}

func (r *reasonReader) lines(stored []storedLine) []engine.LinePrice {
	lines := make([]engine.LinePrice, len(stored))
	for n := range stored {
		l := &stored[n]
		lines[n] = engine.LinePrice{ID: l.ID, Original: l.Original, OtherDiscounts: l.OtherDiscounts, CouponDiscount: l.CouponDiscount,
			Payable: l.Payable, Eligible: l.Eligible, Exclusions: r.reasons(l.Exclusions)}
	}
	return lines
}

// reasonTable collects distinct reasons and gives each a place.
type reasonTable struct {
	list    []storedReason
	placeOf map[refusal.Reason]int
}

func (t *reasonTable) places(reasons []refusal.Reason) []int {
	if len(reasons) == 0 {
		return nil
	}
	places := make([]int, len(reasons))
	for i, r := range reasons {
		place, known := t.placeOf[r]
		if !known {
			if t.placeOf == nil {
				t.placeOf = make(map[refusal.Reason]int)
			}
			place = len(t.list)
			t.placeOf[r] = place
			t.list = append(t.list, storedReason{Code: r.Code, Message: r.Message})
		}
		places[i] = place
	}
	return places
}

// reasonReader gives the reasons back and keeps the first fault.
type reasonReader struct {
	table []refusal.Reason
	err   error
}

var errReason = errors.New("a reason that is not in the table")

func (r *reasonReader) reasons(places []int) []refusal.Reason {
	for _, place := range places {
		if place < 0 || place >= len(r.table) {
			r.err = fmt.Errorf("%w: %d of %d", errReason, place, len(r.table))
			return nil
		}
	}
	switch len(places) {
	case 0:
		return nil
	case 1: // the usual one shares the table's memory
		return r.table[places[0] : places[0]+1 : places[0]+1]
	}
	reasons := make([]refusal.Reason, len(places))
	for i, place := range places {
		reasons[i] = r.table[place]
	}
	return reasons
}
