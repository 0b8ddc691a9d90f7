// Orders and quotes in the wire's own words, and what must hold for every quote whatever was asked (Contract §4).
package e2e

import (
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"
)

type quote struct {
	ID             string       `json:"id"`
	CreatedAt      time.Time    `json:"created_at"`
	ExpiresAt      time.Time    `json:"expires_at"`
	PolicyRevision string       `json:"policy_revision"`
	CustomerID     string       `json:"customer_id"`
	OrderID        string       `json:"order_id"`
	Currency       string       `json:"currency"`
	Selection      selection    `json:"selection"`
	Totals         totals       `json:"totals"`
	SubOrders      []subOrder   `json:"sub_orders"`
	Coupons        []comparison `json:"coupons"`
	Denials        []reason     `json:"denials"`
}

type selection struct {
	CouponID *string `json:"coupon_id"`
	By       string  `json:"by"`
}

type totals struct {
	Original       string `json:"original"`
	Eligible       string `json:"eligible"`
	OtherDiscounts string `json:"other_discounts"`
	CouponDiscount string `json:"coupon_discount"`
	Charges        string `json:"charges"`
	Payable        string `json:"payable"`
}

type subOrder struct {
	ID             string      `json:"id"`
	CouponDiscount string      `json:"coupon_discount"`
	Lines          []quoteLine `json:"lines"`
}

type quoteLine struct {
	ID             string   `json:"id"`
	Original       string   `json:"original"`
	OtherDiscounts string   `json:"other_discounts"`
	CouponDiscount string   `json:"coupon_discount"`
	Payable        string   `json:"payable"`
	Eligible       bool     `json:"eligible"`
	Exclusions     []reason `json:"exclusions"`
}

type comparison struct {
	ID         string   `json:"id"`
	CampaignID string   `json:"campaign_id"`
	Applicable bool     `json:"applicable"`
	Discount   string   `json:"discount"`
	Reasons    []reason `json:"reasons"`
}

// order is the plainest request there is: one line of 2 × 10.00 USD and 4.99 shipping. Tables change it with swap.
const order = `{"customer":{"id":"CUSTOMER"},"order":{"id":"O-1","type":"dropshipping","currency":"USD","discounts":[],` +
	`"charges":[{"id":"shipping","amount":"4.99"}],"sub_orders":[{"id":"S1","lines":[` +
	`{"id":"A","product":{"id":"P1","type":"ordinary"},"unit_price":"10.00","quantity":2}]}]},"select":"best"}`

// orderOf is the plain order of this customer, with changes given in pairs of old and new.
func orderOf(t testing.TB, customer string, changes ...string) string {
	t.Helper()
	text := strings.Replace(order, "CUSTOMER", customer, 1)
	for i := 0; i < len(changes); i += 2 {
		text = swap(t, text, changes[i], changes[i+1])
	}
	return text
}

// quote asks for a quote, expects 201 and checks what holds for all quotes.
func (s *sidecar) quote(t testing.TB, body string) quote {
	t.Helper()
	var q quote
	s.post(t, "/v1/quotes", body).want(t, http.StatusCreated).into(t, &q)
	if err := q.fault(); err != nil {
		t.Errorf("%v\n%+v", err, q)
	}
	return q
}

// digits of the currencies that the tests use, from ISO 4217.
var digits = map[string]int{
	"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3, "IQD": 3, "CLF": 4, "UYW": 4, "HUF": 2, "TWD": 2, "COP": 2, "IDR": 2,
	"ISK": 0, "XAF": 0, "BHD": 3, "CLP": 0, "AFN": 2, "LBP": 2, "MRU": 2, "PKR": 2, "RSD": 2,
}

// minor reads an output amount, which must have exactly the currency's digits and no sign.
func (q quote) minor(amount string) (*big.Int, error) {
	whole, fraction, point := strings.Cut(amount, ".")
	want, known := digits[q.Currency]
	n, number := new(big.Int).SetString(whole+fraction, 10)
	if !known || !number || point != (want > 0) || len(fraction) != want || whole == "" || strings.ContainsAny(amount, "+-") ||
		len(whole) > 1 && whole[0] == '0' {
		return nil, fmt.Errorf("%q is not an amount in %s", amount, q.Currency)
	}
	return n, nil
}

// sums adds amounts up and remembers the first that cannot be read.
type sums struct {
	q   quote
	err error
}

func (s *sums) add(amounts ...string) *big.Int {
	total := new(big.Int)
	for _, amount := range amounts {
		n, err := s.q.minor(amount)
		if err != nil {
			s.err = err
			return total
		}
		total.Add(total, n)
	}
	return total
}

func (s *sums) equal(what string, a, b *big.Int) {
	if s.err == nil && a.Cmp(b) != 0 {
		s.err = fmt.Errorf("%s: %v is not %v", what, a, b)
	}
}

// fault says what is wrong with a quote by itself: sums, formats, a selection that contradicts the comparison.
func (q quote) fault() error {
	if !strings.HasPrefix(q.ID, "q_") || q.PolicyRevision == "" || !q.ExpiresAt.After(q.CreatedAt) {
		return fmt.Errorf("id %q, revision %q, created %v, expires %v", q.ID, q.PolicyRevision, q.CreatedAt, q.ExpiresAt)
	}
	if q.SubOrders == nil || q.Coupons == nil || q.Denials == nil {
		return fmt.Errorf("a list is missing")
	}
	if err := q.sumsFault(); err != nil {
		return err
	}
	return q.selectionFault()
}

func (q quote) sumsFault() error {
	s := &sums{q: q}
	original, eligible, coupon, lineOther, payable := new(big.Int), new(big.Int), new(big.Int), new(big.Int), new(big.Int)
	for _, sub := range q.SubOrders {
		part := new(big.Int)
		for _, line := range sub.Lines {
			original.Add(original, s.add(line.Original))
			lineOther.Add(lineOther, s.add(line.OtherDiscounts))
			part.Add(part, s.add(line.CouponDiscount))
			payable.Add(payable, s.add(line.Payable))
			s.equal("line "+line.ID, s.add(line.Payable, line.OtherDiscounts, line.CouponDiscount), s.add(line.Original))
			if line.Eligible {
				eligible.Add(eligible, s.add(line.Original))
			}
			if line.Eligible != (len(line.Exclusions) == 0) || !line.Eligible && s.add(line.CouponDiscount).Sign() != 0 {
				return fmt.Errorf("line %s: eligible is %v", line.ID, line.Eligible)
			}
		}
		s.equal("sub-order "+sub.ID, s.add(sub.CouponDiscount), part)
		coupon.Add(coupon, part)
	}
	s.equal("original", s.add(q.Totals.Original), original)
	s.equal("eligible", s.add(q.Totals.Eligible), eligible)
	s.equal("coupon_discount", s.add(q.Totals.CouponDiscount), coupon)
	if s.err == nil && s.add(q.Totals.OtherDiscounts).Cmp(lineOther) < 0 {
		return fmt.Errorf("other_discounts is less than the lines'")
	}
	s.equal("payable", s.add(q.Totals.Payable, q.Totals.OtherDiscounts, q.Totals.CouponDiscount), s.add(q.Totals.Original, q.Totals.Charges))
	return s.err
}

func (q quote) selectionFault() error {
	s := &sums{q: q}
	chosen := -1
	for i, c := range q.Coupons {
		if c.Reasons == nil || c.Applicable != (len(c.Reasons) == 0) || !c.Applicable && s.add(c.Discount).Sign() != 0 {
			return fmt.Errorf("coupon %s: applicable is %v", c.ID, c.Applicable)
		}
		if len(q.Denials) > 0 && !sameSet(codes(c.Reasons), codes(q.Denials)) {
			return fmt.Errorf("coupon %s: its reasons are not the denials", c.ID)
		}
		if q.Selection.CouponID != nil && *q.Selection.CouponID == c.ID {
			chosen = i
		}
	}
	switch by := q.Selection.By; {
	case by == "none" || by == "unavailable":
		if q.Selection.CouponID != nil || s.add(q.Totals.CouponDiscount).Sign() != 0 {
			return fmt.Errorf("selection %s with a coupon", by)
		}
	case by != "default" && by != "customer":
		return fmt.Errorf("selection by %q", by)
	case chosen < 0 || !q.Coupons[chosen].Applicable || q.Coupons[chosen].Discount != q.Totals.CouponDiscount:
		return fmt.Errorf("the selected coupon is not the compared one")
	case by == "default" && (chosen != 0 || s.add(q.Totals.CouponDiscount).Sign() == 0):
		return fmt.Errorf("the default is not the first coupon with a discount")
	}
	return s.err
}

// line finds a line of the quote.
func (q quote) line(t testing.TB, id string) quoteLine {
	t.Helper()
	for _, sub := range q.SubOrders {
		for _, line := range sub.Lines {
			if line.ID == id {
				return line
			}
		}
	}
	t.Fatalf("no line %q in %+v", id, q)
	return quoteLine{}
}

// compared finds a coupon of the quote.
func (q quote) compared(t testing.TB, id string) comparison {
	t.Helper()
	for _, c := range q.Coupons {
		if c.ID == id {
			return c
		}
	}
	t.Fatalf("coupon %s is not listed in %+v", id, q.Coupons)
	return comparison{}
}

// chosen is the selected coupon's id or "".
func (q quote) chosen() string {
	if q.Selection.CouponID == nil {
		return ""
	}
	return *q.Selection.CouponID
}
