package httpapi

import (
	"strconv"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"scrip/engine"
	"scrip/engine/money"
	"scrip/engine/refusal"
)

// encoder appends the one answer that is worth writing by hand: a quote is
// most of what this service sends, and this is several times faster than
// reflection. Members stand in the contract's order.
type encoder struct {
	out      []byte
	currency money.Currency
}

// quoteBytes is about how long the body of a quote is.
func quoteBytes(q *engine.Quote) int {
	const head, perLine, perCoupon = 1024, 192, 128 // about, in bytes
	size := head + len(q.Coupons)*perCoupon
	for i := range q.SubOrders {
		size += len(q.SubOrders[i].Lines) * perLine
	}
	return size
}

// appendQuote appends the body of a quote (Contract §4).
func appendQuote(dst []byte, q *engine.Quote) []byte {
	e := encoder{out: dst, currency: q.Currency}
	e.text(`{"id":`, q.ID).instant(`,"created_at":`, q.CreatedAt).instant(`,"expires_at":`, q.ExpiresAt)
	e.text(`,"policy_revision":`, q.PolicyRevision).text(`,"customer_id":`, q.CustomerID)
	e.text(`,"order_id":`, q.OrderID).text(`,"currency":`, q.Currency.Code())
	if q.Selection.CouponID == "" {
		e.raw(`,"selection":{"coupon_id":null`)
	} else {
		e.text(`,"selection":{"coupon_id":`, q.Selection.CouponID)
	}
	e.text(`,"by":`, string(q.Selection.By))
	t := &q.Totals
	e.amount(`},"totals":{"original":`, t.Original).amount(`,"eligible":`, t.Eligible)
	e.amount(`,"other_discounts":`, t.OtherDiscounts).amount(`,"coupon_discount":`, t.CouponDiscount)
	e.amount(`,"charges":`, t.Charges).amount(`,"payable":`, t.Payable).raw(`},"sub_orders":[`)
	for i := range q.SubOrders {
		e.comma(i).subOrder(&q.SubOrders[i])
	}
	e.raw(`],"coupons":[`)
	for i := range q.Coupons {
		e.comma(i).coupon(&q.Coupons[i])
	}
	e.reasons(`],"denials":`, q.Denials).raw(`}`)
	return e.out
}

func (e *encoder) subOrder(s *engine.SubOrderPrice) {
	e.text(`{"id":`, s.ID).amount(`,"coupon_discount":`, s.CouponDiscount).raw(`,"lines":[`)
	for i := range s.Lines {
		l := &s.Lines[i]
		e.comma(i).text(`{"id":`, l.ID).amount(`,"original":`, l.Original)
		e.amount(`,"other_discounts":`, l.OtherDiscounts).amount(`,"coupon_discount":`, l.CouponDiscount)
		e.amount(`,"payable":`, l.Payable).flag(`,"eligible":`, l.Eligible)
		e.reasons(`,"exclusions":`, l.Exclusions).raw(`}`)
	}
	e.raw(`]}`)
}

func (e *encoder) coupon(c *engine.CouponResult) {
	e.text(`{"id":`, c.ID).text(`,"campaign_id":`, c.CampaignID).flag(`,"applicable":`, c.Applicable)
	e.amount(`,"discount":`, c.Discount).reasons(`,"reasons":`, c.Reasons).raw(`}`)
}

func (e *encoder) reasons(name string, reasons []refusal.Reason) *encoder {
	e.raw(name + `[`)
	for i := range reasons {
		e.comma(i).text(`{"code":`, reasons[i].Code).text(`,"message":`, reasons[i].Message).raw(`}`)
	}
	return e.raw(`]`)
}

func (e *encoder) raw(s string) *encoder {
	e.out = append(e.out, s...)
	return e
}

func (e *encoder) comma(i int) *encoder {
	if i > 0 {
		e.out = append(e.out, ',')
	}
	return e
}

// text appends a name and a string. Strings were UTF-8 when they came in; if
// one is not, AppendQuote replaces what is broken.
func (e *encoder) text(name, value string) *encoder {
	e.out, _ = jsontext.AppendQuote(append(e.out, name...), value)
	return e
}

func (e *encoder) amount(name string, a money.Amount) *encoder {
	e.out = append(e.out, name...)
	e.out = append(e.out, '"')
	e.out = e.currency.Append(e.out, a)
	e.out = append(e.out, '"')
	return e
}

func (e *encoder) flag(name string, b bool) *encoder {
	e.out = strconv.AppendBool(append(e.out, name...), b)
	return e
}

func (e *encoder) instant(name string, t time.Time) *encoder {
	e.out = append(e.out, name...)
	e.out = append(e.out, '"')
	e.out = t.AppendFormat(e.out, time.RFC3339Nano)
	e.out = append(e.out, '"')
	return e
}
