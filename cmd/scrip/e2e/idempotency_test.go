// Idempotency keys (Contract §3): the same request again replays the first answer, anything else under the key is refused.
package e2e

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
)

const replayed = "Idempotency-Replayed"

// replays sends the call again and expects the first answer, byte for byte.
func (s *sidecar) replays(t *testing.T, c call, first answer) {
	t.Helper()
	again := s.do(t, c)
	if again.status != first.status || !bytes.Equal(again.body, first.body) || again.header.Get(replayed) != "true" {
		t.Errorf("first %d %s\nthen %d %s, %s: %q", first.status, first.body, again.status, again.body, replayed, again.header.Get(replayed))
	}
	if a, b := first.header.Get("Content-Type"), again.header.Get("Content-Type"); a != b {
		t.Errorf("first %s, then %s", a, b)
	}
}

// first sends the call for the first time.
func (s *sidecar) first(t *testing.T, c call, status int) answer {
	t.Helper()
	a := s.do(t, c).want(t, status)
	if a.header.Get(replayed) != "" {
		t.Errorf("a first answer says %s: %q", replayed, a.header.Get(replayed))
	}
	return a
}

// issueCall asks for a coupon of a campaign that has plenty for everyone.
func issueCall(campaign, customer, key string) call {
	return call{path: issuePath(campaign), body: `{"customer_id":` + quoted(customer) + `}`, admin: true, key: key}
}

const plenty = half + `,"per_customer":500`

func TestEveryWritingPostIsReplayed(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, campaign := unique("c"), s.campaign(t, plenty)
	c := s.issue(t, campaign, customer)
	for _, post := range []struct {
		name   string
		call   call
		status int
	}{
		{"create a campaign", call{path: campaignsPath, body: campaignBody(unique("camp"), half), admin: true}, http.StatusCreated},
		{"issue", issueCall(campaign, customer, ""), http.StatusCreated},
		{"register", call{path: "/v1/customers/" + customer + "/registrations", body: "{}"}, http.StatusCreated},
		{"pause", call{path: campaignsPath + "/" + campaign + "/pause", admin: true}, http.StatusOK},
		{"resume", call{path: campaignsPath + "/" + campaign + "/resume", admin: true}, http.StatusOK},
		{"revoke", call{path: "/admin/v1/coupons/" + c.ID + "/revoke", admin: true}, http.StatusOK},
	} {
		t.Run(post.name, func(t *testing.T) {
			post.call.key = unique("key")
			first := s.first(t, post.call, post.status)
			s.replays(t, post.call, first)
			s.replays(t, post.call, first)
		})
	}
	if held := s.held(t, customer, ""); len(held) != 3 { // one before, one issued, one welcome
		t.Errorf("held: %d", len(held))
	}
}

func TestAReplayWritesNothing(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, campaign, key := unique("c"), s.campaign(t, plenty), unique("key")
	c := issueCall(campaign, customer, key)
	first := s.first(t, c, http.StatusCreated)
	s.admin(t, http.MethodPost, campaignsPath+"/"+campaign+"/pause", "").want(t, http.StatusOK)
	s.replays(t, c, first) // what has changed since then does not matter
	var out struct{ Coupons []coupon }
	first.into(t, &out)
	s.revoke(t, out.Coupons[0].ID)
	s.replays(t, c, first)
	if held := s.held(t, customer, ""); len(held) != 1 {
		t.Errorf("held: %v", ids(held))
	}
}

func TestAKeyStandsForOneRequest(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, campaign, key := unique("c"), s.campaign(t, plenty), unique("key")
	first := issueCall(campaign, customer, key)
	kept := s.first(t, first, http.StatusCreated)
	change := func(edit func(*call)) call {
		c := first
		edit(&c)
		return c
	}
	for name, c := range map[string]call{
		"another body":              change(func(c *call) { c.body = `{"customer_id":"other"}` }),
		"the same body with spaces": change(func(c *call) { c.body = strings.Replace(c.body, ":", ": ", 1) }),
		"the same body, new line":   change(func(c *call) { c.body += "\n" }),
		"another campaign":          change(func(c *call) { c.path = issuePath("welcome") }),
		"another route":             {path: campaignsPath, body: campaignBody(unique("camp"), half), admin: true, key: key},
		"the other listener":        {path: "/v1/customers/" + unique("c") + "/registrations", body: "{}", key: key},
		"no body":                   {path: campaignsPath + "/" + campaign + "/pause", admin: true, key: key},
	} {
		t.Log(name)
		s.do(t, c).refusal(t, http.StatusUnprocessableEntity, "idempotency.key_reused")
	}
	if held := s.held(t, customer, ""); len(held) != 1 {
		t.Errorf("held: %v", ids(held))
	}
	s.issue(t, campaign, customer) // the pause wrote nothing either
	s.replays(t, first, kept)
}

func TestAQueryIsPartOfTheRequest(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, campaign := unique("c"), s.campaign(t, plenty)
	c := issueCall(campaign, customer, unique("key"))
	s.first(t, c, http.StatusCreated)
	c.path += "?x=1"
	// Interpretation: whether a query that nothing reads is taken at all is open; under a used key it is refused either way.
	if a := s.do(t, c); a.status != http.StatusUnprocessableEntity {
		t.Errorf("%d %s", a.status, a.body)
	}
	if held := s.held(t, customer, ""); len(held) != 1 {
		t.Errorf("held: %v", ids(held))
	}
}

func TestARefusalFreesTheKey(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, campaign := unique("c"), s.campaign(t, plenty)
	c := issueCall(campaign, customer, unique("key"))
	s.admin(t, http.MethodPost, campaignsPath+"/"+campaign+"/pause", "").want(t, http.StatusOK)
	s.do(t, c).refusal(t, http.StatusConflict, "campaign.paused")
	s.admin(t, http.MethodPost, campaignsPath+"/"+campaign+"/resume", "").want(t, http.StatusOK)
	s.replays(t, c, s.first(t, c, http.StatusCreated))
	for _, refused := range []call{
		{path: issuePath(campaign), body: `{"customer_id":7}`, admin: true},
		{path: issuePath("no-such"), body: `{"customer_id":"c"}`, admin: true},
		{path: issuePath(campaign), body: `{"customer_id":"c"}`, admin: true, auth: "none"},
		{path: issuePath(campaign), body: `{"customer_id":"c"}`, admin: true, mediaType: "text/plain"},
		{path: "/admin/v1/nothing", body: `{}`, admin: true},
	} {
		refused.key = unique("key")
		if a := s.do(t, refused); a.status < 400 {
			t.Errorf("%s: %d", refused.path, a.status)
		}
		s.first(t, issueCall(campaign, customer, refused.key), http.StatusCreated)
	}
}

// Only successes that wrote are kept: a repeated registration answers 200 and writes nothing, so its key stays free.
func TestASuccessThatWroteNothingFreesTheKey(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, campaign, key := unique("c"), s.campaign(t, plenty), unique("key")
	s.register(t, customer, http.StatusCreated)
	s.first(t, call{path: "/v1/customers/" + customer + "/registrations", body: "{}", key: key}, http.StatusOK)
	s.first(t, issueCall(campaign, customer, key), http.StatusCreated)
}

func TestKeysHaveOneToTwoHundredAndFiftyFiveBytes(t *testing.T) {
	t.Parallel()
	s := start(t) // the key of one byte is not unique
	customer, campaign := unique("c"), s.campaign(t, plenty)
	longest := unique("key") + strings.Repeat("k", 255)
	c := issueCall(campaign, customer, longest[:255])
	s.replays(t, c, s.first(t, c, http.StatusCreated))
	short := issueCall(campaign, customer, "1")
	s.replays(t, short, s.first(t, short, http.StatusCreated))
	// Interpretation: a key that is too long is 422 request.invalid; no member of the body is at fault, so no pointer.
	s.do(t, issueCall(campaign, customer, longest[:256])).refusal(t, http.StatusUnprocessableEntity, "request.invalid")
	if held := s.held(t, customer, ""); len(held) != 2 {
		t.Errorf("held: %v", ids(held))
	}
}

func TestQuotesIgnoreKeys(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	key := unique("key")
	for _, body := range []string{orderOf(t, unique("c")), orderOf(t, unique("c"))} {
		for range 2 {
			s.first(t, call{path: "/v1/quotes", body: body, key: key}, http.StatusCreated)
		}
	}
	s.first(t, call{path: "/v1/quotes", body: order, key: strings.Repeat("k", 300)}, http.StatusCreated)
	s.first(t, issueCall(s.campaign(t, half), unique("c"), key), http.StatusCreated)
}

// Twins in flight: the others wait for the first and replay it, or get 409.
func TestTwinsAtOnceWriteOnce(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, campaign := unique("c"), s.campaign(t, plenty)
	c := issueCall(campaign, customer, unique("key"))
	var first []byte
	fresh := 0
	for _, a := range s.storm(t, 20, func(int) call { return c }) {
		if a.status == http.StatusConflict {
			a.refusal(t, http.StatusConflict, "idempotency.in_flight")
			continue
		}
		a.want(t, http.StatusCreated)
		if first == nil {
			first = a.body
		}
		if !bytes.Equal(a.body, first) {
			t.Errorf("two answers: %s and %s", first, a.body)
		}
		if a.header.Get(replayed) == "" {
			fresh++
		}
	}
	if held := s.held(t, customer, ""); len(held) != 1 || fresh != 1 {
		t.Errorf("%d coupons, %d first answers", len(held), fresh)
	}
}

// Under one key with different bodies at most one of the twins writes.
func TestRivalsUnderOneKeyWriteOnce(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	campaign, key := s.campaign(t, plenty), unique("key")
	customers := make([]string, 20)
	for i := range customers {
		customers[i] = unique("c")
	}
	written := 0
	for i, a := range s.storm(t, 20, func(i int) call { return issueCall(campaign, customers[i], key) }) {
		if a.status == http.StatusCreated {
			written++
		}
		if held := len(s.held(t, customers[i], "")); held != map[bool]int{true: 1, false: 0}[a.status == http.StatusCreated] {
			t.Errorf("status %d, but %d coupons", a.status, held)
		}
	}
	if written != 1 {
		t.Errorf("%d rivals have written", written)
	}
}

func TestReplaysSurviveARestart(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := issueCall("welcome", "c", "before")
	registration := call{path: "/v1/customers/d/registrations", body: "{}", key: "registered"}
	issued, registered := s.first(t, c, http.StatusCreated), s.first(t, registration, http.StatusCreated)
	s.kill(t) // what was answered is durable, also without a goodbye
	again := start(t, withData(s.dir))
	again.replays(t, c, issued)
	again.replays(t, registration, registered)
	other := c
	other.body = `{"customer_id":"e"}`
	again.do(t, other).refusal(t, http.StatusUnprocessableEntity, "idempotency.key_reused")
}
