// Gift cards, wallets and benefits as the command line shows them.
package main

import (
	"strings"
	"testing"
)

const oneCardBody = `{"id":"crd_1","number":"4929318203948570","amount":"50.00","currency":"USD","expires_at":"2028-01-01T00:00:00Z","status":"active","customer_id":"c-1"}`

const bearerCardBody = `{"id":"crd_2","number":"4929318203948571","amount":"5.00","currency":"KWD","expires_at":null,"status":"redeemed","customer_id":null}`

const oneWalletBody = `{"customer_id":"c-1","balances":[{"currency":"USD","cash":"400.00","gift":"25.00","bonus":"8.00","total":"433.00","withdrawable":"400.00"},
{"currency":"JPY","cash":"0","gift":"7","bonus":"0","total":"7","withdrawable":"0"}]}`

func TestGiftCardsAreListedShownRevealedAndRevoked(t *testing.T) {
	f := startFake(t)
	both := `{"items":[` + oneCardBody + `,` + bearerCardBody + `],"next_cursor":null}`
	f.on("GET /admin/v1/gift-cards?limit=500", 200, both)
	f.on("GET /v1/customers/c%2F1/gift-cards?limit=500&status=active", 200, both)
	f.on("GET /v1/customers/c/gift-cards?limit=500", 200, `{"items":[],"next_cursor":null}`)
	golden(t, "testdata/gift-card-list.txt", scrip(t, "gift-card", "list").stdout)
	golden(t, "testdata/gift-card-list.txt", scrip(t, "gift-card", "list", "c/1", "--status", "active").stdout)
	scrip(t, "gift-card", "list", "--json").expect(t, exitDone, `"id":"crd_1"`, `"id":"crd_2"`, `"next_cursor":null`)
	scrip(t, "gift-card", "list", "c").expect(t, exitDone, "No such gift cards.\n")
	f.on("GET /admin/v1/gift-cards/crd%2F1", 200, oneCardBody)
	f.on("POST /admin/v1/gift-cards/crd_2/revoke", 200, strings.Replace(bearerCardBody, "redeemed", "revoked", 1))
	golden(t, "testdata/gift-card-show.txt", scrip(t, "gift-card", "show", "crd/1").stdout)
	scrip(t, "gift-card", "revoke", "crd_2").expect(t, exitDone, "Status     revoked", "Customer   none: whoever has number and code", "Expires    never")
	scrip(t, "gift-card", "revoke", "crd_2", "--json").expect(t, exitDone, `"status":"revoked"`)
	f.on("GET /v1/customers/c%2F1/gift-cards/crd_1/code", 200, `{"id":"crd_1","number":"4929318203948570","code":"ABCDE12345FGHJK67890"}`)
	scrip(t, "gift-card", "reveal", "c/1", "crd_1").expect(t, exitDone, "Gift card  crd_1\nNumber     4929318203948570\nCode       ABCDE12345FGHJK67890\n")
	f.on("GET /v1/customers/c-2/gift-cards/crd_1/code", 404, `{"status":404,"code":"gift_card.not_found","detail":"there is no gift card \"crd_1\""}`)
	scrip(t, "gift-card", "reveal", "c-2", "crd_1").expect(t, exitFailed, "404 gift_card.not_found", "→ see which a customer has with: scrip gift-card list CUSTOMER")
	f.on("GET /admin/v1/gift-cards?limit=500&status=used", 200, `{"items":[7],"next_cursor":null}`)
	scrip(t, "gift-card", "list", "--status", "used").expect(t, exitFailed, "cannot understand item 1")
}

func TestAGiftCardIsRedeemedWithACodeThatIsNoArgument(t *testing.T) {
	f := startFake(t)
	line, code := "POST /v1/wallets/c-1/gift-cards", "ABCDE-12345 FGHJK67890"
	f.on(line, 201, `{"credited":"50.00","currency":"USD","wallet":`+oneWalletBody+`}`)
	redeem := []string{"gift-card", "redeem", "c-1", "4929 3182 0394 8570"}
	inFile := append(redeem, "--code-file", write(t, "code", "\n"+code+"\n"))
	golden(t, "testdata/gift-card-redeem.txt", scripWith(t, code+"\r\nmore\n", redeem...).stdout)
	for name, o := range map[string]outcome{
		"standard input":           scripWith(t, code+"\nmore", redeem...),
		"a file":                   scrip(t, inFile...),
		"a file that is the input": scripWith(t, code, append(redeem, "--code-file", "-")...),
	} {
		o.expect(t, exitDone, "Credited  50.00 USD")
		if want := `{"code":"` + code + `","number":"4929 3182 0394 8570"}`; f.last().body != want || len(f.last().header.Get("Idempotency-Key")) != 36 {
			t.Errorf("%s: sent %+v", name, f.last())
		}
		if strings.Contains(o.stdout+o.stderr, "ABCDE") {
			t.Errorf("%s: the code is printed: %+v", name, o)
		}
	}
	for _, a := range f.asked {
		if a.body != f.last().body {
			t.Errorf("sent %s, and %s", a.body, f.last().body)
		}
	}
	scrip(t, append(redeem, "--json")...).expect(t, exitUsage, "the code is empty")
	scrip(t, append(redeem, "--code-file", "no/such")...).expect(t, exitFailed, "cannot read the code", "no/such")
	scripWith(t, code, append(redeem, "--json")...).expect(t, exitDone, `{"credited":"50.00"`)
	scripWith(t, code, append(redeem, code)...).expect(t, exitUsage, "unexpected argument")
}

func TestWhoFailedTooOftenIsToldWhenToTryAgain(t *testing.T) {
	f := startFake(t)
	line := "POST /v1/wallets/c-1/gift-cards"
	for seconds, want := range map[string]string{"1": "1 second\n", "119": "119 seconds\n", "120": "2 minutes\n", "871": "14 minutes 31 seconds\n", "61": "61 seconds\n", "181": "3 minutes 1 second\n"} {
		f.plans[line] = []reply{{429, `{"status":429,"code":"gift_card.too_many_attempts","detail":"too many attempts"}`, map[string]string{"Retry-After": seconds}}}
		o := scripWith(t, "X", "gift-card", "redeem", "c-1", "1")
		o.expect(t, exitFailed, "429 gift_card.too_many_attempts: too many attempts\n→ try again in "+want)
		if strings.Contains(o.stderr, "--idempotency-key") {
			t.Errorf("nothing was booked: %s", o.stderr)
		}
	}
}

func TestAWalletIsShownWithItsJournal(t *testing.T) {
	f := startFake(t)
	f.on("GET /v1/wallets/c%2F1", 200, oneWalletBody)
	f.on("GET /v1/wallets/none", 200, `{"customer_id":"none","balances":[]}`)
	golden(t, "testdata/wallet-show.txt", scrip(t, "wallet", "show", "c/1").stdout)
	scrip(t, "wallet", "show", "c/1", "--json").expect(t, exitDone, oneWalletBody)
	scrip(t, "wallet", "show", "none").expect(t, exitDone, "The wallet of none is empty.\n")
	entry := func(id, kind, reference, postings string) string {
		return `{"id":"` + id + `","created_at":"2026-03-01T00:00:00Z","kind":"` + kind + `","currency":"USD","postings":[` + postings + `],"reference":"` + reference + `"}`
	}
	newer := entry("wdr_1", "withdrawal", "", `{"bucket":"cash","amount":"-100.00"},{"bucket":"bonus","amount":"-2.00"},{"bucket":"external","amount":"100.00"},{"bucket":"promotions","amount":"2.00"}`)
	older := entry("crd_1", "gift_card", "crd_1", `{"bucket":"gift","amount":"25.00"},{"bucket":"gift_cards","amount":"-25.00"}`)
	path := "GET /v1/wallets/c-1/entries?"
	f.on(path+"limit=50", 200, `{"items":[`+newer+`,`+older+`],"next_cursor":null}`)
	golden(t, "testdata/wallet-entries.txt", scrip(t, "wallet", "entries", "c-1").stdout)
	scrip(t, "wallet", "entries", "c-1", "--json").expect(t, exitDone, `"bucket":"promotions"`)
	f.on("GET /v1/wallets/none/entries?limit=50", 200, `{"items":[],"next_cursor":null}`)
	scrip(t, "wallet", "entries", "none").expect(t, exitDone, "Nothing was ever booked in the wallet of none.\n")
	f.on("GET /v1/wallets/odd/entries?limit=50", 200, `{"items":[7],"next_cursor":null}`)
	scrip(t, "wallet", "entries", "odd").expect(t, exitFailed, "cannot understand item 1")
	scrip(t, "wallet", "entries", "c-1", "--limit", "-1").expect(t, exitUsage, "--limit")
}

func TestAJournalIsReadUpToItsLimitPageByPage(t *testing.T) {
	f := startFake(t)
	page := func(n int, next string) string {
		item := `{"id":"top_1","created_at":null,"kind":"top_up","currency":"USD","postings":[],"reference":""},`
		return `{"items":[` + strings.TrimSuffix(strings.Repeat(item, n), ",") + `],"next_cursor":` + next + `}`
	}
	path := "GET /v1/wallets/c/entries?"
	f.on(path+"limit=500", 200, page(500, `"x"`))
	f.on(path+"cursor=x&limit=200", 200, page(200, `"y"`))
	f.on(path+"cursor=x&limit=500", 200, page(3, `null`))
	for limit, want := range map[string]int{"700": 700, "500": 500, "0": 503, "1003": 503} {
		if o := scrip(t, "wallet", "entries", "c", "--limit", limit); o.code != exitDone || strings.Count(o.stdout, "top_up") != want {
			t.Errorf("--limit %s: %d lines, %s", limit, strings.Count(o.stdout, "top_up"), o.stderr)
		}
	}
}

func TestBookingsInAWalletHaveReceipts(t *testing.T) {
	f := startFake(t)
	wallet := `,"wallet":` + oneWalletBody + `}`
	for _, test := range []struct{ name, step, args, sent, body string }{
		{"top-up", "top-ups", "top-up c-1 500 USD --reference pay-7", `{"amount":"500","currency":"USD","reference":"pay-7"}`,
			`{"id":"top_1","amount":"500.00","currency":"USD","bonus":"10.00"`},
		{"pay", "payments", "pay c-1 rdm_1", `{"redemption_id":"rdm_1"}`,
			`{"id":"pay_1","redemption_id":"rdm_1","amount":"30.00","currency":"USD","drawn":{"gift":"25.00","bonus":"0.00","cash":"5.00"}`},
		{"withdraw", "withdrawals", "withdraw c-1 100 USD", `{"amount":"100","currency":"USD"}`,
			`{"id":"wdr_1","amount":"100.00","currency":"USD","forfeited_bonus":"2.00"`},
	} {
		f.on("POST /v1/wallets/c-1/"+test.step, 201, test.body+wallet)
		args := append([]string{"wallet"}, strings.Fields(test.args)...)
		golden(t, "testdata/wallet-"+test.name+".txt", scrip(t, args...).stdout)
		if f.last().body != test.sent || len(f.last().header.Get("Idempotency-Key")) != 36 {
			t.Errorf("%s: sent %+v", test.name, f.last())
		}
		scrip(t, append(args, "--json", "--idempotency-key", "k")...).expect(t, exitDone, test.body)
		if f.last().header.Get("Idempotency-Key") != "k" {
			t.Errorf("%s: another key: %+v", test.name, f.last())
		}
	}
	scrip(t, "wallet", "pay", "c-1", "rdm_1", "--amount", "7").expect(t, exitDone)
	if f.last().body != `{"amount":"7","redemption_id":"rdm_1"}` {
		t.Errorf("sent %s", f.last().body)
	}
	f.plans["POST /v1/wallets/c-1/top-ups"] = []reply{{201, `{"id":"top_1","amount":"5.00","currency":"USD","bonus":"0.00"` + wallet, nil}}
	scrip(t, "wallet", "top-up", "c-1", "5", "USD").expect(t, exitDone, "Bonus     none\n")
	f.plans["POST /v1/wallets/c-1/payments"] = []reply{{409, `{"status":409,"code":"wallet.insufficient_funds","detail":"the wallet has 1.00 USD, 2.00 is needed"}`, nil}}
	scrip(t, "wallet", "pay", "c-1", "rdm_1").expect(t, exitFailed, "the wallet has 1.00 USD, 2.00 is needed", "→ see what there is")
	f.Close()
	scrip(t, "wallet", "withdraw", "c-1", "5", "USD", "--idempotency-key", "mine").expect(t, exitFailed, "no sidecar answers", "--idempotency-key mine")
}

func TestBenefitsAreOnOneScreen(t *testing.T) {
	f := startFake(t)
	f.on("GET /v1/customers/c%2F1/benefits", 200, `{"coupons":[`+oneCouponBody+`],"gift_cards":[`+oneCardBody+`,`+bearerCardBody+`],"wallet":`+oneWalletBody+`}`)
	f.on("GET /v1/customers/none/benefits", 200, `{"coupons":[],"gift_cards":[],"wallet":{"customer_id":"none","balances":[]}}`)
	golden(t, "testdata/benefits.txt", scrip(t, "benefits", "c/1").stdout)
	golden(t, "testdata/benefits-none.txt", scrip(t, "benefits", "none").stdout)
	scrip(t, "benefits", "none", "--json").expect(t, exitDone, `{"coupons":[],"gift_cards":[]`)
	scrip(t, "benefits", "c-2").expect(t, exitFailed, "404")
}

// A ledger that was lost on the way, and a twin that is still under way, leave it open as no answer does.
func TestABookingThatMayBeBookedTellsItsKey(t *testing.T) {
	f := startFake(t)
	for body, told := range map[string]bool{
		`{"status":503,"code":"ledger.unavailable","detail":"gone"}`:    true,
		`{"status":409,"code":"idempotency.in_flight","detail":"wait"}`: true,
		`{"status":422,"code":"request.invalid","detail":"no"}`:         false,
	} {
		status := map[string]int{"5": 503, "4": 409}[body[10:11]]
		if !told {
			status = 422
		}
		f.plans["POST /v1/wallets/c/top-ups"] = []reply{{status, body, nil}}
		o := scrip(t, "wallet", "top-up", "c", "5", "USD", "--idempotency-key", "mine")
		if o.code != exitFailed || strings.Contains(o.stderr, "--idempotency-key mine") != told {
			t.Errorf("%s: %+v", body, o)
		}
	}
}
