package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"scrip/engine"
	"scrip/engine/refusal"
)

const smallOrder = `{"customer":{"id":"c","attributes":{"b":1.0,"a":"\u0041"}},"order":{"id":"o","type":"dropshipping","currency":"USD",` +
	`"sub_orders":[{"id":"s","lines":[{"id":"l","product":{"id":"p","type":"ordinary"},"unit_price":0.305,"quantity":2}]}]},"select":"best"}`

// FuzzQuoteRequest throws bodies at the decoder: nothing panics, every refusal
// has a place, and what is accepted is strict JSON within all bounds.
func FuzzQuoteRequest(f *testing.F) {
	f.Add([]byte(smallOrder))
	orders, err := filepath.Glob("../../../deploy/examples/0*.json")
	if err != nil || len(orders) == 0 {
		f.Fatal("no example orders", err)
	}
	for _, name := range orders {
		body, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	for _, change := range [][2]string{
		{`"c"`, `"\ud800"`}, {`"c"`, "\"\xff\""}, {`2}`, `1e9}`}, {`0.305`, `1e400`}, {`0.305`, `"NaN"`}, {`"best"`, `null`},
		{`{"b":1.0`, strings.Repeat(`{"x":`, 40) + "1" + strings.Repeat("}", 40) + `,"b":{"b":1.0`}, {`"USD"`, `"XAU"`},
		{`"quantity":2`, `"quantity":2,"quantity":3`}, {`"quantity":2`, `"Quantity":2`},
	} {
		f.Add([]byte(strings.Replace(smallOrder, change[0], change[1], 1)))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var in quoteRequest
		err := decode(body, &in)
		var request *engine.Request
		if err == nil {
			request, err = in.request()
		}
		if err != nil {
			var refused *refusal.Error
			if !errors.As(err, &refused) || refused.Code != refusal.Invalid || len(refused.Faults) == 0 {
				t.Fatalf("%v is no refusal with faults", err)
			}
			named := make(map[string]bool)
			for _, f := range refused.Faults {
				if named[f.Pointer] || len(refused.Faults) > maxFaults {
					t.Fatalf("%q is named twice, or too many: %+v", f.Pointer, refused.Faults)
				}
				named[f.Pointer] = true
			}
			return
		}
		checkAccepted(t, body, request)
	})
}

// Whoever sends a faulty body hears of all its faults, and mends it once.
func TestAllFaultsOfABodyAreNamed(t *testing.T) {
	for body, want := range map[string]string{
		`{"customer":{"id":7,"extra":1},"order":{"charges":[{"id":"a","amount":[]},{"id":false,"amount":"1"}]},"Select":"best"}`: "/customer/id has the wrong type\n" +
			"/customer/extra is not a known member here (names are case-sensitive)\n" +
			"/order/charges/0/amount must be a decimal string or number\n" +
			"/order/charges/1/id has the wrong type\n" +
			"/Select is not a known member here (names are case-sensitive)",
		`{"a/b":1,"c~d":2,"":3}`: "/a~1b is not a known member here (names are case-sensitive)\n" +
			"/c~0d is not a known member here (names are case-sensitive)\n" +
			"/ is not a known member here (names are case-sensitive)",
		`{"select":"best","customer":{"id":"c","id":"d","id":5,"ID":"c"},"select":"none"}`: "/customer/id is given twice\n" +
			"/customer/ID is not a known member here (names are case-sensitive)\n" +
			"/select is given twice",
		`{"customer":{"attributes":{"n":1e9999,"m":1e9999}},"order":null}`: "/customer/attributes/n is a number beyond what policies can read\n" +
			"/customer/attributes/m is a number beyond what policies can read\n" +
			"/order must not be null",
		// An element cannot be left out: the others would be others then.
		`{"more":1,"order":{"charges":[null,null],"more":1}}`: "/more is not a known member here (names are case-sensitive)\n/order/charges/0 must not be null",
		// What comes after a break in the syntax is anybody's guess.
		`{"more":1,"customer":{"id":"c"`:       "/more is not a known member here (names are case-sensitive)",
		`{"customer":{"id":"\ud800"},"more":1`: "/customer/id invalid surrogate pair `\\ud800\"},\"mo` in string",
	} {
		var in quoteRequest
		if got := toldBy(t, decode([]byte(body), &in)); got != want {
			t.Errorf("%s\n got %s\nwant %s", body, got, want)
		}
	}
}

// toldBy is a refusal's faults, one a line.
func toldBy(t *testing.T, err error) string {
	t.Helper()
	var refused *refusal.Error
	if !errors.As(err, &refused) {
		t.Fatalf("%v is no refusal", err)
	}
	var lines []string
	for _, f := range refused.Faults {
		lines = append(lines, f.Pointer+" "+f.Detail)
	}
	return strings.Join(lines, "\n")
}

// Telling all faults takes a bounded amount of work, however many there are.
func TestFaultsAreBounded(t *testing.T) {
	for size, most := range map[int]int{10: 10, 100: maxFaults, 90_000: 5} {
		var body strings.Builder
		for i := range size {
			fmt.Fprintf(&body, `,"m%d":1`, i)
		}
		var in quoteRequest
		got := toldBy(t, decode([]byte("{"+body.String()[1:]+"}"), &in))
		if n := strings.Count(got, "\n") + 1; n != most {
			t.Errorf("%d of %d faults are named, want %d", n, size, most)
		}
	}
}

func checkAccepted(t *testing.T, body []byte, r *engine.Request) {
	var anything any
	if !utf8.Valid(body) || json.Unmarshal(body, &anything) != nil {
		t.Fatal("accepted what is not JSON in UTF-8")
	}
	lines, ids := 0, make(map[string]bool)
	for _, sub := range r.Order.SubOrders {
		for _, l := range sub.Lines {
			if lines++; ids[l.ID] || l.Quantity < 1 || l.Quantity > engine.MaxQuantity || checkID(l.ID) != nil {
				t.Fatalf("accepted line %+v", l)
			}
			ids[l.ID] = true
		}
	}
	if lines < 1 || lines > engine.MaxLines || r.Order.Currency.Code() == "" || r.Select == "" {
		t.Fatalf("accepted %d lines in %q, selecting %q", lines, r.Order.Currency.Code(), r.Select)
	}
	for _, attributes := range []string{r.Customer.Attributes, r.Order.Attributes} {
		if attributes != "" && (attributes[0] != '{' || !json.Valid([]byte(attributes)) || depth([]byte(attributes)) > maxDepth) {
			t.Fatalf("accepted attributes %q", attributes)
		}
	}
}

func TestAttributesAreOneTextForOneContent(t *testing.T) {
	for given, want := range map[string]string{
		`{}`:                             "",
		` { } `:                          "",
		`{"b":1,"a":2}`:                  `{"a":2,"b":1}`,
		`{"a": "\u0041\/", "b": [1, 2]}`: `{"a":"A/","b":[1,2]}`,
		`{"n":1.0,"m":1e2}`:              `{"m":1e2,"n":1.0}`, // numbers keep their text
		`{"big":9007199254740993}`:       `{"big":9007199254740993}`,
	} {
		var in struct {
			Attributes attributes `json:"attributes"`
		}
		if err := decode([]byte(`{"attributes":`+given+`}`), &in); err != nil || string(in.Attributes) != want {
			t.Errorf("%s is %q, %v; want %q", given, in.Attributes, err, want)
		}
	}
}

func TestEveryRefusalHasAStatus(t *testing.T) {
	// Codes that are reasons, not refusals, never need one.
	for _, code := range []string{
		refusal.Invalid, refusal.TooLarge, engine.QuoteNotFound, engine.CouponNotApplicable, engine.PolicyError,
	} {
		if statusOf[code] == 0 {
			t.Errorf("%s has no status", code)
		}
	}
	if got := statusFor(refusal.New("made.up", "")); got != 500 {
		t.Errorf("an unknown code answers %d", got)
	}
}

func BenchmarkDecodeAndCheck(b *testing.B) {
	body, err := os.ReadFile("../../../deploy/examples/01-bulk-dropshipping.json")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		var in quoteRequest
		if err := decode(body, &in); err != nil {
			b.Fatal(err)
		}
		if _, err := in.request(); err != nil {
			b.Fatal(err)
		}
	}
}

func TestNumbersThatRegoCannotReadAreRefusedWhereTheyStand(t *testing.T) {
	for number, fine := range map[string]bool{
		"1": true, "-1.5": true, "1e300": true, "1E-300": true, "9007199254740993": true,
		"1e400": true, "1e999": true, "1e1000": false, "1e100000": false, "1e-100000": false, "1e99999999999999999999": false,
		strings.Repeat("9", 1000): true, strings.Repeat("9", 1001): false,
	} {
		body := strings.Replace(smallOrder, `"b":1.0`, `"b":[{"x":`+number+`}]`, 1)
		var in quoteRequest
		err := decode([]byte(body), &in)
		var refused *refusal.Error
		switch {
		case fine && err != nil:
			t.Errorf("%s: %v", number, err)
		case !fine && (!errors.As(err, &refused) || !strings.HasPrefix(refused.Faults[0].Pointer, "/customer/attributes")):
			t.Errorf("%s: %v", number, err)
		}
	}
}
