// What the canary does: every operation of the service's own document with a code wherever one can stand, and the life of
// gift cards with all that can go wrong in it.
package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// canaryPolicies are the shipped ones and some that fail, on a client's attributes and on a card.
func canaryPolicies(t *testing.T) string {
	t.Helper()
	return policyFolder(t, map[string]string{
		"order/canary.rego": "package order\n\ndeny contains {\"code\": \"x\", \"message\": \"y\"} if to_number(input.order.attributes.code) == 1\n",
		"giftcard/redeem/canary.rego": "package giftcard.redeem\n\ndeny contains {\"code\": \"x\", \"message\": \"y\"} if {\n\tinput.amount_minor == 777\n\t1 / 0 == 1\n}\n\n" +
			"deny contains {\"code\": \"shop.closed\", \"message\": \"Closed.\"} if input.amount_minor == 778\n",
	})
}

func (c *canary) everything() {
	c.Helper()
	for _, s := range c.p {
		c.stored(s)
		c.redeemed(s)
		c.refusedCards(s)
		c.mixedUp(s)
		c.malformed(s)
		c.misfiled(s)
		c.raw(s)
	}
	for _, o := range c.operations() {
		c.misplaced(o)
	}
	for _, s := range c.p {
		for _, path := range []string{"/metrics", "/admin/v1/gift-cards?limit=500", "/admin/v1/policy"} {
			a := s.admin(c, http.MethodGet, path, "").want(c, http.StatusOK)
			c.clean(path, append(c.kept.in(a.body), c.given.in(a.body)...))
		}
		for _, path := range []string{"/v1/customers/" + canaryOwner + "/gift-cards", "/v1/customers/" + canaryOwner + "/benefits", "/v1/wallets/" + canaryOwner} {
			c.clean(path, c.kept.in(s.get(c, path).want(c, http.StatusOK).body))
		}
	}
}

// hears sends a call that is refused; its answer repeats no code.
func (c *canary) hears(s *sidecar, call call) answer {
	c.Helper()
	a := s.do(c, call)
	c.clean(fmt.Sprintf("the answer %d to %s %s", a.status, call.verb(), unlike.ReplaceAllString(call.path, "…")), c.kept.in(a.body))
	return a
}

// unlike are parts of paths that differ from try to try.
var unlike = regexp.MustCompile(`[0-9A-Z]{10,}`)

// stored gives codes as ids, where they may be found again.
func (c *canary) stored(s *sidecar) {
	c.Helper()
	customer := c.id("a customer's id")
	card := c.take()
	c.given.code("a code at a customer whose id is one", card.Code)
	s.claim(c, customer, card.Number, card.Code).want(c, http.StatusCreated)
	for range 3 { // a request does not wait for Redis: some quote gets there
		body := orderOf(c, customer, `"O-1"`, quoted(c.id("an order's id")), `"dropshipping"`, `"dropshipping","attributes":{"x":`+quoted(c.id("an attribute"))+`}`)
		s.post(c, "/v1/quotes", body).want(c, http.StatusCreated)
	}
	// A policy that fails over an attribute tells the operator, but not the attribute.
	failing := orderOf(c, unique("c"), `"dropshipping"`, `"dropshipping","attributes":{"code":`+quoted(c.id("an attribute of a policy that fails"))+`}`)
	a := s.post(c, "/v1/quotes", failing).want(c, http.StatusCreated)
	if !strings.Contains(string(a.body), "policy.error") || !strings.Contains(s.stderr.String(), "to_number") {
		c.Errorf("the policy did not fail: %s", a.body)
	}
}

// redeemed is the life of cards whose codes are right: typed in all ways, under keys, replayed, revealed.
func (c *canary) redeemed(s *sidecar) {
	c.Helper()
	for name, typed := range map[string]func(string) string{
		"as it is": func(code string) string { return code }, "in lower case": strings.ToLower,
		"with dashes": func(code string) string { return inGroups(code, 5, "-") },
		"with blanks": func(code string) string { return strings.ToLower(inGroups(code, 4, " ")) },
	} {
		card := c.next("a redeemed code " + name)
		redeem := claimCall(unique("c"), card.Number, typed(card.Code), unique("key"))
		first := s.first(c.T, redeem, http.StatusCreated)
		c.clean("the answer to who redeems", c.kept.in(first.body))
		for _, other := range c.p {
			other.replays(c.T, redeem, first)
		}
		other := redeem
		other.body = strings.Replace(redeem.body, ":", ": ", 1)
		c.hears(s, other).refusal(c, http.StatusUnprocessableEntity, "idempotency.key_reused")
		c.hears(s, claimCall(unique("c"), card.Number, typed(card.Code), typed(card.Code))).refusal(c, http.StatusConflict, "gift_card.redeemed")
	}
	card := c.next("a code that is the key too")
	redeem := claimCall(unique("c"), card.Number, card.Code, card.Code)
	first := s.first(c.T, redeem, http.StatusCreated)
	s.replays(c.T, redeem, first)
	reveal := s.get(c, "/v1/customers/"+canaryOwner+"/gift-cards/"+card.ID+"/code").want(c, http.StatusOK)
	if !strings.Contains(string(reveal.body), card.Code) || reveal.header.Get("Cache-Control") != "no-store" {
		c.Errorf("%v %s", reveal.header, reveal.body)
	}
	s.admin(c, http.MethodPost, "/admin/v1/keys/rotate", "").want(c, http.StatusOK)
	s.admin(c, http.MethodPost, "/admin/v1/keys/reseal", "").want(c, http.StatusOK)
}

// refusedCards redeems cards that cannot be: revoked, expired, refused by policies, locked.
func (c *canary) refusedCards(s *sidecar) {
	c.Helper()
	revoked := c.next("a revoked card's code")
	s.admin(c, http.MethodPost, cardsPath+"/"+revoked.ID+"/revoke", "").want(c, http.StatusOK)
	c.hears(s, claimCall(unique("c"), revoked.Number, revoked.Code, "")).refusal(c, http.StatusConflict, "gift_card.revoked")
	issue := func(members string) giftCard {
		card := s.cards(c, `"currency":"USD",`+members)[0]
		c.kept.code("the code of "+members, card.Code)
		return card
	}
	expiring := issue(`"amount":"5","expires_at":` + quoted(time.Now().Add(time.Second).UTC().Format(time.RFC3339Nano)))
	failing, closed := issue(`"amount":"7.77"`), issue(`"amount":"7.78"`)
	c.hears(s, claimCall(unique("c"), failing.Number, failing.Code, "")).refusal(c, http.StatusServiceUnavailable, "policy.error")
	c.hears(s, claimCall(unique("c"), closed.Number, closed.Code, closed.Code)).refusal(c, http.StatusConflict, "policy.denied")
	eventually(c, "the card expires", func() bool {
		return strings.Contains(string(s.admin(c, http.MethodGet, cardsPath+"/"+expiring.ID, "").body), "expired")
	})
	c.hears(s, claimCall(unique("c"), expiring.Number, expiring.Code, "")).refusal(c, http.StatusConflict, "gift_card.expired")
	locked, customer := c.next("a locked code"), unique("c")
	for range 10 {
		c.hears(s, claimCall(customer, unique("n"), wrongCode(locked.Code), "")).refusal(c, http.StatusNotFound, "gift_card.invalid")
	}
	c.hears(s, claimCall(customer, locked.Number, locked.Code, locked.Code)).refusal(c, http.StatusTooManyRequests, "gift_card.too_many_attempts")
}

// mixedUp makes attempts with a code as the customer, the number and the key.
func (c *canary) mixedUp(s *sidecar) {
	c.Helper()
	card := c.next("a code in the place of the customer, the number and the key")
	for _, code := range []string{card.Code, strings.ToLower(card.Code)} {
		for range 6 {
			a := c.hears(s, claimCall(code, code, inGroups(code, 5, "-")+"0", code))
			if a.status != http.StatusNotFound && a.status != http.StatusTooManyRequests {
				c.Errorf("%d %s", a.status, a.body)
			}
		}
		c.hears(s, claimCall(unique("c"), code, card.Number, "")).want(c, http.StatusNotFound)
	}
	id := c.lookedUp("a code in the place of a card's id")
	for _, path := range []string{"/v1/customers/" + canaryOwner + "/gift-cards/" + id + "/code", "/v1/wallets/" + id + "/gift-cards/" + id} {
		c.clean(path, c.looked.in(s.get(c, path).want(c, http.StatusNotFound).body))
	}
	c.clean("a card that is none", c.looked.in(s.admin(c, http.MethodGet, cardsPath+"/"+id, "").want(c, http.StatusNotFound).body))
}

// malformed sends codes in bodies that cannot be read, are too large, or are said to be something else.
func (c *canary) malformed(s *sidecar) {
	c.Helper()
	card := c.next("a code in a body that is malformed")
	path, code := walletPath(unique("c"))+"/gift-cards", card.Code
	for _, body := range []string{
		code, `"` + code + `"`, `{"number":"1","code":` + code + `}`, `{"number":"1","code":"` + code, `{"number":"1","code":"` + code + `"`,
		`{"number":"1","code":"` + code + `"}` + code, `{"number":"1" "` + code + `"}`, `{"number":"1","code":"` + code + `\x"}`, `{"number":"1","code":'` + code + `'}`,
		"{\"number\":\"1\",\"code\":\"" + code + "\xff\"}", "{\"number\":\"1\",\"code\":\"" + code + "\n\"}", `{"number":"1","code":"` + code + `\ud800"}`,
		`{"number":"1","code":["` + code + `"]}`, `{"number":"1","code":{"code":"` + code + `"}}`, `{"number":1,"code":"` + code + `"}`, `{"number":"` + code + `"}`,
		`{"number":"1","code":"` + code + `","code":"` + code + `"}`, `{"number":"1","Code":"` + code + `"}`, `{"number":"1","code":"` + code + `","pin":"` + code + `"}`,
		`{"number":"1","code":"` + strings.Repeat(code, 10) + `"}`, `{"number":"` + strings.Repeat(code, 10) + `","code":"1"}`, `{"number":"1","code":tru` + code + `}`,
		`{"number":"1","code":-` + code + `}`, `{"number":"1","code":1e` + code + `}`, "[" + `"` + code + `"]`, `{"number":null,"code":"` + code + `"}`,
	} {
		c.hears(s, call{path: path, body: body}).invalid(c)
		c.hears(s, call{path: path, body: body, mediaType: "text/plain"}).refusal(c, http.StatusUnsupportedMediaType, "request.media_type")
	}
	for _, mediaType := range []string{"none", "application/json; charset=" + code, "application/" + strings.ToLower(code), code} {
		c.hears(s, call{path: path, body: `{"number":"1","code":"` + code + `"}`, mediaType: mediaType}).refusal(c, http.StatusUnsupportedMediaType, "request.media_type")
	}
	large := `{"number":"1","code":"` + strings.Repeat(code, 1<<20/len(code)) + `"}`
	for _, chunked := range []bool{false, true} {
		c.hears(s, call{path: path, body: large, chunked: chunked, key: code}).refusal(c, http.StatusRequestEntityTooLarge, "request.too_large")
	}
}

// misfiled gives codes for what is no id: sums, currencies, times, quantities.
func (c *canary) misfiled(s *sidecar) {
	c.Helper()
	code := quoted(c.next("a code in another field").Code)
	for _, members := range []string{`"amount":%s,"currency":"USD"`, `"amount":"5","currency":%s`, `"amount":"5","currency":"USD","count":%s`,
		`"amount":"5","currency":"USD","expires_at":%s`, `"amount":"5","currency":"USD","customer_id":[%s]`} {
		c.hears(s, call{path: cardsPath, admin: true, body: "{" + fmt.Sprintf(members, code) + "}"}).invalid(c)
	}
	for _, what := range []string{"top-ups", "withdrawals"} {
		for _, body := range []string{`{"amount":%s,"currency":"USD"}`, `{"amount":"5","currency":%s}`} {
			c.hears(s, call{path: walletPath(unique("c")) + "/" + what, body: fmt.Sprintf(body, code), key: unique("key")}).invalid(c)
		}
	}
	for _, swap := range [][2]string{{`"USD"`, code}, {`"10.00"`, code}, {`"4.99"`, code}, {`"quantity":2`, `"quantity":` + code}, {`"discounts":[]`, `"discounts":[` + code + `]`}} {
		c.hears(s, call{path: "/v1/quotes", body: orderOf(c, "c", swap[0], swap[1])}).invalid(c)
	}
	for _, members := range []string{`"discount":{"percent":%s}`, `"discount":{"amount":%s,"currency":"USD"}`, `"discount":{"percent":"5"},"valid_for":%s`,
		`"discount":{"percent":"5"},"starts_at":%s`, `"discount":{"percent":"5"},"ends_at":%s`, `"discount":{"percent":"5"},"quantity":%s`, `"discount":{"percent":"5"},"attributes":%s`} {
		c.hears(s, call{path: campaignsPath, admin: true, body: `{"id":"x","name":"x",` + fmt.Sprintf(members, code) + `}`}).invalid(c)
	}
}

// raw writes what is no HTTP, with a code and with tokens in it.
func (c *canary) raw(s *sidecar) {
	c.Helper()
	code := c.next("a code in what is no HTTP").Code
	for _, base := range []string{s.data, s.control} {
		for _, text := range []string{
			code + "\r\n\r\n", "GET /" + code + " HTTP/9.9\r\n\r\n", "GET " + code + " HTTP/1.1\r\nHost: x\r\n\r\n", "GET / HTTP/1.1\r\nHost: " + code + "\r\nbad " + code + ": x\r\n\r\n",
			"GET /v1/wallets/x?a=%zz;" + code + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + canaryToken + "\r\nConnection: close\r\n\r\n",
			"POST /v1/quotes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + canaryToken + "\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n" + code + "\r\n",
			"POST /v1/quotes HTTP/1.1\r\nHost: x\r\nContent-Length: " + code + "\r\n\r\n", "GET /%zz" + code + " HTTP/1.1\r\nHost: x\r\n\r\n",
			"GET / HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat(code, 10_000) + "\r\n\r\n",
		} {
			conn, err := net.Dial("tcp", strings.TrimPrefix(base, "http://"))
			if err != nil {
				c.Fatal(err)
			}
			_ = conn.SetDeadline(time.Now().Add(patience))
			_, _ = io.WriteString(conn, text)
			_ = conn.(*net.TCPConn).CloseWrite()
			said, _ := io.ReadAll(conn) // what is refused may be cut off
			_ = conn.Close()
			c.clean("the answer to what is no HTTP", c.kept.in(said))
		}
	}
}

// operation is one of the service's document.
type operation struct {
	method, path string
	admin        bool
}

func (c *canary) operations() (all []operation) {
	c.Helper()
	var document struct {
		Paths map[string]map[string]json.RawMessage
	}
	c.p[0].get(c, "/openapi.json").want(c, http.StatusOK).into(c, &document)
	for path, methods := range document.Paths {
		for method := range methods {
			if method = strings.ToUpper(method); strings.Contains(" GET POST PUT DELETE ", " "+method+" ") {
				all = append(all, operation{method, path, strings.HasPrefix(path, "/admin") || path == "/metrics"})
			}
		}
	}
	if len(all) < 40 {
		c.Fatalf("%d operations", len(all))
	}
	return all
}

var parameter = regexp.MustCompile(`\{[a-z_]+\}`)

// misplaced asks an operation with a code wherever none belongs, and with tokens where they do not.
func (c *canary) misplaced(o operation) {
	c.Helper()
	if c.misplacedCode == "" {
		c.misplacedCode, c.misplacedID = c.next("a code where none belongs").Code, c.lookedUp("a code as an id in a path")
	}
	code := c.misplacedCode
	plain := parameter.ReplaceAllString(o.path, "none-such")
	bodies := []string{`{"unknown":` + quoted(code) + `}`, `{"unknown":` + code + `}`}
	if o.method == http.MethodGet || o.method == http.MethodDelete {
		bodies = []string{""}
	}
	for i, body := range bodies {
		s := c.p[i%2]
		c.hears(s, call{method: o.method, admin: o.admin, path: plain + "?limit=" + code + "&cursor=" + code + "&status=" + code, body: body, key: code})
		c.hears(s, call{method: o.method, admin: o.admin, path: plain, body: body, key: strings.Repeat(code, 13)})
		c.hears(s, call{method: o.method, admin: o.admin, path: plain, body: body, mediaType: code})
		s.do(c, call{method: o.method, admin: o.admin, path: parameter.ReplaceAllString(o.path, c.misplacedID), body: body}) // its id is repeated
		for _, auth := range []string{"Bearer " + code, "Basic " + canaryToken, canaryToken, "Bearer " + canaryToken + " " + code, "bearer", "Token " + s.adminToken, "Bearer x" + s.adminToken} {
			c.hears(s, call{method: o.method, admin: o.admin, path: plain, body: body, auth: auth})
		}
		c.hears(s, call{method: o.method, admin: !o.admin, path: plain + "?token=" + canaryToken + "&access_token=" + s.adminToken, body: body})
	}
}
