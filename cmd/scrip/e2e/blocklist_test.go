// The blocklist: who is on it and what that does (Contract §5).
package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

const blocklistPath = "/admin/v1/blocklist"

// entry of the list. Interpretation: the contract fixes no names; these are those of the request and its path.
type entry struct {
	CustomerID string `json:"customer_id"`
	Reason     string `json:"reason"`
}

func (s *sidecar) blocked(t *testing.T, query string) map[string]string {
	t.Helper()
	reasons := map[string]string{}
	for _, e := range collect[entry](t, blocklistPath+"?"+query, func(path string) answer { return s.admin(t, http.MethodGet, path, "") }) {
		if _, twice := reasons[e.CustomerID]; twice {
			t.Errorf("%s is listed twice", e.CustomerID)
		}
		reasons[e.CustomerID] = e.Reason
	}
	return reasons
}

func TestTheBlocklistIsKept(t *testing.T) {
	t.Parallel()
	s := start(t)
	if got := s.blocked(t, ""); len(got) != 0 {
		t.Errorf("a fresh ledger blocks %v", got)
	}
	put := func(customer, body string) {
		s.admin(t, http.MethodPut, blockPath(customer), body).want(t, http.StatusOK)
	}
	put("a", `{"reason":"fraud"}`)
	put("b", `{}`) // reason is empty where it is left out
	put("c/ü", `{"reason":""}`)
	put("a", `{"reason":"chargebacks"}`)
	for _, query := range []string{"", "limit=1", "limit=2", "limit=3"} {
		if got := s.blocked(t, query); len(got) != 3 || got["a"] != "chargebacks" || got["b"] != "" || got["c/ü"] != "" {
			t.Errorf("%s: %v", query, got)
		}
	}
	for range 2 { // absent too
		if a := s.admin(t, http.MethodDelete, blockPath("a"), "").want(t, http.StatusNoContent); len(a.body) != 0 {
			t.Errorf("204 with %q", a.body)
		}
	}
	s.admin(t, http.MethodDelete, blockPath("c/ü"), "").want(t, http.StatusNoContent)
	if got := s.blocked(t, ""); len(got) != 1 {
		t.Errorf("%v", got)
	}
	s.checkPaging(t, blocklistPath, true)
}

func TestBadBlocksAreRefused(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	for body, pointers := range map[string][]string{
		`{"reason":null}`: at("/reason"), `{"reason":7}`: at("/reason"), `{"until":"2030-01-01"}`: at("/until"), `{"Reason":""}`: at("/Reason"), `[]`: nil,
		`{"reason":"a","reason":"b"}`: at("/reason"),
	} {
		s.admin(t, http.MethodPut, blockPath(customer), body).invalid(t, pointers...)
	}
	if q := s.quote(t, orderOf(t, customer)); len(q.Denials) > 0 {
		t.Errorf("blocked all the same: %v", q.Denials)
	}
}

func TestBlockingTakesEffectOnTheNextQuote(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	s.give(t, customer, half)
	for range 3 {
		if q := s.quote(t, orderOf(t, customer)); q.Totals.CouponDiscount != "10.00" {
			t.Fatalf("before: %+v", q.Totals)
		}
		s.block(t, customer)
		q := s.quote(t, orderOf(t, customer))
		if q.Totals.CouponDiscount != "0.00" || !slices.Equal(codes(q.Denials), []string{"customer.blocklisted"}) {
			t.Fatalf("blocked: %+v", q)
		}
		if len(q.Denials[0].Message) < 10 || strings.Contains(q.Denials[0].Message, "fraud") {
			t.Errorf("a message for the customer: %q", q.Denials[0].Message)
		}
		s.admin(t, http.MethodDelete, blockPath(customer), "").want(t, http.StatusNoContent)
	}
	s.block(t, customer)
	if held := s.held(t, customer, "status=available"); len(held) != 1 {
		t.Errorf("a blocked customer's coupons stay: %+v", held)
	}
}
