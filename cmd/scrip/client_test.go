// Finding the sidecar, proving who asks, and understanding every kind of answer.
package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const oneCouponBody = `{"id":"cpn_1","campaign_id":"welcome","customer_id":"c-1","discount":{"percent":"5"},"minimum_spend":"10.00",
"maximum_discount":null,"currency":"USD","starts_at":null,"expires_at":"2026-04-01T00:00:00Z","status":"available","attributes":{"a":1},
"created_at":"2026-03-01T00:00:00Z"}`

func TestTokenPrecedenceIsFlagFileEnvironmentEnvironmentsFile(t *testing.T) {
	f := startFake(t)
	f.on("GET /v1/redemptions/rdm_1", 200, oneRedemptionBody)
	inFile, inEnvFile := write(t, "a", " from-file\n"), write(t, "b", "from-env-file")
	bearer := func(args ...string) string {
		scrip(t, append([]string{"redemption", "show", "rdm_1"}, args...)...).expect(t, exitDone)
		return strings.TrimPrefix(f.last().header.Get("Authorization"), "Bearer ")
	}
	if got := bearer(); got != "" {
		t.Errorf("without any: %q", got)
	}
	t.Setenv("SCRIP_TOKEN_FILE", inEnvFile)
	if got := bearer(); got != "from-env-file" {
		t.Errorf("SCRIP_TOKEN_FILE: %q", got)
	}
	t.Setenv("SCRIP_TOKEN", "from-env")
	if got := bearer(); got != "from-env" {
		t.Errorf("SCRIP_TOKEN: %q", got)
	}
	if got := bearer("--token-file", inFile); got != "from-file" {
		t.Errorf("--token-file: %q", got)
	}
	if got := bearer("--token", "from-flag"); got != "from-flag" {
		t.Errorf("--token: %q", got)
	}
}

func TestAdminTokenFallsBackToTheDataFolder(t *testing.T) {
	f := startFake(t)
	f.on("GET /admin/v1/policy", 200, `{}`)
	data := t.TempDir()
	if err := os.WriteFile(filepath.Join(data, "admin.token"), []byte("kept\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	scrip(t, "policy", "show", "--data", data).expect(t, exitDone)
	if got := f.last().header.Get("Authorization"); got != "Bearer kept" {
		t.Errorf("from --data: %q", got)
	}
	t.Setenv("SCRIP_ADMIN_TOKEN", "told")
	scrip(t, "policy", "show", "--data", data).expect(t, exitDone)
	if got := f.last().header.Get("Authorization"); got != "Bearer told" {
		t.Errorf("from the environment: %q", got)
	}
}

func TestTokensThatCannotBeReadAreErrors(t *testing.T) {
	startFake(t)
	scrip(t, "coupon", "show", "x", "--token-file", "no/such").expect(t, exitFailed, "cannot read the token", "no/such")
	scrip(t, "policy", "show", "--admin-token-file", "no/such").expect(t, exitFailed, "cannot read the token")
	scrip(t, "coupon", "show", "x", "--token-file", write(t, "long", strings.Repeat("x", maxSecretBytes+1))).expect(t, exitFailed, "too long")
	data := t.TempDir()
	if err := os.Mkdir(filepath.Join(data, "admin.token"), 0o700); err != nil {
		t.Fatal(err)
	}
	scrip(t, "policy", "show", "--data", data).expect(t, exitFailed, "cannot read the token")
}

func TestServerAddresses(t *testing.T) {
	for given, want := range map[string]string{
		"http://127.0.0.1:8700":      "http://127.0.0.1:8700",
		"https://pricing.local/":     "https://pricing.local",
		"localhost:9":                "http://localhost:9",
		"http://proxy/scrip/":        "http://proxy/scrip",
		"unix:/run/scrip/scrip.sock": "http://sidecar",
	} {
		c, err := newClient(given, "", "")
		if err != nil || c.base != want {
			t.Errorf("%s: %v, %v", given, c, err)
		}
	}
	for _, bad := range []string{"", "http://", "ftp://x", "http://%zz"} {
		if _, err := newClient(bad, "", ""); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestASocketIsAServer(t *testing.T) {
	f := startFake(t)
	f.on("GET /v1/coupons/cpn_1", 200, oneCouponBody)
	socket := filepath.Join(t.TempDir(), "s")
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &httptest.Server{Listener: listener, Config: &http.Server{Handler: f}}
	server.Start()
	t.Cleanup(server.Close)
	scrip(t, "coupon", "show", "cpn_1", "--server", "unix:"+socket).expect(t, exitDone, "cpn_1")
	scrip(t, "coupon", "show", "cpn_1", "--server", "unix:"+socket+"x").expect(t, exitFailed, "no sidecar answers at unix:")
}

func TestNobodyListening(t *testing.T) {
	f := startFake(t)
	f.Close()
	scrip(t, "coupon", "show", "x").expect(t, exitFailed, "scrip: no sidecar answers at "+f.URL+"; start one with: scrip serve\n")
	scrip(t, "coupon", "show", "x", "--server", "http://nowhere.invalid:1").expect(t, exitFailed, "cannot talk to http://nowhere.invalid:1")
}

func TestProblemsAreToldWithFieldsReasonsAndAdvice(t *testing.T) {
	for _, test := range []struct {
		name   string
		reply  reply
		expect string
	}{
		{"fields", reply{status: 422, body: `{"title":"Invalid","status":422,"code":"request.invalid","detail":"2 faults","request_id":"r1",
			"errors":[{"pointer":"/order/currency","detail":"is unknown"},{"parameter":"limit","detail":"is above 500"}]}`},
			"scrip: 422 request.invalid: 2 faults\n  /order/currency  is unknown\n  limit            is above 500\n→ correct what is named above and send it again\n"},
		{"faults without a place", reply{status: 422, body: `{"status":422,"code":"policy.refused","detail":"refused","errors":[{"detail":"a.rego:3:1: no"}]}`},
			"scrip: 422 policy.refused: refused\n  a.rego:3:1: no\n→ the policy in force stays; correct the fault and reload again\n"},
		{"reasons", reply{status: 422, body: `{"status":422,"code":"coupon.not_applicable","title":"Not applicable","reasons":[{"code":"coupon.expired","message":"Over."}]}`},
			"scrip: 422 coupon.not_applicable: Not applicable\n  coupon.expired  Over.\n→ quote with --select best, or with --select none\n"},
		{"own fault", reply{status: 503, body: `{"status":503,"code":"ledger.unavailable","detail":"disk full","request_id":"r9"}`, header: map[string]string{"Retry-After": "3"}},
			"scrip: 503 ledger.unavailable: disk full\n→ try again in 3 seconds\n  The sidecar's log tells more under request r9.\n"},
		{"unknown code", reply{status: 409, body: `{"status":409,"code":"moon.full","detail":"no"}`}, "scrip: 409 moon.full: no\n"},
		{"escape sequences", reply{status: 409, body: `{"status":409,"code":"x.y","detail":"\u001b[2Jgone"}`}, "scrip: 409 x.y: \ufffd[2Jgone\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := startFake(t)
			f.plans["GET /v1/coupons/x"] = []reply{test.reply}
			o := scrip(t, "coupon", "show", "x")
			if o.code != exitFailed || o.stderr != test.expect {
				t.Errorf("exit %d, got:\n%s\nwant:\n%s", o.code, o.stderr, test.expect)
			}
		})
	}
}

func TestAMissingTokenIsToldByListener(t *testing.T) {
	f := startFake(t)
	body := `{"status":401,"code":"auth.required","detail":"a token is needed"}`
	f.on("GET /v1/coupons/x", 401, body)
	f.on("GET /admin/v1/policy", 401, body)
	scrip(t, "coupon", "show", "x").expect(t, exitFailed, "→ give the sidecar's token with --token, --token-file or SCRIP_TOKEN")
	scrip(t, "policy", "show", "--data", "d").expect(t, exitFailed, "SCRIP_ADMIN_TOKEN", filepath.Join("d", "admin.token"))
}

func TestStrangersAreNotTakenForASidecar(t *testing.T) {
	f := startFake(t)
	f.plans["GET /v1/coupons/x"] = []reply{{502, "<html>" + strings.Repeat("é", 200), map[string]string{"Content-Type": "text/html"}}}
	scrip(t, "coupon", "show", "x").expect(t, exitFailed, "502 Bad Gateway, which is not how scrip speaks", "<html>", "…")
	f.plans["GET /v1/coupons/x"] = []reply{{302, "", map[string]string{"Location": "/elsewhere"}}}
	scrip(t, "coupon", "show", "x").expect(t, exitFailed, "302 Found, which is not how scrip speaks; is it the right address?\n")
	f.plans["GET /v1/coupons/x"] = []reply{{200, "[]", nil}}
	scrip(t, "coupon", "show", "x").expect(t, exitFailed, "cannot understand what "+f.URL+" answered to GET /v1/coupons/x")
}

func TestListsFollowTheirPages(t *testing.T) {
	f := startFake(t)
	path := "GET /v1/customers/a%2Fb/coupons?"
	f.on(path+"limit=500&status=available", 200, `{"items":[`+oneCouponBody+`],"next_cursor":"n&1"}`)
	f.on(path+"cursor=n%261&limit=500&status=available", 200, `{"items":[`+strings.ReplaceAll(oneCouponBody, "cpn_1", "cpn_2")+`],"next_cursor":null}`)
	scrip(t, "coupon", "list", "a/b", "--status", "available").expect(t, exitDone,
		"Coupon  Campaign  Customer  Discount  Minimum  Expires                  Status\n",
		"cpn_1   welcome   c-1            5 %    10.00  2026-04-01 00:00:00 UTC  available\n", "cpn_2")
	o := scrip(t, "coupon", "list", "a/b", "--status", "available", "--json")
	o.expect(t, exitDone, `{"items":[{"id":"cpn_1"`, `"cpn_2"`, `"next_cursor":null}`)
}

func TestAListThatNeverEndsIsStopped(t *testing.T) {
	f := startFake(t)
	f.on("GET /v1/customers/c/coupons?limit=500", 200, `{"items":[`+oneCouponBody+`],"next_cursor":"x"}`)
	f.on("GET /v1/customers/c/coupons?cursor=x&limit=500", 200, `{"items":[`+oneCouponBody+`],"next_cursor":"x"}`)
	scrip(t, "coupon", "list", "c").expect(t, exitFailed, "the same page")
}

func TestEmptyListsAreSaid(t *testing.T) {
	f := startFake(t)
	for _, test := range []struct{ line, command, said string }{
		{"GET /v1/customers/c/coupons?limit=500", "coupon list c", "c holds no coupons.\n"},
		{"GET /v1/customers/c/coupons?limit=500&status=used", "coupon list c --status used", "c holds no coupons of that status.\n"},
		{"GET /admin/v1/campaigns?limit=500", "campaign list", "No campaigns yet; create one with: scrip campaign create\n"},
		{"GET /admin/v1/blocklist?limit=500", "blocklist list", "Nobody is blocked.\n"},
	} {
		f.on(test.line, 200, `{"items":[],"next_cursor":null}`)
		args := strings.Fields(test.command)
		if o := scrip(t, args...); o.code != exitDone || o.stdout != test.said {
			t.Errorf("%s: %+v", test.command, o)
		}
		if o := scrip(t, append(args, "--json")...); o.stdout != `{"items":[],"next_cursor":null}`+"\n" {
			t.Errorf("%s --json: %+v", test.command, o)
		}
	}
}

func TestItemsOfTheWrongShapeAreErrors(t *testing.T) {
	f := startFake(t)
	for line, args := range map[string][]string{
		"GET /v1/customers/c/coupons?limit=500": {"coupon", "list", "c"},
		"GET /admin/v1/campaigns?limit=500":     {"campaign", "list"},
		"GET /admin/v1/blocklist?limit=500":     {"blocklist", "list"},
	} {
		f.on(line, 200, `{"items":[{}, 7],"next_cursor":null}`)
		scrip(t, args...).expect(t, exitFailed, "cannot understand item 2 of the list")
	}
}
