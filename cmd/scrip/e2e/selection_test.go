// Which coupon a quote uses, and in which order it compares them (Contract §4).
package e2e

import (
	"net/http"
	"slices"
	"testing"
	"time"
)

const (
	half   = `"discount":{"percent":"50"}`
	tenth  = `"discount":{"percent":"10"}`
	notYet = `"discount":{"percent":"50"},"starts_at":"2099-01-01T00:00:00Z"`
	dust   = `"discount":{"percent":"0.0001"}` // of 20.00 it is nothing
	euros  = `"discount":{"amount":"5.00","currency":"EUR"}`
)

const wantsBest = `"select":"best"`

func wants(id string) string { return `"select":` + quoted(id) }

func TestSelection(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	better, lesser, nothing := s.give(t, customer, half), s.give(t, customer, tenth), s.give(t, customer, dust)
	for _, c := range []struct {
		name, sel, chosen, by, discount string
	}{
		{"best takes the highest discount", wantsBest, better.ID, "default", "10.00"},
		{"left out is best", `"select":"best"}`, better.ID, "default", "10.00"},
		{"none takes none", `"select":"none"`, "", "none", "0.00"},
		{"an id takes that coupon, though another is better", wants(lesser.ID), lesser.ID, "customer", "2.00"},
		{"the id of the best is the customer's choice too", wants(better.ID), better.ID, "customer", "10.00"},
		{"a chosen coupon whose discount is zero stays chosen", wants(nothing.ID), nothing.ID, "customer", "0.00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := orderOf(t, customer, wantsBest, c.sel)
			if c.name == "left out is best" {
				body = orderOf(t, customer, `,"select":"best"`, "")
			}
			q := s.quote(t, body)
			if q.chosen() != c.chosen || q.Selection.By != c.by || q.Totals.CouponDiscount != c.discount {
				t.Errorf("want %q by %s for %s, got %q by %s for %s", c.chosen, c.by, c.discount, q.chosen(), q.Selection.By, q.Totals.CouponDiscount)
			}
			if len(q.Coupons) != 3 || q.Coupons[0].ID != better.ID || q.Coupons[0].Discount != "10.00" || q.Coupons[1].Discount != "2.00" {
				t.Errorf("whatever is selected, all coupons are compared: %+v", q.Coupons)
			}
		})
	}
}

func TestSelectionIsUnavailableWithoutACouponThatGivesSomething(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, c := range []struct{ name, members, old, change string }{
		{"no coupon held", "", "", ""},
		{"a discount that rounds to zero", dust, "", ""},
		{"not yet started", notYet, "", ""},
		{"another currency", euros, "", ""},
		{"a free product", half, `"10.00"`, `"0"`},
		{"no product is eligible", half, `"ordinary"`, `"pod"`},
		{"a denied order", half, `"dropshipping"`, `"sample"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			customer := unique("c")
			if c.members != "" {
				s.give(t, customer, c.members)
			}
			body := orderOf(t, customer)
			if c.old != "" {
				body = orderOf(t, customer, c.old, c.change)
			}
			if q := s.quote(t, body); q.Selection.By != "unavailable" || q.chosen() != "" {
				t.Errorf("selection %+v", q.Selection)
			}
		})
	}
}

func TestSelectingACouponThatIsNotHeldIsNotFound(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	s.give(t, customer, half)
	foreign := s.give(t, unique("c"), half)
	for _, id := range []string{"cpn_unknown", foreign.ID, "Best", "no/such#id", "ü"} {
		p := s.post(t, "/v1/quotes", orderOf(t, customer, wantsBest, wants(id))).refusal(t, http.StatusUnprocessableEntity, "coupon.not_found")
		// Interpretation: a refusal that one member of the request caused names it, though its code is not request.invalid.
		if len(p.Errors) != 1 || p.Errors[0].place() != "/select" {
			t.Errorf("%s: want a fault at /select, got %+v", id, p.Errors)
		}
	}
}

func TestSelectingACouponThatIsNotUsableSaysWhy(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, blocked := unique("c"), unique("c")
	plain, hindered := s.give(t, customer, half), s.give(t, blocked, half)
	s.block(t, blocked)
	revoked := s.give(t, customer, half)
	s.revoke(t, revoked.ID)
	for _, c := range []struct {
		name, customer, id string
		codes              []string // all of these; others may stand beside them
		changes            []string
	}{
		{"not started", customer, s.give(t, customer, notYet).ID, []string{"coupon.not_started"}, nil},
		{"another currency", customer, s.give(t, customer, euros).ID, []string{"coupon.currency"}, nil},
		{"minimum spend", customer, s.give(t, customer, half+`,"minimum_spend":"20.01","currency":"USD"`).ID, []string{"coupon.minimum_spend"}, nil},
		{"revoked", customer, revoked.ID, []string{"coupon.status"}, nil},
		{"expired", customer, s.expired(t, customer).ID, []string{"coupon.expired"}, nil},
		{"denied by type", customer, plain.ID, []string{"order.type"}, []string{`"dropshipping"`, `"sample"`}},
		{"denied by its own discount", customer, plain.ID, []string{"order.other_discount"}, []string{`"discounts":[]`, `"discounts":[{"id":"d","amount":"1"}]`}},
		{"blocklisted", blocked, hindered.ID, []string{"customer.blocklisted"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			body := orderOf(t, c.customer, append(c.changes, wantsBest, wants(c.id))...)
			p := s.post(t, "/v1/quotes", body).refusal(t, http.StatusUnprocessableEntity, "coupon.not_applicable")
			for _, code := range c.codes {
				if !slices.Contains(codes(p.Reasons), code) {
					t.Errorf("want reason %s, got %v", code, codes(p.Reasons))
				}
			}
		})
	}
}

func TestCouponsAreComparedBestFirst(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	ends := func(day string) string { return half + `,"ends_at":"2099-` + day + `T00:00:00Z"` }
	for _, members := range []string{tenth, half, ends("03-01"), notYet, half, ends("02-01"), euros, ends("02-01"), dust, notYet} {
		s.give(t, customer, members)
	}
	life := map[string]time.Time{}
	for _, c := range s.held(t, customer, "limit=500") {
		life[c.ID] = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)
		if c.ExpiresAt != nil {
			life[c.ID] = *c.ExpiresAt
		}
	}
	q := s.quote(t, orderOf(t, customer))
	discount := func(c comparison) int {
		return map[string]int{"10.00": 1000, "2.00": 200, "0.00": 0}[c.Discount]
	}
	ordered := slices.IsSortedFunc(q.Coupons, func(a, b comparison) int {
		switch {
		case a.Applicable != b.Applicable:
			return map[bool]int{true: -1, false: 1}[a.Applicable]
		case a.Applicable && a.Discount != b.Discount:
			return discount(b) - discount(a)
		case a.Applicable && !life[a.ID].Equal(life[b.ID]):
			return life[a.ID].Compare(life[b.ID])
		case a.ID < b.ID:
			return -1
		}
		return 1
	})
	if !ordered || len(q.Coupons) != 10 {
		t.Errorf("out of order: %+v", q.Coupons)
	}
	if first := life[q.Coupons[0].ID]; first.Month() != time.February || q.chosen() != q.Coupons[0].ID {
		t.Errorf("of equal discounts the one that ends first comes first, not %+v", q.Coupons[0])
	}
}

func TestOnlyAvailableCouponsAreListed(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	available, pending := s.give(t, customer, half), s.give(t, customer, notYet)
	revoked := s.give(t, customer, half)
	s.revoke(t, revoked.ID)
	s.expired(t, customer)
	s.give(t, unique("c"), half) // another customer's
	q := s.quote(t, orderOf(t, customer))
	if len(q.Coupons) != 2 {
		t.Fatalf("want the available and the pending one: %+v", q.Coupons)
	}
	if c := q.compared(t, available.ID); !c.Applicable || c.CampaignID != available.CampaignID {
		t.Errorf("%+v", c)
	}
	if c := q.compared(t, pending.ID); c.Applicable || !slices.Equal(codes(c.Reasons), []string{"coupon.not_started"}) {
		t.Errorf("%+v", c)
	}
}
