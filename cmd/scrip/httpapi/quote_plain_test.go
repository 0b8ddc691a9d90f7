package httpapi

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"scrip/engine"
	"scrip/engine/prove"
)

// fullOrder has every member there is, in an order that brings amounts before
// their currency.
const fullOrder = `{"select":"cpn_1","customer":{"attributes":{"tier":"gold"},"id":"客-1"},
	"order":{"charges":[{"amount":"4.99","id":"shipping"},{"id":"tax","amount":0}],"discounts":[{"id":"d","amount":"1.500"}],
	"attributes":{"n":[1,2.0,{"}":"\"{"}]},"id":"o","type":"dropshipping","currency":"USD","sub_orders":[
	{"id":"s1","lines":[
	 {"id":"a","product":{"id":"p","type":"ordinary","attributes":{}},"unit_price":"12.35","quantity":2,"discounts":[]},
	 {"quantity":1000000,"unit_price":0.000001,"product":{"type":"pod","id":"p2","attributes":{"x":1}},"id":"b",
	  "discounts":[{"id":"flash","amount":0.01},{"id":"x","amount":"2"}]}]},
	{"lines":[{"id":"c","product":{"id":"p","type":"pod"},"unit_price":"999999999999.999999","quantity":10}],"id":"s2"}]}} `

// read is what the library and the checks make of a body.
func read(body []byte) (*engine.Request, error) {
	var in quoteRequest
	if err := decode(body, &in); err != nil {
		return nil, err
	}
	return in.request()
}

// checkPlain holds readPlain to its promise and reports whether it took the
// body.
func checkPlain(t *testing.T, body []byte) bool {
	t.Helper()
	given := bytes.Clone(body)
	got, ok := readPlain(given)
	if !ok {
		return false
	}
	for i := range given {
		given[i] = 'x' // what was read must not be a part of the body
	}
	want, err := read(body)
	if err != nil {
		t.Fatalf("%s\nis plain, but refused: %v", body, err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("%s\nis read as %+v\nand plainly as %+v", body, want, got)
	}
	return true
}

func exampleOrders(t testing.TB) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob("../../../deploy/examples/0*.json")
	if err != nil || len(names) == 0 {
		t.Fatal("no example orders", err)
	}
	orders := map[string][]byte{"full": []byte(fullOrder)}
	for _, name := range names {
		if orders[filepath.Base(name)], err = os.ReadFile(name); err != nil {
			t.Fatal(err)
		}
	}
	return orders
}

func TestUsualOrdersArePlain(t *testing.T) {
	for name, body := range exampleOrders(t) {
		if !checkPlain(t, body) {
			t.Errorf("%s is not plain", name)
		}
	}
	for _, lines := range []int{1, 31, 32, 33, engine.MaxLines} {
		if !checkPlain(t, orderOf(lines)) {
			t.Errorf("an order of %d lines is not plain", lines)
		}
	}
}

// orderOf is an order of so many lines.
func orderOf(lines int) []byte {
	var all []string
	for i := range lines {
		all = append(all, `{"id":"l`+strconv.Itoa(i)+`","product":{"id":"p","type":"ordinary"},"unit_price":"0.305","quantity":2}`)
	}
	return []byte(`{"customer":{"id":"c"},"order":{"id":"o","type":"dropshipping","currency":"KWD","sub_orders":[{"id":"s","lines":[` +
		strings.Join(all, ",") + `]}]}}`)
}

func TestWhatIsNotPlainIsLeftToTheLibrary(t *testing.T) {
	for name, change := range map[string][2]string{
		"an escape":                   {`"s1"`, `"s\u0031"`},
		"an unknown member":           {`"select"`, `"selects"`},
		"a member in wrong case":      {`"customer"`, `"Customer"`},
		"a member twice":              {`"quantity":2`, `"quantity":2,"quantity":2`},
		"a null":                      {`"discounts":[]`, `"discounts":null`},
		"a member that is missing":    {`"quantity":2,`, ``},
		"an id twice":                 {`"id":"c"`, `"id":"a"`},
		"a sub-order twice":           {`"s2"`, `"s1"`},
		"a discount twice":            {`"id":"x"`, `"id":"flash"`},
		"a charge twice":              {`"tax"`, `"shipping"`},
		"no lines":                    {`"lines":[{"id":"c","product":{"id":"p","type":"pod"},"unit_price":"999999999999.999999","quantity":10}]`, `"lines":[]`},
		"an empty id":                 {`"id":"o"`, `"id":""`},
		"a long id":                   {`"id":"o"`, `"id":"` + strings.Repeat("x", 129) + `"`},
		"a control character":         {`"id":"o"`, "\"id\":\"\x7f\""},
		"a control character beyond":  {`"id":"o"`, "\"id\":\"\u0085\""},
		"a line separator":            {`"id":"o"`, "\"id\":\"\u2028\""},
		"broken UTF-8":                {`"id":"o"`, "\"id\":\"\xff\""},
		"an unknown currency":         {`"USD"`, `"XAU"`},
		"a quantity of zero":          {`"quantity":2`, `"quantity":0`},
		"a padded quantity":           {`"quantity":2`, `"quantity":02`},
		"a broken quantity":           {`"quantity":2`, `"quantity":2.0`},
		"a quantity beyond its bound": {`1000000,`, `1000001,`},
		"a quantity beyond an int64":  {`1000000,`, `10000000000000000000000000001,`},
		"a price below zero":          {`"12.35"`, `"-12.35"`},
		"a price with an exponent":    {`0.000001`, `1e-6`},
		"a price that is none":        {`"12.35"`, `""`},
		"a number that is none":       {`0.000001`, `.1`},
		"a discount of zero":          {`"amount":"1.500"`, `"amount":"0"`},
		"a discount too fine":         {`"amount":"1.500"`, `"amount":"1.501"`},
		"a charge too fine":           {`"4.99"`, `"4.999"`},
		"a line's discount of zero":   {`"amount":0.01`, `"amount":0.00`},
		"attributes in a list":        {`{"tier":"gold"}`, `["tier"]`},
		"attributes with one twice":   {`{"tier":"gold"}`, `{"tier":1,"tier":1}`},
		"attributes cut short":        {`{"tier":"gold"}`, `{"tier":"gold"`},
		"attributes in a text":        {`{"tier":"gold"}`, `{"tier":"gold}`},
		"something behind":            {`"s2"}]}} `, `"s2"}]}} 1`},
		"something before":            {`{"select"`, `1{"select"`},
		"commas":                      {`{"select"`, `{,"select"`},
		"one comma too many":          {`"s2"}]}}`, `"s2"}],}}`},
		"no comma":                    {`"id":"o","type"`, `"id":"o" "type"`},
		"no colon":                    {`"id":"o"`, `"id" "o"`},
	} {
		body := strings.Replace(fullOrder, change[0], change[1], 1)
		if body == fullOrder {
			t.Fatalf("%s: nothing was changed", name)
		}
		if checkPlain(t, []byte(body)) {
			t.Errorf("an order with %s is plain", name)
		}
	}
	if checkPlain(t, orderOf(engine.MaxLines+1)) {
		t.Error("an order with a line too many is plain")
	}
}

// Every order that is one byte away from a good one is either left to the
// library, or the library takes it as the same.
func TestPlainReadingNeverTakesMore(t *testing.T) {
	order := []byte(fullOrder)
	every := prove.Count(8, 1) // one in so many
	for at := range order {
		for i, b := range []byte("\x00 \n\"\\{}[]:,.-+01e9Eantu\x7f\x80\xe2\xff") {
			if (at+i)%every != 0 {
				continue
			}
			checkPlain(t, slices.Concat(order[:at], []byte{b}, order[at+1:]))
			checkPlain(t, slices.Concat(order[:at], []byte{b}, order[at:]))
		}
		checkPlain(t, slices.Concat(order[:at], order[at+1:]))
		checkPlain(t, order[:at])
	}
}

// FuzzPlainQuoteRequest: what is read plainly is what the library reads.
func FuzzPlainQuoteRequest(f *testing.F) {
	for _, body := range exampleOrders(f) {
		f.Add(body)
	}
	f.Add([]byte(smallOrder))
	f.Add(orderOf(33))
	f.Fuzz(func(t *testing.T, body []byte) { checkPlain(t, body) })
}

func BenchmarkReadPlain(b *testing.B) {
	body := exampleOrders(b)["01-bulk-dropshipping.json"]
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, ok := readPlain(body); !ok {
			b.Fatal("not plain")
		}
	}
}
