// Where things are served, to whom, and in which media type (Contract §2 and §3).
package e2e

import (
	"net/http"
	"strings"
	"testing"
)

func TestEachListenerServesItsOwnRoutesOnly(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, c := range []struct {
		method, path, body string
		admin              bool // where it does not belong
	}{
		{"POST", "/v1/quotes", order, true},
		{"GET", "/v1/quotes/q_1", "", true},
		{"POST", "/v1/customers/c/registrations", "{}", true},
		{"GET", "/v1/customers/c/coupons", "", true},
		{"GET", "/v1/coupons/cpn_1", "", true},
		{"GET", "/v1/customers/c/gift-cards", "", true},
		{"GET", "/v1/customers/c/gift-cards/crd_1/code", "", true},
		{"GET", "/v1/customers/c/benefits", "", true},
		{"GET", "/v1/wallets/c", "", true},
		{"GET", "/v1/wallets/c/entries", "", true},
		{"POST", "/v1/wallets/c/gift-cards", "{}", true},
		{"POST", "/v1/wallets/c/top-ups", "{}", true},
		{"POST", "/v1/wallets/c/payments", "{}", true},
		{"POST", "/v1/wallets/c/withdrawals", "{}", true},
		{"POST", "/admin/v1/gift-cards", "{}", false},
		{"GET", "/admin/v1/gift-cards", "", false},
		{"POST", "/admin/v1/gift-cards/crd_1/revoke", "", false},
		{"POST", "/admin/v1/keys/rotate", "", false},
		{"POST", "/admin/v1/keys/reseal", "", false},
		{"POST", "/admin/v1/campaigns", campaignBody("x", half), false},
		{"GET", "/admin/v1/campaigns", "", false},
		{"GET", "/admin/v1/campaigns/welcome", "", false},
		{"POST", "/admin/v1/campaigns/welcome/pause", "", false},
		{"POST", "/admin/v1/campaigns/welcome/coupons", `{"customer_id":"c"}`, false},
		{"POST", "/admin/v1/coupons/cpn_1/revoke", "", false},
		{"GET", "/admin/v1/blocklist", "", false},
		{"PUT", "/admin/v1/blocklist/c", "{}", false},
		{"DELETE", "/admin/v1/blocklist/c", "", false},
		{"GET", "/admin/v1/policy", "", false},
		{"GET", "/admin/v1/policy/cost", "", false},
		{"POST", "/admin/v1/policy/reload", "", false},
		{"GET", "/metrics", "", false},
	} {
		s.do(t, call{method: c.method, path: c.path, body: c.body, admin: c.admin}).refusal(t, http.StatusNotFound, "route.not_found")
	}
}

func TestHealthIsServedOnBothListenersWithoutAToken(t *testing.T) {
	t.Parallel()
	s := start(t, withEnv("SCRIP_TOKEN=secret-of-the-data-plane"))
	s.dataToken = "secret-of-the-data-plane"
	for _, path := range []string{"/healthz", "/readyz"} {
		for _, admin := range []bool{false, true} {
			s.do(t, call{method: http.MethodGet, path: path, admin: admin, auth: "none"}).want(t, http.StatusOK)
		}
	}
	s.admin(t, http.MethodGet, "/metrics", "").want(t, http.StatusOK)
}

func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, path := range []string{"/", "/v1", "/v1/", "/v2/quotes", "/v1/quotes/", "/v1//quotes", "/V1/quotes", "/v1/quotes/q_1/x", "/v1/%71uotes/x/y", "/v1/customers/c", "/index.html"} {
		s.get(t, path).refusal(t, http.StatusNotFound, "route.not_found")
		s.post(t, path, order).refusal(t, http.StatusNotFound, "route.not_found")
	}
	for _, path := range []string{"/", "/admin", "/admin/v1/", "/admin/v2/campaigns", "/admin/v1/campaigns/", "/admin/v1/campaigns/welcome/delete"} {
		s.admin(t, http.MethodGet, path, "").refusal(t, http.StatusNotFound, "route.not_found")
	}
}

// An answer of 405 says in Allow what would be answered (RFC 9110 §15.5.6).
func TestWrongMethods(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, c := range []struct {
		method, path string
		admin        bool
		allow        string
	}{
		{"GET", "/v1/quotes", false, "POST"},
		{"PUT", "/v1/quotes", false, "POST"},
		{"DELETE", "/v1/quotes/q_1", false, "GET"},
		{"PATCH", "/v1/coupons/cpn_1", false, "GET"},
		{"POST", "/v1/customers/c/coupons", false, "GET"},
		{"GET", "/v1/customers/c/registrations", false, "POST"},
		{"POST", "/healthz", false, "GET"},
		{"DELETE", "/admin/v1/campaigns", true, "POST"},
		{"GET", "/admin/v1/campaigns/welcome/pause", true, "POST"},
		{"POST", "/admin/v1/blocklist/c", true, "PUT"},
		{"GET", "/admin/v1/policy/reload", true, "POST"},
		{"POST", "/admin/v1/policy", true, "GET"},
	} {
		a := s.do(t, call{method: c.method, path: c.path, admin: c.admin})
		a.refusal(t, http.StatusMethodNotAllowed, "route.method")
		if !strings.Contains(a.header.Get("Allow"), c.allow) {
			t.Errorf("%s %s: Allow is %q", c.method, c.path, a.header.Get("Allow"))
		}
	}
}

func TestBodiesAreJSON(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, mediaType := range []string{"none", "text/plain", "text/json", "application/jsonx", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "json", "application/", "*/*", "application/xml"} {
		t.Run(mediaType, func(t *testing.T) {
			for _, c := range []call{
				{path: "/v1/quotes", body: order},
				{path: "/v1/customers/c/registrations", body: "{}"},
				{path: "/admin/v1/campaigns", body: campaignBody("never", half), admin: true},
				{path: issuePath("welcome"), body: `{"customer_id":"c"}`, admin: true},
				{path: blockPath("c"), body: `{}`, admin: true, method: http.MethodPut},
			} {
				c.mediaType = mediaType
				p := s.do(t, c).refusal(t, http.StatusUnsupportedMediaType, "request.media_type")
				// Interpretation: a fault of the whole body is named by "", the pointer to the whole document.
				if len(p.Errors) != 1 || p.Errors[0].place() != "" {
					t.Errorf("%s: want a fault at \"\", got %+v", c.path, p.Errors)
				}
			}
		})
	}
	s.admin(t, http.MethodGet, "/admin/v1/campaigns/never", "").refusal(t, http.StatusNotFound, "campaign.not_found")
	for _, mediaType := range []string{"application/json; charset=utf-8", "Application/JSON", `application/json;charset="UTF-8"`} {
		s.do(t, call{path: "/v1/quotes", body: order, mediaType: mediaType}).want(t, http.StatusCreated)
	}
}

// wrong are Authorization headers that must not open a plane whose token is "right-token".
var wrong = []string{"none", "Bearer", "Bearer ", "Bearer wrong-token", "Bearer right-toke", "Bearer right-tokenx", "Bearer right-token right-token", "Basic cmlnaHQtdG9rZW4=", "right-token", "Token right-token"}

func TestTokens(t *testing.T) {
	t.Parallel()
	s := start(t, withEnv("SCRIP_TOKEN=right-token", "SCRIP_ADMIN_TOKEN=right-admin-token"))
	s.dataToken, s.adminToken = "right-token", "right-admin-token"
	for _, c := range []call{
		{path: "/v1/quotes", body: order},
		{path: "/v1/quotes/q_1", method: http.MethodGet},
		{path: "/v1/customers/c/registrations", body: "{}"},
		{path: "/v1/customers/c/coupons", method: http.MethodGet},
		{path: "/v1/customers/c/gift-cards/crd_1/code", method: http.MethodGet},
		{path: "/v1/wallets/c/top-ups", body: sumBody("1", "USD")},
		{path: "/admin/v1/gift-cards", body: sumBody("1", "USD"), admin: true},
		{path: "/admin/v1/campaigns", method: http.MethodGet, admin: true},
		{path: "/admin/v1/campaigns", body: campaignBody("never", half), admin: true},
		{path: "/admin/v1/blocklist/c", method: http.MethodPut, body: "{}", admin: true},
		{path: "/admin/v1/policy", method: http.MethodGet, admin: true},
		{path: "/metrics", method: http.MethodGet, admin: true},
	} {
		for _, auth := range wrong {
			c.auth = strings.Replace(auth, "right-token", map[bool]string{false: "right-token", true: "right-admin-token"}[c.admin], 2)
			s.refusesAuth(t, c)
		}
		c.auth = map[bool]string{true: "Bearer right-token", false: "Bearer right-admin-token"}[c.admin] // the other plane's
		s.refusesAuth(t, c)
	}
	s.admin(t, http.MethodGet, "/admin/v1/campaigns/never", "").refusal(t, http.StatusNotFound, "campaign.not_found")
	if q := s.quote(t, order); len(q.Denials) > 0 {
		t.Errorf("the refused PUT has blocklisted: %v", q.Denials)
	}
	s.do(t, call{path: "/v1/quotes", body: order, auth: "bearer right-token"}).want(t, http.StatusCreated) // RFC 9110: the scheme in any case
}

func (s *sidecar) refusesAuth(t *testing.T, c call) {
	t.Helper()
	a := s.do(t, c)
	a.refusal(t, http.StatusUnauthorized, "auth.required")
	if !strings.HasPrefix(a.header.Get("WWW-Authenticate"), "Bearer") {
		t.Errorf("%s with %q: WWW-Authenticate is %q", c.path, c.auth, a.header.Get("WWW-Authenticate"))
	}
}

func TestTheDataPlaneIsOpenOnLoopbackAndTheAdminPlaneNever(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	s.do(t, call{path: "/v1/quotes", body: order, auth: "none"}).want(t, http.StatusCreated)
	s.refusesAuth(t, call{method: http.MethodGet, path: "/admin/v1/campaigns", admin: true, auth: "none"})
}
