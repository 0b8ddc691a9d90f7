// Order files in, receipts out.
package main

import (
	"os"
	"strings"
	"testing"
)

func TestQuotePrintsTheReceiptOfTheAnswer(t *testing.T) {
	f := startFake(t)
	quote, err := os.ReadFile("testdata/contract-example.quote.json")
	if err != nil {
		t.Fatal(err)
	}
	order, err := os.ReadFile("testdata/contract-example.order.json")
	if err != nil {
		t.Fatal(err)
	}
	f.on("POST /v1/quotes", 201, string(quote))
	full := scrip(t, "quote", "testdata/contract-example.order.json")
	golden(t, "testdata/contract-example.receipt.txt", full.stdout)
	if f.last().body != string(order) {
		t.Errorf("sent something else than the file: %s", f.last().body)
	}
	if kind := f.last().header.Get("Content-Type"); kind != "application/json" {
		t.Errorf("content type %q", kind)
	}
	golden(t, "testdata/contract-example.short.txt", scrip(t, "quote", "testdata/contract-example.order.json", "--short").stdout)
	raw := scripWith(t, string(order), "quote", "-", "--json")
	if raw.stdout != string(quote) || f.last().body != string(order) {
		t.Errorf("not as it came: %+v", raw)
	}
}

func TestSelectOnTheCommandLineReplacesThatOfTheFile(t *testing.T) {
	for _, test := range []struct{ name, in, want string }{
		{"replaced", `{"select": "best", "order": {"unit_price": 12.350, "b":1, "a":2}}`, `{"order":{"unit_price":12.350,"b":1,"a":2},"select":"none"}`},
		{"added", `{ }`, `{"select":"none"}`},
		{"twice", `{"select":1,"select":2,"x":1,"x":1}`, `{"x":1,"x":1,"select":"none"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := withSelect([]byte(test.in), "none")
			if err != nil || strings.TrimSpace(string(got)) != test.want {
				t.Errorf("%s, %v", got, err)
			}
		})
	}
	for _, bad := range []string{``, `[]`, `{"a"`, `{"a":}`, `{"a":1`, `{} {}`, `{"a":1,`, `nope`} {
		if got, err := withSelect([]byte(bad), "none"); err == nil {
			t.Errorf("%s is taken as %s", bad, got)
		}
	}
}

func TestQuoteSendsTheChoice(t *testing.T) {
	f := startFake(t)
	f.on("POST /v1/quotes", 422, `{"status":422,"code":"coupon.not_found","detail":"not held"}`)
	file := write(t, "o.json", `{"select":"best"}`)
	scrip(t, "quote", file, "--select", "cpn_7").expect(t, exitFailed, "422 coupon.not_found", "scrip coupon list CUSTOMER")
	if strings.TrimSpace(f.last().body) != `{"select":"cpn_7"}` {
		t.Errorf("sent %s", f.last().body)
	}
	scrip(t, "quote", write(t, "bad.json", `[`), "--select", "none").expect(t, exitFailed, "bad.json", "--select has no place")
}

func TestFilesThatNoSidecarWouldTakeAreRefusedHere(t *testing.T) {
	startFake(t)
	scrip(t, "quote", "no/such.json").expect(t, exitFailed, "no/such.json")
	scrip(t, "quote", write(t, "empty.json", " \n")).expect(t, exitFailed, "empty.json: nothing in it")
	scrip(t, "quote", write(t, "big.json", strings.Repeat(" ", maxRequestBytes+1))).expect(t, exitFailed, "1 MiB")
	scrip(t, "quote", t.TempDir()).expect(t, exitFailed, "directory")
}

func TestAReceiptWithoutAReadableOrderLeavesBlanks(t *testing.T) {
	r := readReceipt(t, "contract-example")
	r.order = readOrder([]byte(`{"order": 7}`))
	if text := r.full(); !strings.Contains(text, "Order        CJ-1\n") || strings.Contains(text, "ordinary") || !strings.Contains(text, "163.73") {
		t.Error(text)
	}
	if text := r.short(); !strings.Contains(text, "order     CJ-1, for c-1001") {
		t.Error(text)
	}
}

func TestColourMarksTheChosenAndTheExcluded(t *testing.T) {
	r := readReceipt(t, "contract-example")
	r.p.colour = true
	for _, want := range []string{"\x1b[32m✓\x1b[0m", "\x1b[33mexcluded\x1b[0m", "\x1b[1mTo pay in USD\x1b[0m"} {
		if !strings.Contains(r.full(), want) {
			t.Errorf("%q is missing", want)
		}
	}
	plain := readReceipt(t, "contract-example").full()
	if stripped := stripColour(r.full()); stripped != plain {
		t.Errorf("colour moves text:\n%s\nwant:\n%s", stripped, plain)
	}
}

// stripColour removes escape sequences.
func stripColour(text string) string {
	var out strings.Builder
	for i, part := range strings.Split(text, "\x1b[") {
		if i > 0 {
			_, part, _ = strings.Cut(part, "m")
		}
		out.WriteString(part)
	}
	return out.String()
}

func TestTheChoiceInWords(t *testing.T) {
	held := []quotedCoupon{{ID: "cpn_1", CampaignID: "welcome"}, {ID: "cpn_2"}}
	id, gone := "cpn_1", "cpn_9"
	for _, test := range []struct {
		by      string
		id      *string
		coupons []quotedCoupon
		want    string
	}{
		{"unavailable", nil, nil, "none: the customer holds no coupon"},
		{"unavailable", nil, held, "none: of the customer's 2 coupons none takes anything off this order"},
		{"unavailable", nil, held[:1], "none: the customer's only coupon takes nothing off this order"},
		{"customer", &id, held, "cpn_1 of welcome, the customer's choice"},
		{"customer", &gone, held, "cpn_9, the customer's choice"},
		{"customer", nil, held, "none, the customer's choice"},
		{"something new", nil, held, "something new"},
	} {
		q := &quoteAnswer{Coupons: test.coupons}
		q.Selection.By, q.Selection.CouponID = test.by, test.id
		if got := (receipt{quote: q}).choice(); got != test.want {
			t.Errorf("%s: %q, want %q", test.by, got, test.want)
		}
	}
}
