// The bounds of Contract §3: at the bound it works, one beyond it is refused at once.
package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// linesOf is the plain order with n lines in so many sub-orders.
func linesOf(t testing.TB, n, subOrders int) string {
	t.Helper()
	var subs []string
	for i := range subOrders {
		var lines []string
		for j := i; j < n; j += subOrders {
			lines = append(lines, fmt.Sprintf(`{"id":"L%d","product":{"id":"P","type":"ordinary"},"unit_price":"1.23","quantity":1}`, j))
		}
		subs = append(subs, fmt.Sprintf(`{"id":"S%d","lines":[%s]}`, i, strings.Join(lines, ",")))
	}
	return orderOf(t, "c", `{"id":"S1","lines":[{"id":"A","product":{"id":"P1","type":"ordinary"},"unit_price":"10.00","quantity":2}]}`, strings.Join(subs, ","))
}

func TestAThousandLines(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	if q := s.quote(t, linesOf(t, 1000, 1)); q.Totals.Original != "1230.00" {
		t.Errorf("%+v", q.Totals)
	}
	s.quote(t, linesOf(t, 1000, 1000))
	s.post(t, "/v1/quotes", linesOf(t, 1001, 1)).invalid(t, "/order*")
	s.post(t, "/v1/quotes", linesOf(t, 1001, 7)).invalid(t, "/order*")
}

func TestABodyOfOneMebibyte(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	const most = 1 << 20
	padded := func(size int) string { return order + strings.Repeat(" ", size-len(order)) }
	for _, chunked := range []bool{false, true} {
		s.do(t, call{path: "/v1/quotes", body: padded(most), chunked: chunked}).want(t, http.StatusCreated)
		for _, c := range []call{
			{path: "/v1/quotes", body: padded(most + 1)},
			{path: "/v1/quotes", body: orderOf(t, "c", `"O-1"`, `"`+strings.Repeat("x", most)+`"`)},
			{path: "/v1/customers/c/registrations", body: `{}` + strings.Repeat(" ", most)},
			{path: issuePath("welcome"), body: `{"customer_ids":["` + strings.Repeat(`c","`, most/4) + `c"]}`, admin: true},
		} {
			c.chunked = chunked
			p := s.do(t, c).refusal(t, http.StatusRequestEntityTooLarge, "request.too_large")
			if len(p.Errors) != 1 || p.Errors[0].place() != "" {
				t.Errorf("want a fault at the whole document, got %+v", p.Errors)
			}
		}
	}
}

// Σ original + charges stays below 10^15 minor units, in every currency.
func TestTheLargestSum(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, c := range []struct {
		name, currency, price, quantity, charge string
		allowed                                 bool
	}{
		{"one below", "USD", "999999999999.99", "10", "0.09", true},
		{"reached by a charge", "USD", "999999999999.99", "10", "0.10", false},
		{"reached by a product", "USD", "10000000", "1000000", "0", false},
		{"one below by a product and a charge", "USD", "9999999.99", "1000000", "9999.99", true},
		{"far beyond 64 bits", "USD", "999999999999.999999", "1000000", "0", false},
		{"beyond 64 bits with four digits", "CLF", "999999999999.9999", "1000000", "0", false},
		{"dinars", "KWD", "999999999999.999", "1", "0.001", false},
		{"yen have more to spend", "JPY", "999999999", "1000000", "999999", true},
		{"yen", "JPY", "999999999", "1000000", "1000000", false},
		{"a charge alone", "USD", "0", "1", "999999999999.99", true},
		{"a charge alone that reaches it", "CLF", "0", "1", "100000000000", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := orderOf(t, "c", `"USD"`, quoted(c.currency), `"10.00"`, quoted(c.price), `"quantity":2`, `"quantity":`+c.quantity, `"4.99"`, quoted(c.charge))
			if c.allowed {
				s.quote(t, body)
				return
			}
			s.post(t, "/v1/quotes", body).invalid(t, "/order*")
		})
	}
}

// A thousand available coupons a customer; a revoked one makes room (Contract §3 and §6).
func TestAThousandCouponsACustomer(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, campaign := unique("c"), s.campaign(t, half+`,"per_customer":2000`)
	issue := call{path: issuePath(campaign), body: `{"customer_id":` + quoted(customer) + `}`, admin: true}
	for _, a := range s.storm(t, 1000, func(int) call { return issue }) {
		a.want(t, http.StatusCreated)
	}
	s.tryIssue(t, campaign, customer).refusal(t, http.StatusConflict, "customer.coupon_limit")
	if q := s.quote(t, orderOf(t, customer)); len(q.Coupons) != 1000 || q.Totals.CouponDiscount != "10.00" {
		t.Errorf("%d coupons compared, discount %s", len(q.Coupons), q.Totals.CouponDiscount)
	}
	all := s.held(t, customer, "limit=500")
	if len(all) != 1000 {
		t.Fatalf("%d coupons listed", len(all))
	}
	s.revoke(t, all[0].ID)
	s.issue(t, campaign, customer)
	s.tryIssue(t, campaign, customer).refusal(t, http.StatusConflict, "customer.coupon_limit")
}

// storm sends n calls, 20 at a time, and returns the answers in the order of the calls.
func (s *sidecar) storm(t testing.TB, n int, request func(int) call) []answer {
	t.Helper()
	answers, errs := make([]answer, n), make([]error, n)
	gate := make(chan struct{}, 20)
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() {
			gate <- struct{}{}
			answers[i], errs[i] = s.send(request(i))
			<-gate
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return answers
}
