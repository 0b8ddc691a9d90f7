// Customers' coupons: registration, listing, reading, revoking; and the paging that all lists share (Contract §3, §5).
package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

func (s *sidecar) register(t testing.TB, customer string, status int) []coupon {
	t.Helper()
	var out struct {
		Coupons *[]coupon `json:"coupons"`
	}
	s.post(t, "/v1/customers/"+customer+"/registrations", `{"attributes":{}}`).want(t, status).into(t, &out)
	if out.Coupons == nil {
		t.Fatal("no coupons in the answer")
	}
	return *out.Coupons
}

func TestANewCustomerIsWelcomedOnce(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	first := s.register(t, customer, http.StatusCreated)
	if len(first) != 1 || first[0].CampaignID != "welcome" || first[0].CustomerID != customer || first[0].Discount["percent"] != "5" {
		t.Fatalf("%+v", first)
	}
	for range 3 {
		if again := s.register(t, customer, http.StatusOK); !slices.Equal(ids(again), ids(first)) {
			t.Errorf("again: %v, first: %v", ids(again), ids(first))
		}
	}
	s.post(t, "/v1/customers/"+customer+"/registrations", `{}`).want(t, http.StatusOK)
	s.post(t, "/v1/customers/"+customer+"/registrations", `{"attributes":{"other":1}}`).want(t, http.StatusOK)
	s.revoke(t, first[0].ID)
	if again := s.register(t, customer, http.StatusOK); !slices.Equal(ids(again), ids(first)) || again[0].Status != "revoked" {
		t.Errorf("after revoking: %+v", again)
	}
	if held := s.held(t, customer, ""); len(held) != 1 {
		t.Errorf("held: %v", ids(held))
	}
}

func TestTwentyRegistrationsAtOnceGrantOnce(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	created, granted := 0, map[string]bool{}
	for _, a := range s.storm(t, 20, func(int) call { return call{path: "/v1/customers/" + customer + "/registrations", body: "{}"} }) {
		var out struct{ Coupons []coupon }
		a.into(t, &out)
		if a.status == http.StatusCreated {
			created++
		} else {
			a.want(t, http.StatusOK)
		}
		if len(out.Coupons) != 1 {
			t.Fatalf("%d coupons", len(out.Coupons))
		}
		granted[out.Coupons[0].ID] = true
	}
	if held := s.held(t, customer, ""); created != 1 || len(granted) != 1 || len(held) != 1 || !granted[held[0].ID] {
		t.Errorf("%d times 201, coupons %v, held %v", created, granted, ids(held))
	}
}

// Interpretation: a registration that found nothing to grant has happened all the same; a repeat is 200 with the same
// empty list. A campaign of which the customer already holds per_customer coupons is skipped like an exhausted one.
func TestARegistrationSkipsACampaignThatIssuesNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.admin(t, http.MethodPost, campaignsPath+"/welcome/pause", "").want(t, http.StatusOK)
	if got := s.register(t, "c", http.StatusCreated); len(got) != 0 {
		t.Errorf("granted %v of a paused campaign", ids(got))
	}
	s.admin(t, http.MethodPost, campaignsPath+"/welcome/resume", "").want(t, http.StatusOK)
	if again := s.register(t, "c", http.StatusOK); len(again) != 0 || len(s.held(t, "c", "")) != 0 {
		t.Errorf("a repeat grants no more, but: %v", ids(again))
	}
	if got := s.register(t, "d", http.StatusCreated); len(got) != 1 {
		t.Errorf("another customer: %v", ids(got))
	}
	s.tryIssue(t, "welcome", "e").want(t, http.StatusCreated)
	if got := s.register(t, "e", http.StatusCreated); len(got) != 0 { // per_customer is reached: skipped as well
		t.Errorf("beyond per_customer: %v", ids(got))
	}
}

func TestBadRegistrationsAreRefused(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	for body, pointers := range map[string][]string{
		`{"attributes":null}`: at("/attributes"), `{"attributes":[]}`: at("/attributes"), `{"id":"c"}`: at("/id"), `[]`: nil, `null`: nil, `{`: nil,
	} {
		s.post(t, "/v1/customers/"+customer+"/registrations", body).invalid(t, pointers...)
	}
	s.register(t, customer, http.StatusCreated)
}

func TestCouponsAreListedByStatus(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	available, pending := s.give(t, customer, half), s.give(t, customer, notYet)
	revoked, ended := s.give(t, customer, half), s.expired(t, customer)
	s.revoke(t, revoked.ID)
	for query, want := range map[string][]string{
		"":                 {available.ID, pending.ID, revoked.ID, ended.ID},
		"status=available": {available.ID, pending.ID},
		"status=revoked":   {revoked.ID},
		"status=expired":   {ended.ID},
		"status=used":      {},
		"status=reserved":  {},
	} {
		if got := s.held(t, customer, query); !sameSet(ids(got), want) {
			t.Errorf("%q: want %v, got %v", query, want, ids(got))
		}
		if got := s.held(t, customer, query+"&limit=1"); !sameSet(ids(got), want) {
			t.Errorf("%q one by one: want %v, got %v", query, want, ids(got))
		}
	}
	for _, bad := range []string{"pending", "Available", "available,used", "none"} {
		s.get(t, "/v1/customers/"+customer+"/coupons?status="+bad).refusal(t, http.StatusUnprocessableEntity, "request.invalid")
	}
	if got := s.held(t, unique("c"), ""); len(got) != 0 {
		t.Errorf("a customer that was never seen holds %v", ids(got))
	}
}

func TestCouponsAreListedOldestFirstInPages(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, campaign := unique("c"), s.campaign(t, half+`,"per_customer":60`)
	for range 55 {
		s.issue(t, campaign, customer)
	}
	whole := s.held(t, customer, "limit=500")
	if len(whole) != 55 || !slices.IsSortedFunc(whole, func(a, b coupon) int { return a.StartsAt.Compare(b.StartsAt) }) {
		t.Errorf("%d coupons, oldest first", len(whole))
	}
	path := "/v1/customers/" + customer + "/coupons"
	for _, limit := range []string{"limit=1", "limit=7", "limit=11", "limit=54", "limit=55", ""} {
		if got := s.held(t, customer, limit); !slices.Equal(ids(got), ids(whole)) {
			t.Errorf("%s: other coupons or another order than in one page", limit)
		}
	}
	var p page[coupon]
	s.get(t, path).want(t, http.StatusOK).into(t, &p)
	if p.Items == nil || len(*p.Items) != 50 || p.NextCursor == nil {
		t.Errorf("a page has 50 items when no limit is given")
	}
	s.get(t, path+"?limit=55").want(t, http.StatusOK).into(t, &p)
	if len(*p.Items) != 55 || p.NextCursor != nil {
		t.Errorf("the last page has no next_cursor, also when it is full")
	}
	s.checkPaging(t, path, false)
}

// checkPaging sends what no list takes.
func (s *sidecar) checkPaging(t *testing.T, path string, admin bool) {
	t.Helper()
	for _, query := range []string{"limit=0", "limit=501", "limit=-1", "limit=abc", "limit=1.5", "limit=99999999999999999999", "limit=%20", "limit=%2B5", "limit=007", "cursor=nonsense", "cursor=%FF%00", "cursor=" + strings.Repeat("A", 300)} {
		s.do(t, call{method: http.MethodGet, path: path + "?" + query, admin: admin}).refusal(t, http.StatusUnprocessableEntity, "request.invalid")
	}
	for _, query := range []string{"limit=1", "limit=500"} {
		s.do(t, call{method: http.MethodGet, path: path + "?" + query, admin: admin}).want(t, http.StatusOK)
	}
}

// Interpretation: revoking twice answers 200 both times.
func TestRevoking(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	c := s.give(t, customer, half)
	for range 2 {
		shows(t, s.admin(t, http.MethodPost, "/admin/v1/coupons/"+c.ID+"/revoke", "").want(t, http.StatusOK), `{"id":`+quoted(c.ID)+`,"customer_id":`+quoted(customer)+`,"status":"revoked"}`)
	}
	shows(t, s.get(t, "/v1/coupons/"+c.ID).want(t, http.StatusOK), `{"status":"revoked"}`)
	for _, id := range []string{"cpn_unknown", "%2F", "x"} {
		s.admin(t, http.MethodPost, "/admin/v1/coupons/"+id+"/revoke", "").refusal(t, http.StatusNotFound, "coupon.not_found")
		s.get(t, "/v1/coupons/"+id).refusal(t, http.StatusNotFound, "coupon.not_found")
	}
}
