package httpapi

import (
	"encoding/json"
	"errors"
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
			return
		}
		checkAccepted(t, body, request)
	})
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
