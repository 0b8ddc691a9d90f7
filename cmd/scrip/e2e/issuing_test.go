// Issuing coupons, one and many, and how long they live (Contract §5).
package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

func instant(text string) *time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return &at
}

func TestACouponsLife(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	day := 24 * time.Hour
	for _, c := range []struct {
		name, members string
		starts        *time.Time    // nil: at its issue
		expires       *time.Time    // nil: life after the start, or never
		life          time.Duration // 0: never ends
	}{
		{"neither: for ever", half, nil, nil, 0},
		{"valid_for from its issue", half + `,"valid_for":"720h"`, nil, nil, 30 * day},
		{"a start in the past counts from the issue", half + `,"starts_at":"2020-01-01T00:00:00Z","valid_for":"24h"`, nil, nil, day},
		{"a start to come", half + `,"starts_at":"2090-01-01T00:00:00Z"`, instant("2090-01-01T00:00:00Z"), nil, 0},
		{"valid_for after a start to come", half + `,"starts_at":"2090-01-01T00:00:00Z","valid_for":"24h"`, instant("2090-01-01T00:00:00Z"), instant("2090-01-02T00:00:00Z"), 0},
		{"ends_at comes first", half + `,"starts_at":"2090-01-01T00:00:00Z","valid_for":"24h","ends_at":"2090-01-01T12:00:00Z"`, instant("2090-01-01T00:00:00Z"), instant("2090-01-01T12:00:00Z"), 0},
		{"valid_for comes first", half + `,"valid_for":"1h30m","ends_at":"2090-01-01T00:00:00Z"`, nil, nil, 90 * time.Minute},
		{"ends_at alone", half + `,"ends_at":"2090-01-01T00:00:00Z"`, nil, instant("2090-01-01T00:00:00Z"), 0},
		{"a last day", half + `,"ends_at":"2089-12-31"`, nil, instant("2090-01-01T00:00:00Z"), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			campaign, customer, before := s.campaign(t, c.members), unique("c"), time.Now()
			got := s.issue(t, campaign, customer)
			if !strings.HasPrefix(got.ID, "cpn_") || got.CampaignID != campaign || got.CustomerID != customer || got.Status != "available" {
				t.Errorf("%+v", got)
			}
			checkStart(t, got, c.starts, before)
			want := c.expires
			if c.life > 0 {
				end := got.StartsAt.Add(c.life)
				want = &end
			}
			if (want == nil) != (got.ExpiresAt == nil) || want != nil && !want.Equal(*got.ExpiresAt) {
				t.Errorf("expires_at: want %v, got %v", want, got.ExpiresAt)
			}
		})
	}
}

// checkStart: at the given instant, or without one at the time of issue, which is told to the second at least.
func checkStart(t *testing.T, c coupon, want *time.Time, before time.Time) {
	t.Helper()
	if want != nil && !c.StartsAt.Equal(*want) {
		t.Errorf("starts_at: want %v, got %v", want, c.StartsAt)
	}
	if want == nil && (c.StartsAt.Before(before.Add(-time.Second)) || c.StartsAt.After(time.Now().Add(time.Second))) {
		t.Errorf("starts_at: want the time of issue, got %v", c.StartsAt)
	}
}

func TestACouponShowsItsCampaignsTerms(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	c := s.give(t, unique("c"), `"discount":{"amount":"10","currency":"USD"},"minimum_spend":"30","maximum_discount":"9.5"`)
	shows(t, s.get(t, "/v1/coupons/"+c.ID).want(t, http.StatusOK), `{"id":`+quoted(c.ID)+`,"campaign_id":`+quoted(c.CampaignID)+`,"customer_id":`+quoted(c.CustomerID)+
		`,"discount":{"amount":"10.00","currency":"USD"},"minimum_spend":"30.00","maximum_discount":"9.50","currency":"USD","expires_at":null,"status":"available"}`)
	c = s.give(t, unique("c"), half)
	if c.Discount["percent"] != "50" || c.MinimumSpend != nil || c.MaximumDiscount != nil || c.Currency != nil || c.Attributes == nil {
		t.Errorf("%+v", c)
	}
}

func TestIssuingKeepsToTheCampaignsLimits(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	one, two := s.campaign(t, half+`,"quantity":1`), s.campaign(t, half+`,"per_customer":2`)
	ended := s.campaign(t, half+`,"ends_at":"2020-01-01"`) // interpretation: a campaign may be created after its end
	customer := unique("c")
	s.issue(t, one, customer)
	s.tryIssue(t, one, unique("c")).refusal(t, http.StatusConflict, "campaign.exhausted")
	s.issue(t, two, customer)
	second := s.issue(t, two, customer)
	s.tryIssue(t, two, customer).refusal(t, http.StatusConflict, "campaign.customer_limit")
	s.revoke(t, second.ID) // the limits are on the coupons ever issued
	s.tryIssue(t, two, customer).refusal(t, http.StatusConflict, "campaign.customer_limit")
	s.issue(t, two, unique("c"))
	s.tryIssue(t, ended, customer).refusal(t, http.StatusConflict, "campaign.ended")
	s.tryIssue(t, "no-such", customer).refusal(t, http.StatusNotFound, "campaign.not_found")
	if held := s.held(t, customer, ""); len(held) != 3 {
		t.Errorf("%d coupons held", len(held))
	}
}

func TestBadIssuesAreRefused(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	campaign := s.campaign(t, half)
	for body, pointers := range map[string][]string{
		`{}`: nil,
		`{"customer_id":"a","customer_ids":["b"]}`:     nil,
		`{"customer_id":null}`:                         at("/customer_id"),
		`{"customer_id":7}`:                            at("/customer_id"),
		`{"customer_ids":null}`:                        at("/customer_ids"),
		`{"customer_ids":"a"}`:                         at("/customer_ids"),
		`{"customer_ids":["a",null]}`:                  at("/customer_ids/1"),
		`{"customer_ids":["a",7]}`:                     at("/customer_ids/1"),
		`{"customer_id":"a","count":2}`:                at("/count"),
		`{"customer_ids":` + idList("x", 10_001) + `}`: at("/customer_ids*"),
	} {
		s.admin(t, http.MethodPost, issuePath(campaign), body).invalid(t, pointers...)
	}
	s.tryIssue(t, campaign, "a").want(t, http.StatusCreated) // nothing of the above was issued, per_customer is 1
}

func idList(prefix string, n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"%s-%d"`, prefix, i)
	}
	return "[" + strings.Join(list, ",") + "]"
}

func TestTenThousandCouponsAtOnce(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	campaign, prefix := s.campaign(t, half+`,"quantity":10000`), unique("many")
	var out struct{ Coupons []coupon }
	s.admin(t, http.MethodPost, issuePath(campaign), `{"customer_ids":`+idList(prefix, 10_000)+`}`).want(t, http.StatusCreated).into(t, &out)
	customers, distinct := map[string]bool{}, map[string]bool{}
	for _, c := range out.Coupons {
		customers[c.CustomerID], distinct[c.ID] = true, true
	}
	if len(out.Coupons) != 10_000 || len(customers) != 10_000 || len(distinct) != 10_000 {
		t.Fatalf("%d coupons, %d customers, %d ids", len(out.Coupons), len(customers), len(distinct))
	}
	for _, i := range []int{0, 4_999, 9_999} {
		if held := s.held(t, fmt.Sprintf("%s-%d", prefix, i), ""); len(held) != 1 || !distinct[held[0].ID] {
			t.Errorf("customer %d holds %v", i, ids(held))
		}
	}
	s.tryIssue(t, campaign, unique("c")).refusal(t, http.StatusConflict, "campaign.exhausted")
}

func TestManyCouponsAreIssuedAllOrNone(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	a, b, c := unique("c"), unique("c"), unique("c")
	three := fmt.Sprintf(`{"customer_ids":[%q,%q,%q]}`, a, b, c)
	short, limited := s.campaign(t, half+`,"quantity":2`), s.campaign(t, half)
	s.admin(t, http.MethodPost, issuePath(short), three).refusal(t, http.StatusConflict, "campaign.exhausted")
	s.issue(t, limited, c)
	s.admin(t, http.MethodPost, issuePath(limited), three).refusal(t, http.StatusConflict, "campaign.customer_limit")
	// Interpretation: a customer named twice gets two coupons, or none where only one is allowed.
	s.admin(t, http.MethodPost, issuePath(limited), fmt.Sprintf(`{"customer_ids":[%q,%q]}`, a, a)).refusal(t, http.StatusConflict, "campaign.customer_limit")
	if held := [3]int{len(s.held(t, a, "")), len(s.held(t, b, "")), len(s.held(t, c, ""))}; held != [3]int{0, 0, 1} {
		t.Errorf("held: %v", held)
	}
	s.admin(t, http.MethodPost, issuePath(short), fmt.Sprintf(`{"customer_ids":[%q,%q]}`, a, b)).want(t, http.StatusCreated)
}

func TestLimitsHoldUnderConcurrency(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	campaign := s.campaign(t, half+`,"quantity":10`)
	granted := 0
	for _, a := range s.storm(t, 60, func(int) call {
		return call{path: issuePath(campaign), body: `{"customer_id":` + quoted(unique("c")) + `}`, admin: true}
	}) {
		if a.status == http.StatusCreated {
			granted++
		} else {
			a.refusal(t, http.StatusConflict, "campaign.exhausted")
		}
	}
	if granted != 10 {
		t.Errorf("%d of 10 coupons were issued", granted)
	}
}
