// Redemptions and refunds in the wire's own words, what must hold for each whatever was done with it (Contract §6), and
// the few steps of which every test of them is made.
package e2e

import (
	"fmt"
	"math/big"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

type redemption struct {
	ID         string           `json:"id"`
	QuoteID    string           `json:"quote_id"`
	OrderID    string           `json:"order_id"`
	CustomerID string           `json:"customer_id"`
	CouponID   *string          `json:"coupon_id"`
	Status     string           `json:"status"`
	Currency   string           `json:"currency"`
	Totals     totals           `json:"totals"`
	Lines      []redeemedLine   `json:"lines"`
	Charges    []redeemedCharge `json:"charges"`
	PaidBy     tender           `json:"paid_by"`
	ExpiresAt  time.Time        `json:"expires_at"`
	CreatedAt  time.Time        `json:"created_at"`
}

type redeemedLine struct {
	ID         string `json:"id"`
	Quantity   int64  `json:"quantity"`
	Paid       string `json:"paid"`
	Refunded   string `json:"refunded"`
	Refundable string `json:"refundable"`
}

type redeemedCharge struct {
	ID         string `json:"id"`
	Amount     string `json:"amount"`
	Refunded   string `json:"refunded"`
	Refundable string `json:"refundable"`
}

type tender struct {
	Gift     string `json:"gift"`
	Bonus    string `json:"bonus"`
	Cash     string `json:"cash"`
	External string `json:"external"`
}

type refund struct {
	ID       string `json:"id"`
	Amount   string `json:"amount"`
	Lines    []part `json:"lines"`
	Charges  []part `json:"charges"`
	Returned tender `json:"returned"`
}

type part struct {
	ID     string `json:"id"`
	Amount string `json:"amount"`
}

const redemptionsPath = "/v1/redemptions"

func redemptionPath(id string) string { return redemptionsPath + "/" + url.PathEscape(id) }

// ordered is the plain order of the customer under an order id of its own, with changes.
func ordered(t testing.TB, customer string, changes ...string) string {
	t.Helper()
	return orderOf(t, customer, append([]string{`"O-1"`, quoted(unique("O"))}, changes...)...)
}

func reserveCall(quoteID, key string) call {
	return call{path: redemptionsPath, body: `{"quote_id":` + quoted(quoteID) + `}`, key: key}
}

func (s *sidecar) tryReserve(t testing.TB, quoteID string) answer {
	t.Helper()
	return s.do(t, reserveCall(quoteID, ""))
}

// reserve books the quote and holds the answer against it.
func (s *sidecar) reserve(t testing.TB, q quote) redemption {
	t.Helper()
	r := s.tryReserve(t, q.ID).want(t, http.StatusCreated).redemption(t)
	if r.Status != "reserved" || r.QuoteID != q.ID || r.OrderID != q.OrderID || r.CustomerID != q.CustomerID || r.Totals != q.Totals ||
		deref(r.CouponID, "") != q.chosen() {
		t.Errorf("quote %+v\nredemption %+v", q, r)
	}
	return r
}

// step asks for "confirm" or "release".
func (s *sidecar) step(t testing.TB, id, verb string) answer {
	t.Helper()
	return s.post(t, redemptionPath(id)+"/"+verb, "")
}

// becomes is a step that is expected to end in the status.
func (s *sidecar) becomes(t testing.TB, id, verb, status string) redemption {
	t.Helper()
	r := s.step(t, id, verb).want(t, http.StatusOK).redemption(t)
	if r.ID != id || r.Status != status {
		t.Errorf("%s %s: want %s, got %+v", verb, id, status, r)
	}
	return r
}

// paid quotes, reserves and confirms in one go.
func (s *sidecar) paid(t testing.TB, body string) redemption {
	t.Helper()
	return s.becomes(t, s.reserve(t, s.quote(t, body)).ID, "confirm", "confirmed")
}

func (s *sidecar) redeemed(t testing.TB, id string) redemption {
	t.Helper()
	return s.get(t, redemptionPath(id)).want(t, http.StatusOK).redemption(t)
}

func (s *sidecar) tryRefund(t testing.TB, id, body string) answer {
	t.Helper()
	return s.post(t, redemptionPath(id)+"/refunds", body)
}

// refund expects 201 and that the parts add up to the amount.
func (s *sidecar) refund(t testing.TB, r redemption, body string) refund {
	t.Helper()
	var f refund
	s.tryRefund(t, r.ID, body).want(t, http.StatusCreated).into(t, &f)
	sum := &sums{q: quote{Currency: r.Currency}}
	parts := new(big.Int)
	for _, p := range append(f.Lines, f.Charges...) {
		parts.Add(parts, sum.add(p.Amount))
	}
	sum.equal("the parts", parts, sum.add(f.Amount))
	sum.equal("what is returned", sum.add(f.Returned.Gift, f.Returned.Bonus, f.Returned.Cash, f.Returned.External), sum.add(f.Amount))
	if sum.err != nil || !strings.HasPrefix(f.ID, "rfd_") || f.Lines == nil || f.Charges == nil {
		t.Errorf("%v: %+v", sum.err, f)
	}
	return f
}

func (s *sidecar) couponStatus(t testing.TB, id string) string {
	t.Helper()
	var c coupon
	s.get(t, "/v1/coupons/"+id).want(t, http.StatusOK).into(t, &c)
	return c.Status
}

// redemption decodes one and checks what holds for all.
func (a answer) redemption(t testing.TB) redemption {
	t.Helper()
	var r redemption
	a.into(t, &r)
	if err := r.fault(); err != nil {
		t.Errorf("%v: %s", err, clip(a.body))
	}
	return r
}

// fault says what is wrong with a redemption by itself.
func (r redemption) fault() error {
	if !strings.HasPrefix(r.ID, "rdm_") || !r.ExpiresAt.After(r.CreatedAt) || len(r.Lines) == 0 || r.Charges == nil {
		return fmt.Errorf("id %q, created %v, expires %v, lines %v", r.ID, r.CreatedAt, r.ExpiresAt, r.Lines)
	}
	s := &sums{q: quote{Currency: r.Currency}}
	due, charges, zero := new(big.Int), new(big.Int), new(big.Int)
	bound := func(what, paid, refunded, refundable string) {
		if r.Status == "confirmed" {
			s.equal(what, s.add(refunded, refundable), s.add(paid))
		} else {
			s.equal(what+" before confirm", s.add(refunded, refundable), zero)
		}
	}
	for _, line := range r.Lines {
		due.Add(due, s.add(line.Paid))
		bound("line "+line.ID, line.Paid, line.Refunded, line.Refundable)
	}
	for _, charge := range r.Charges {
		charges.Add(charges, s.add(charge.Amount))
		bound("charge "+charge.ID, charge.Amount, charge.Refunded, charge.Refundable)
	}
	s.equal("charges", charges, s.add(r.Totals.Charges))
	s.equal("lines and charges", due.Add(due, charges), s.add(r.Totals.Payable))
	if r.Status == "confirmed" {
		s.equal("paid_by", s.add(r.PaidBy.Gift, r.PaidBy.Bonus, r.PaidBy.Cash, r.PaidBy.External), s.add(r.Totals.Payable))
	} else {
		s.equal("external before confirm", s.add(r.PaidBy.External), zero)
	}
	return s.err
}
