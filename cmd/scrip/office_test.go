// The back office: campaigns, coupons, registrations, blocklist, policy.
package main

import (
	"strings"
	"testing"
)

const oneCampaignBody = `{"id":"spring","name":"Spring sale","discount":{"amount":"10.00","currency":"USD"},"minimum_spend":"80.00",
"maximum_discount":null,"currency":"USD","starts_at":null,"ends_at":"2026-06-01T00:00:00Z","valid_for":"720h","quantity":500,
"per_customer":1,"attributes":{"team":"growth"},"status":"paused","issued":12,"created_at":"2026-03-01T00:00:00Z"}`

const campaignCard = `Campaign          spring
Name              Spring sale
Status            paused
Discount          10.00 USD
Minimum spend     80.00 USD
Maximum discount  none
Starts            at once
Ends              2026-06-01 00:00:00 UTC
Coupons live      720h
Quantity          500
Per customer      1
Issued            12
Attributes        {"team":"growth"}
`

func TestCampaignsAreCreatedFromFlags(t *testing.T) {
	for _, test := range []struct{ name, flags, sent string }{
		{"least", "--id s --percent 5", `{"id":"s","name":"s","discount":{"percent":"5"}}`},
		{"percent with bounds", "--id s --name N --percent 5 --currency USD --minimum-spend 1.00 --maximum-discount 2.00",
			`{"id":"s","name":"N","discount":{"percent":"5"},"currency":"USD","minimum_spend":"1.00","maximum_discount":"2.00"}`},
		{"amount in full", `--id s --amount 9.00 --currency KWD --starts-at 2026-01-01T00:00:00Z --ends-at 2026-02-01 --valid-for 24h --quantity 7 --per-customer 2 --attributes {"a":1}`,
			`{"id":"s","name":"s","discount":{"amount":"9.00","currency":"KWD"},"starts_at":"2026-01-01T00:00:00Z","ends_at":"2026-02-01","valid_for":"24h","quantity":7,"per_customer":2,"attributes":{"a":1}}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			f := startFake(t)
			f.on("POST /admin/v1/campaigns", 201, oneCampaignBody)
			o := scrip(t, append([]string{"campaign", "create"}, strings.Fields(test.flags)...)...)
			o.expect(t, exitDone)
			if o.stdout != campaignCard {
				t.Error(o.stdout)
			}
			if f.last().body != test.sent {
				t.Errorf("sent %s", f.last().body)
			}
		})
	}
}

func TestCampaignsAreCreatedFromAFileAsItIs(t *testing.T) {
	f := startFake(t)
	f.on("POST /admin/v1/campaigns", 201, oneCampaignBody)
	scrip(t, "campaign", "create", write(t, "c.json", `{ "id": "x" }`), "--json").expect(t, exitDone, oneCampaignBody)
	if f.last().body != `{ "id": "x" }` {
		t.Errorf("sent %s", f.last().body)
	}
	scripWith(t, "{}", "campaign", "create", "-").expect(t, exitDone)
}

func TestCampaignFlagsThatMakeNoSense(t *testing.T) {
	startFake(t)
	for flags, want := range map[string]string{
		"":                                  "needs --id and --percent or --amount",
		"--id x":                            "needs --id and --percent or --amount",
		"--id x --amount 1":                 "--amount needs --currency",
		"f.json --id x":                     "not both",
		"f.json --quantity 3":               "not both",
		"--percent 1 --amount 1":            "can't be used together",
		"--id x --percent 1 --attributes {": "",
	} {
		scrip(t, append([]string{"campaign", "create"}, strings.Fields(flags)...)...).expect(t, exitUsage, want)
	}
}

func TestCampaignsAreListedShownPausedAndResumed(t *testing.T) {
	f := startFake(t)
	welcome := strings.NewReplacer("spring", "welcome", `"2026-06-01T00:00:00Z"`, "null", "paused", "active", `"80.00"`, "null",
		`:500`, `:null`).Replace(oneCampaignBody)
	f.on("GET /admin/v1/campaigns?limit=500", 200, `{"items":[`+oneCampaignBody+`,`+welcome+`],"next_cursor":null}`)
	golden(t, "testdata/campaign-list.txt", scrip(t, "campaign", "list").stdout)
	for verb, line := range map[string]string{
		"show":   "GET /admin/v1/campaigns/sp%20ring",
		"pause":  "POST /admin/v1/campaigns/sp%20ring/pause",
		"resume": "POST /admin/v1/campaigns/sp%20ring/resume",
	} {
		f.on(line, 200, oneCampaignBody)
		if o := scrip(t, "campaign", verb, "sp ring"); o.stdout != campaignCard {
			t.Errorf("%s: %+v", verb, o)
		}
	}
	scrip(t, "campaign", "show", "gone").expect(t, exitFailed, "404 route.not_found")
}

func TestCouponsAreShownAndRevoked(t *testing.T) {
	f := startFake(t)
	f.on("GET /v1/coupons/cpn_1", 200, oneCouponBody)
	f.on("POST /admin/v1/coupons/cpn_1/revoke", 200, strings.Replace(oneCouponBody, "available", "revoked", 1))
	golden(t, "testdata/coupon-show.txt", scrip(t, "coupon", "show", "cpn_1").stdout)
	scrip(t, "coupon", "show", "cpn_1", "--json").expect(t, exitDone, oneCouponBody+"\n")
	scrip(t, "coupon", "revoke", "cpn_1").expect(t, exitDone, "Status            revoked")
}

func TestRegistrationsTellWhatWasGranted(t *testing.T) {
	f := startFake(t)
	line := "POST /v1/customers/c-1/registrations"
	f.on(line, 201, `{"coupons":[`+oneCouponBody+`]}`)
	f.on(line, 200, `{"coupons":[`+oneCouponBody+`]}`)
	f.on(line, 201, `{"coupons":[]}`)
	scrip(t, "register", "c-1", "--attributes", `{"vip":true}`).expect(t, exitDone, "Registered c-1, with 1 coupon:\nCoupon", "cpn_1")
	if f.last().body != `{"attributes":{"vip":true}}` {
		t.Errorf("sent %s", f.last().body)
	}
	scrip(t, "register", "c-1").expect(t, exitDone, "Registered before: c-1, with 1 coupon:\n")
	scrip(t, "register", "c-1").expect(t, exitDone, "Registered c-1; no coupons granted.\n")
	scrip(t, "register", "c-1", "--json").expect(t, exitDone, `{"coupons":[]}`)
	scrip(t, "register", "c-2").expect(t, exitFailed, "404")
}

func TestTheBlocklistIsKept(t *testing.T) {
	f := startFake(t)
	entry := `{"customer_id":"c-1","reason":"chargebacks","created_at":"2026-03-01T00:00:00Z"}`
	f.on("PUT /admin/v1/blocklist/c-1", 200, entry)
	f.on("DELETE /admin/v1/blocklist/c-1", 204, "")
	f.on("GET /admin/v1/blocklist?limit=500", 200, `{"items":[`+entry+`],"next_cursor":null}`)
	scrip(t, "blocklist", "add", "c-1", "--reason", "chargebacks").expect(t, exitDone, "c-1 is blocked")
	if f.last().body != `{"reason":"chargebacks"}` {
		t.Errorf("sent %s", f.last().body)
	}
	scrip(t, "blocklist", "add", "c-1", "--json").expect(t, exitDone, entry)
	scrip(t, "blocklist", "list").expect(t, exitDone, "Customer  Since                    Reason\nc-1       2026-03-01 00:00:00 UTC  chargebacks\n")
	scrip(t, "blocklist", "remove", "c-1").expect(t, exitDone, "c-1 is not blocked")
	if o := scrip(t, "blocklist", "remove", "c-1", "--json"); o.code != 0 || o.stdout != "" {
		t.Errorf("%+v", o)
	}
	scrip(t, "blocklist", "add", "c-2").expect(t, exitFailed, "404")
	scrip(t, "blocklist", "remove", "c-2").expect(t, exitFailed, "404")
	scrip(t, "blocklist", "add", "c-2", "--reason", "\xff").expect(t, exitUsage, "argument 5 is not UTF-8")
}

func TestThePolicyIsShownAndReloaded(t *testing.T) {
	f := startFake(t)
	body := `{"revision":"4c1f0b7a92de","source":"embedded","activated_at":"2026-03-01T00:00:00Z","decisions":[
		{"name":"data.order.deny","depends_on":["input.customer.blocklisted","input.customer.id","input.order.discounted","input.order.type"],"remembered":true},
		{"name":"data.grant.campaigns","depends_on":[],"remembered":false}],
		"last_error":{"message":"rego_parse_error","file":"order/order.rego","line":3,"column":7,"failing_tests":["data.order.test_a","data.order.test_b"]}}`
	f.on("GET /admin/v1/policy", 200, body)
	f.on("POST /admin/v1/policy/reload", 422, `{"status":422,"code":"policy.refused","detail":"order/order.rego:3:7: rego_parse_error"}`)
	golden(t, "testdata/policy-show.txt", scrip(t, "policy", "show").stdout)
	scrip(t, "policy", "show", "--json").expect(t, exitDone, body)
	scrip(t, "policy", "reload").expect(t, exitFailed, "order/order.rego:3:7", "→ the policy in force stays")
}

func TestFaultsReadAsEditorsUnderstandThem(t *testing.T) {
	for want, f := range map[string]policyFault{
		"a.rego:1:2: no":            {Message: "no", File: "a.rego", Line: 1, Column: 2},
		"a.rego: no":                {Message: "no", File: "a.rego"},
		"no":                        {Message: "no"},
		"tests (failing: x.t, x.u)": {Message: "tests", FailingTests: []string{"x.t", "x.u"}},
	} {
		if f.String() != want {
			t.Errorf("%q, want %q", f.String(), want)
		}
	}
}

func TestCommandsOfTheAdminListenerNeedAReadableAddress(t *testing.T) {
	startFake(t)
	for _, line := range []string{"campaign list", "campaign show x", "coupon issue a b", "coupon revoke x", "blocklist add x", "blocklist remove x",
		"blocklist list", "policy show", "campaign create --id x --percent 1"} {
		scrip(t, append(strings.Fields(line), "--admin-server", "ftp://x")...).expect(t, exitUsage, "is not a server")
	}
	for _, line := range []string{"coupon show x", "register x", "quote testdata/contract-example.order.json"} {
		scrip(t, append(strings.Fields(line), "--server", "ftp://x")...).expect(t, exitUsage, "is not a server")
	}
}
