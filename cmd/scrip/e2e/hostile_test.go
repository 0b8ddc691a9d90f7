// Requests that nobody should send (Contract §3). Each is refused with a JSON Pointer and changes nothing.
package e2e

import (
	"net/http"
	"strings"
	"testing"
)

const (
	aLine = "/order/sub_orders/0/lines/0"
	deep  = 200_000 // levels; far beyond any order, within the body bound
)

// hostile is a change of the plain order with where the fault must point.
type hostile struct {
	name, old, change string
	pointers          []string
}

func at(pointers ...string) []string { return pointers }

// Interpretation: an unknown, repeated or missing member is named by the pointer of that member itself, not of its
// parent (a missing object may be told by the members that it lacks); a fault of the text as such points anywhere. A
// fault of the whole document is at "", which is a pointer too and must be there.
var hostileOrders = []hostile{
	{"unknown field at the top", `"customer"`, `"colour":1,"customer"`, at("/colour")},
	{"unknown field in the order", `"id":"O-1"`, `"id":"O-1","colour":"red"`, at("/order/colour")},
	{"unknown field in a line", `"quantity":2`, `"quantity":2,"colour":null`, at(aLine + "/colour")},
	{"unknown field whose name needs escaping", `"quantity":2`, `"quantity":2,"a/b~c":1`, at(aLine + "/a~1b~0c")},
	{"unknown field in a product", `"type":"ordinary"`, `"type":"ordinary","price":1`, at(aLine + "/product/price")},
	{"unknown field in a charge", `"amount":"4.99"`, `"amount":"4.99","tax":"1"`, at("/order/charges/0/tax")},
	{"duplicate key", `"id":"O-1"`, `"id":"O-1","id":"O-1"`, at("/order/id")},
	{"duplicate key told by an escape", `"id":"O-1"`, `"id":"O-1","\u0069d":"O-1"`, at("/order/id")},
	{"duplicate key in attributes", `"id":"O-1"`, `"id":"O-1","attributes":{"a":{"b":1,"b":2}}`, at("/order/attributes/a/b")},
	{"duplicate select", wantsBest, `"select":"best","select":"none"`, at("/select")},
	{"wrong case", `"order"`, `"Order"`, at("/Order", "/order")},
	{"wrong case deep down", `"unit_price"`, `"Unit_Price"`, at(aLine+"/Unit_Price", aLine+"/unit_price")},
	{"camel case", `"sub_orders"`, `"subOrders"`, at("/order/subOrders", "/order/sub_orders")},
	{"trailing data", wantsBest + `}`, wantsBest + `}{}`, at("*")},
	{"trailing bracket", wantsBest + `}`, wantsBest + `}]`, at("*")},
	{"trailing comma", wantsBest + `}`, wantsBest + `,}`, at("*")},
	{"cut short", wantsBest + `}`, wantsBest, at("*")},
	{"a comment", wantsBest, `/* best */` + wantsBest, at("*")},
	{"single quotes", `"best"`, `'best'`, at("*")},
	{"a raw control character in a string", `"O-1"`, "\"O-\n1\"", at("*")},
	{"invalid UTF-8", `"O-1"`, "\"O-\xff\"", at("*")},
	{"invalid UTF-8 in attributes", `"id":"O-1"`, "\"id\":\"O-1\",\"attributes\":{\"a\":\"\xc3\"}", at("*")},
	{"invalid UTF-8 in a key", `"id":"O-1"`, "\"id\":\"O-1\",\"attributes\":{\"\xfe\":1}", at("*")},
	{"overlong UTF-8", `"O-1"`, "\"\xc0\xaf\"", at("*")},
	{"a surrogate in UTF-8", `"O-1"`, "\"\xed\xa0\x80\"", at("*")},
	{"lone high surrogate", `"O-1"`, `"\ud83d"`, at("*")},
	{"lone low surrogate", `"O-1"`, `"\ude00x"`, at("*")},
	{"surrogates in the wrong order", `"O-1"`, `"\ude00\ud83d"`, at("*")},
	{"lone surrogate in attributes", `"id":"O-1"`, `"id":"O-1","attributes":{"a":"\udfff"}`, at("*")},
	{"lone surrogate in a key", `"id":"O-1"`, `"id":"O-1","attributes":{"\ud800":1}`, at("*")},
	{"deep nesting", `"id":"O-1"`, `"id":"O-1","attributes":{"a":` + strings.Repeat("[", deep) + strings.Repeat("]", deep) + `}`, at("*")},
	{"deep nesting that does not end", `"id":"O-1"`, `"id":"O-1","attributes":` + strings.Repeat(`{"a":`, deep/2), at("*")},
	{"quantity 0", `"quantity":2`, `"quantity":0`, at(aLine + "/quantity")},
	{"quantity -1", `"quantity":2`, `"quantity":-1`, at(aLine + "/quantity")},
	{"quantity 1.5", `"quantity":2`, `"quantity":1.5`, at(aLine + "/quantity")},
	{"quantity 1e9", `"quantity":2`, `"quantity":1e9`, at(aLine + "/quantity")},
	{"quantity 1000001", `"quantity":2`, `"quantity":1000001`, at(aLine + "/quantity")},
	{"quantity beyond 64 bits", `"quantity":2`, `"quantity":18446744073709551618`, at(aLine + "/quantity")},
	{"quantity as text", `"quantity":2`, `"quantity":"2"`, at(aLine + "/quantity")},
	{"quantity true", `"quantity":2`, `"quantity":true`, at(aLine + "/quantity")},
	{"duplicate line id", `"quantity":2}`, `"quantity":2},{"id":"A","product":{"id":"P1","type":"ordinary"},"unit_price":"1","quantity":1}`, at("/order/sub_orders/0/lines/1*")},
	{"duplicate line id in another sub-order", `"quantity":2}]}`, `"quantity":2}]},{"id":"S2","lines":[{"id":"A","product":{"id":"P1","type":"ordinary"},"unit_price":"1","quantity":1}]}`, at("/order/sub_orders/1*")},
	{"duplicate sub-order id", `"quantity":2}]}`, `"quantity":2}]},{"id":"S1","lines":[{"id":"B","product":{"id":"P1","type":"ordinary"},"unit_price":"1","quantity":1}]}`, at("/order/sub_orders/1*")},
	{"duplicate charge id", `{"id":"shipping","amount":"4.99"}`, `{"id":"shipping","amount":"4.99"},{"id":"shipping","amount":"1"}`, at("/order/charges/1*")},
	{"duplicate discount id of the order", `"discounts":[]`, `"discounts":[{"id":"d","amount":"1"},{"id":"d","amount":"1"}]`, at("/order/discounts/1*")},
	{"duplicate discount id of a line", `"quantity":2`, `"quantity":2,"discounts":[{"id":"d","amount":"1"},{"id":"d","amount":"1"}]`, at(aLine + "/discounts/1*")},
	{"no sub-orders", `[{"id":"S1","lines":[{"id":"A","product":{"id":"P1","type":"ordinary"},"unit_price":"10.00","quantity":2}]}]`, `[]`, at("/order/sub_orders")},
	{"no lines", `[{"id":"A","product":{"id":"P1","type":"ordinary"},"unit_price":"10.00","quantity":2}]`, `[]`, at("/order/sub_orders/0/lines")},
	{"a sub-order without lines beside one with", `"quantity":2}]}`, `"quantity":2}]},{"id":"S2","lines":[]}`, at("/order/sub_orders/1/lines")},
	{"line discount above the price", `"quantity":2`, `"quantity":2,"discounts":[{"id":"d","amount":"20.01"}]`, at(aLine + "*")},
	{"line discounts above the price together", `"quantity":2`, `"quantity":2,"discounts":[{"id":"d","amount":"20"},{"id":"e","amount":"0.01"}]`, at(aLine + "*")},
	{"order discount above the price", `"discounts":[]`, `"discounts":[{"id":"d","amount":"20.01"}]`, at("/order/discounts*")},
	{"an empty select", wantsBest, `"select":""`, at("/select")},
	{"select as a number", wantsBest, `"select":1`, at("/select")},
	{"attributes as a list", `"id":"O-1"`, `"id":"O-1","attributes":[]`, at("/order/attributes")},
	{"attributes as text", `{"id":"P1"`, `{"attributes":"{}","id":"P1"`, at(aLine + "/product/attributes")},
	{"a list for an object", `{"id":"P1","type":"ordinary"}`, `[]`, at(aLine + "/product*")},
	{"an object for a list", `"discounts":[]`, `"discounts":{}`, at("/order/discounts")},
	{"an empty type", `"dropshipping"`, `""`, at("/order/type")},
	{"an order type of 129 bytes", `"dropshipping"`, `"` + strings.Repeat("t", 129) + `"`, at("/order/type")},
	{"a product type of 129 bytes", `"ordinary"`, `"` + strings.Repeat("ü", 64) + `t"`, at(aLine + "/product/type")},
	{"currency in lower case", `"USD"`, `"usd"`, at("/order/currency")},
	{"unknown currency", `"USD"`, `"ZZZ"`, at("/order/currency")},
	{"gold has no minor units", `"USD"`, `"XAU"`, at("/order/currency")},
	{"no currency", `"USD"`, `"XXX"`, at("/order/currency")},
	{"a testing code", `"USD"`, `"XTS"`, at("/order/currency")},
	{"a currency of the past", `"USD"`, `"DEM"`, at("/order/currency")},
	{"an empty currency", `"USD"`, `""`, at("/order/currency")},
}

func TestHostileOrdersAreRefusedWithAPointer(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, c := range hostileOrders {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s.post(t, "/v1/quotes", orderOf(t, "c", c.old, c.change)).invalid(t, c.pointers...)
		})
	}
}

func TestBodiesThatAreNoObjectAreRefused(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, body := range []string{"[]", `"x"`, "null", "1", "true", " ", "{", "}", "not json", "\x00", "[" + order + "]", `{} {}`} {
		s.post(t, "/v1/quotes", body).invalid(t)
	}
	s.do(t, call{path: "/v1/quotes", mediaType: "application/json"}).invalid(t) // an empty body
	s.do(t, call{path: "/v1/quotes", mediaType: "application/json", body: "{}"}).invalid(t, "/customer*", "/order*")
}

// members of the plain order that have no default, in the order's own spelling; each is required and none may be null.
var required = []struct{ member, pointer string }{
	{`"customer":{"id":"c"}`, "/customer*"},
	{`"id":"c"`, "/customer/id"},
	{`"id":"O-1"`, "/order/id"},
	{`"type":"dropshipping"`, "/order/type"},
	{`"currency":"USD"`, "/order/currency"},
	{`"id":"shipping"`, "/order/charges/0/id"},
	{`"amount":"4.99"`, "/order/charges/0/amount"},
	{`"id":"S1"`, "/order/sub_orders/0/id"},
	{`"id":"A"`, aLine + "/id"},
	{`"product":{"id":"P1","type":"ordinary"}`, aLine + "/product*"},
	{`"id":"P1"`, aLine + "/product/id"},
	{`"type":"ordinary"`, aLine + "/product/type"},
	{`"unit_price":"10.00"`, aLine + "/unit_price"},
	{`"quantity":2`, aLine + "/quantity"},
}

func TestRequiredMembersMayNeitherBeMissingNorNull(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, c := range required {
		t.Run(c.pointer, func(t *testing.T) {
			without := orderOf(t, "c", c.member, "")
			for _, tidy := range [][2]string{{",,", ","}, {"{,", "{"}, {",}", "}"}} {
				without = strings.Replace(without, tidy[0], tidy[1], 1)
			}
			s.post(t, "/v1/quotes", without).invalid(t, c.pointer)
			name, _, _ := strings.Cut(c.member, ":")
			s.post(t, "/v1/quotes", orderOf(t, "c", c.member, name+":null")).invalid(t, c.pointer)
		})
	}
}

// Members with a default: null is not the same as leaving them out, and is refused.
func TestNullIsNotADefault(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, c := range []hostile{
		{"", wantsBest, `"select":null`, at("/select")},
		{"", `"discounts":[]`, `"discounts":null`, at("/order/discounts")},
		{"", `"charges":[{"id":"shipping","amount":"4.99"}]`, `"charges":null`, at("/order/charges")},
		{"", `"charges":[{"id":"shipping","amount":"4.99"}]`, `"charges":[null]`, at("/order/charges/0*")},
		{"", `"id":"O-1"`, `"id":"O-1","attributes":null`, at("/order/attributes")},
		{"", `"id":"c"`, `"id":"c","attributes":null`, at("/customer/attributes")},
		{"", `"id":"P1"`, `"id":"P1","attributes":null`, at(aLine + "/product/attributes")},
		{"", `"quantity":2`, `"quantity":2,"discounts":null`, at(aLine + "/discounts")},
		{"", `"quantity":2`, `"quantity":2,"discounts":[null]`, at(aLine + "/discounts/0*")},
		{"", `"quantity":2}`, `"quantity":2},null`, at("/order/sub_orders/0/lines/1*")},
		{"", `"quantity":2}]}`, `"quantity":2}]},null`, at("/order/sub_orders/1*")},
	} {
		t.Run(c.pointers[0], func(t *testing.T) {
			s.post(t, "/v1/quotes", orderOf(t, "c", c.old, c.change)).invalid(t, c.pointers...)
		})
	}
}

// Interpretation: attributes are free JSON, so a number that no float holds is allowed in them.
func TestWhatLooksHostileButIsAllowed(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, c := range []hostile{
		{"a null inside attributes is the author's affair", `"id":"O-1"`, `"id":"O-1","attributes":{"a":null,"b":[1e400,{"c":false}]}`, nil},
		{"a line, a sub-order and a charge of one name", `"id":"S1"`, `"id":"A"`, nil},
		{"one discount id in two lists", `"discounts":[]`, `"discounts":[{"id":"A","amount":"1"}]`, nil},
		{"quantity 1,000,000", `"quantity":2`, `"quantity":1000000`, nil},
		{"a type of 128 bytes", `"dropshipping"`, `"` + strings.Repeat("t", 128) + `"`, nil},
		{"a surrogate pair", `"O-1"`, `"\ud83d\ude00"`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s.quote(t, orderOf(t, "c", c.old, c.change))
		})
	}
}

func TestTheHostileLeaveNothingBehind(t *testing.T) {
	t.Parallel()
	s := start(t)
	id := unique("camp")
	for _, body := range []string{
		campaignBody(id, half+`,"colour":1`), campaignBody(id, half) + "x", campaignBody(id, half+`,"attributes":{"a":"`+"\xff"+`"}`),
	} {
		s.admin(t, http.MethodPost, "/admin/v1/campaigns", body).invalid(t)
	}
	s.admin(t, http.MethodGet, "/admin/v1/campaigns/"+id, "").refusal(t, http.StatusNotFound, "campaign.not_found")
	s.admin(t, http.MethodPost, issuePath("welcome"), `{"customer_id":"c","customer_id":"d"}`).invalid(t)
	s.admin(t, http.MethodPut, blockPath("c"), `{"reason":"\ud800"}`).invalid(t)
	s.post(t, "/v1/customers/c/registrations", `{"attributes":{"a":1,"a":2}}`).invalid(t)
	if q := s.quote(t, orderOf(t, "c")); len(q.Coupons) > 0 || len(q.Denials) > 0 {
		t.Errorf("%+v %+v", q.Coupons, q.Denials)
	}
}
