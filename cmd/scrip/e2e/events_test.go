// A coupon's life as the admin listener tells it: every change, who asked, by which request.
package e2e

import (
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"
)

type event struct {
	ID           string    `json:"id"`
	CreatedAt    time.Time `json:"created_at"`
	Kind         string    `json:"kind"`
	CouponID     *string   `json:"coupon_id"`
	RedemptionID *string   `json:"redemption_id"`
	CustomerID   string    `json:"customer_id"`
	By           string    `json:"by"`
	RequestID    string    `json:"request_id"`
}

// life reads the coupon's events, oldest first.
func (s *sidecar) life(t testing.TB, id, query string) []event {
	t.Helper()
	return collect[event](t, "/admin/v1/coupons/"+url.PathEscape(id)+"/events?"+query, func(path string) answer {
		return s.admin(t, http.MethodGet, path, "")
	})
}

// told is one expected event: what, by whom, in which answer.
type told struct {
	kind, by string
	answer   answer
}

func compareLife(t *testing.T, c coupon, got []event, want []told) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("want %d events, got %+v", len(want), got)
	}
	for i, e := range got {
		if e.Kind != want[i].kind || e.By != want[i].by || deref(e.CouponID, "") != c.ID || e.CustomerID != c.CustomerID || e.CreatedAt.IsZero() {
			t.Errorf("event %d: want %s by %s, got %+v", i, want[i].kind, want[i].by, e)
		}
		if asked := want[i].answer.header.Get("X-Request-Id"); want[i].by != "clock" && e.RequestID != asked {
			t.Errorf("event %d: request_id %q, the answer said %q", i, e.RequestID, asked)
		}
		if i > 0 && e.CreatedAt.Before(got[i-1].CreatedAt) {
			t.Errorf("event %d is older than the one before", i)
		}
	}
}

func TestACouponsLifeIsTold(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	issued := s.tryIssue(t, s.campaign(t, half), customer).want(t, http.StatusCreated)
	c := s.held(t, customer, "")[0]
	q := s.quote(t, ordered(t, customer))
	var want []told
	note := func(kind, by string, a answer) answer {
		want = append(want, told{kind, by, a})
		return a
	}
	note("coupon.issued", "admin", issued)
	first := note("redemption.reserved", "data", s.tryReserve(t, q.ID)).redemption(t)
	s.tryReserve(t, q.ID).refusal(t, http.StatusConflict, "order.already_redeemed") // a refusal is no change
	note("redemption.released", "data", s.step(t, first.ID, "release"))
	s.step(t, first.ID, "release").want(t, http.StatusOK) // nor is doing it again
	reserving := reserveCall(q.ID, unique("key"))
	second := note("redemption.reserved", "data", s.do(t, reserving)).redemption(t)
	s.do(t, reserving).want(t, http.StatusCreated) // nor a replay
	s.topUp(t, customer, "9")
	note("redemption.paid", "data", s.post(t, walletPath(customer)+"/payments", payBody(second.ID, "9")))
	note("redemption.confirmed", "data", s.step(t, second.ID, "confirm"))
	s.step(t, second.ID, "confirm").want(t, http.StatusOK)
	note("redemption.refunded", "data", s.tryRefund(t, second.ID, units("A", 1)))
	s.tryRefund(t, second.ID, units("A", 9)).refusal(t, http.StatusUnprocessableEntity, "refund.exceeds_paid")
	whole := s.life(t, c.ID, "")
	compareLife(t, c, whole, want)
	for i, redemption := range []string{"", first.ID, first.ID, second.ID, second.ID, second.ID, second.ID} {
		if deref(whole[i].RedemptionID, "") != redemption {
			t.Errorf("event %d: %+v is not of %s", i, whole[i], redemption)
		}
	}
	for _, query := range []string{"limit=1", "limit=4", "limit=6"} {
		if got := s.life(t, c.ID, query); !slices.EqualFunc(got, whole, func(a, b event) bool { return a.ID == b.ID }) {
			t.Errorf("%s: %+v", query, got)
		}
	}
	s.checkPaging(t, "/admin/v1/coupons/"+c.ID+"/events", true)
	s.admin(t, http.MethodGet, "/admin/v1/coupons/cpn_unknown/events", "").refusal(t, http.StatusNotFound, "coupon.not_found")
	s.get(t, "/admin/v1/coupons/"+c.ID+"/events").refusal(t, http.StatusNotFound, "route.not_found")
}

func TestALifeTellsWhatTheClockAndTheOfficeDid(t *testing.T) {
	t.Parallel()
	s := start(t, withFlag("hold-ttl", "1s"))
	c := s.give(t, "c", half)
	first := s.reserve(t, s.quote(t, ordered(t, "c")))
	s.awaitStatus(t, c.ID, "available")
	reserved := s.tryReserve(t, s.quote(t, ordered(t, "c")).ID).want(t, http.StatusCreated)
	revoked := s.admin(t, http.MethodPost, "/admin/v1/coupons/"+c.ID+"/revoke", "").want(t, http.StatusOK)
	life := s.life(t, c.ID, "")
	if len(life) < 5 {
		t.Fatalf("%+v", life)
	}
	if e := life[2]; e.Kind != "redemption.expired" || e.By != "clock" || !e.CreatedAt.Equal(first.ExpiresAt) || deref(e.RedemptionID, "") != first.ID {
		t.Errorf("a hold ran out at %v: %+v", first.ExpiresAt, e)
	}
	if e := life[3]; e.Kind != "redemption.reserved" || e.RequestID != reserved.header.Get("X-Request-Id") {
		t.Errorf("%+v", e)
	}
	kinds := []string{life[4].Kind}
	for _, e := range life[4:] {
		kinds = append(kinds, e.Kind)
		if e.By != "admin" || e.RequestID != revoked.header.Get("X-Request-Id") {
			t.Errorf("%+v", e)
		}
	}
	if !slices.Contains(kinds, "coupon.revoked") || !slices.Contains(kinds, "redemption.released") {
		t.Errorf("revoking told %v", kinds)
	}
}
