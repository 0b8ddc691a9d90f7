// Ids given by clients: 1 to 128 bytes of UTF-8, compared byte for byte, percent-encoded in paths (Contract §3).
package e2e

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

var badIDs = map[string]string{
	"empty":                         ``,
	"129 bytes":                     strings.Repeat("a", 129),
	"129 bytes in 43 letters":       strings.Repeat("☃", 43),
	"NUL":                           `a\u0000`,
	"a control character":           `a\u001fb`,
	"a new line":                    `a\nb`,
	"DEL":                           `a\u007f`,
	"a C1 control character":        `a\u0085b`,
	"a line separator":              `a\u2028b`,
	"a line separator in UTF-8":     "a\u2028b",
	"a paragraph separator":         `a\u2029b`,
	"a paragraph separator as such": "\u2029",
}

var goodIDs = map[string]string{
	"1 byte":                  `a`,
	"128 bytes":               strings.Repeat("a", 128),
	"126 bytes in 42 letters": strings.Repeat("☃", 42),
	"a space":                 ` `,
	"slashes and dots":        `../a//b/./c`,
	"quotes":                  `\"'<>&`,
	"an emoji by escapes":     `\ud83d\ude00`,
	"right to left":           `שלום`,
	"no-break space":          "\u00a0",
}

// places where a client gives an id in a quote's request.
var places = []struct{ pointer, old string }{
	{"/customer/id", `"id":"c"`},
	{"/order/id", `"id":"O-1"`},
	{"/order/charges/0/id", `"id":"shipping"`},
	{"/order/sub_orders/0/id", `"id":"S1"`},
	{aLine + "/id", `"id":"A"`},
	{aLine + "/product/id", `"id":"P1"`},
}

func TestIDsInAQuoteKeepTheRules(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, place := range places {
		for name, id := range badIDs {
			t.Run(place.pointer+" "+name, func(t *testing.T) {
				s.post(t, "/v1/quotes", orderOf(t, "c", place.old, `"id":"`+id+`"`)).invalid(t, place.pointer)
			})
		}
		for name, id := range goodIDs {
			t.Run(place.pointer+" "+name, func(t *testing.T) {
				s.quote(t, orderOf(t, "c", place.old, `"id":"`+id+`"`))
			})
		}
		for _, other := range []string{`1`, `true`, `["a"]`, `{}`} {
			s.post(t, "/v1/quotes", orderOf(t, "c", place.old, `"id":`+other)).invalid(t, place.pointer+"*")
		}
	}
}

func TestDiscountIDsKeepTheRules(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for name, id := range badIDs {
		t.Run(name, func(t *testing.T) {
			one := `"discounts":[{"id":"` + id + `","amount":"1"}]`
			s.post(t, "/v1/quotes", orderOf(t, "c", `"discounts":[]`, one)).invalid(t, "/order/discounts/0/id")
			s.post(t, "/v1/quotes", orderOf(t, "c", `"quantity":2`, `"quantity":2,`+one)).invalid(t, aLine+"/discounts/0/id")
		})
	}
}

func TestIDsInAdminBodiesKeepTheRules(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	campaign := s.campaign(t, half)
	for name, id := range badIDs {
		t.Run(name, func(t *testing.T) {
			s.admin(t, http.MethodPost, "/admin/v1/campaigns", `{"id":"`+id+`","name":"n",`+half+`}`).invalid(t, "/id")
			s.admin(t, http.MethodPost, issuePath(campaign), `{"customer_id":"`+id+`"}`).invalid(t, "/customer_id")
			s.admin(t, http.MethodPost, issuePath(campaign), `{"customer_ids":["a","`+id+`"]}`).invalid(t, "/customer_ids/1")
		})
	}
}

// Each differs from all others byte for byte, also where a form decoder or a path cleaner would make them one.
var pathIDs = []string{
	"a/b", "a", "b", "a%2Fb", "a+b", "a b", "a%20b", "100%", "100%25", "ü", "u\u0308", "☃/☃", "a?b", "a#b", "a;b=c", ".", "..", "../a", "a//b",
	"/", "//", "%", "+", "~", "a:b", "A", "a\\b", "pause", "x/pause", "\U0001f600", `"`,
}

func TestIDsTravelInPathsPercentEncoded(t *testing.T) {
	t.Parallel()
	s := start(t) // the ids are not unique to this test
	held := map[string]string{}
	for _, id := range pathIDs {
		s.admin(t, http.MethodPost, "/admin/v1/campaigns", campaignBody(id, half+`,"per_customer":100`)).want(t, http.StatusCreated)
	}
	for _, id := range pathIDs {
		t.Run(id, func(t *testing.T) {
			var campaign struct{ ID string }
			s.admin(t, http.MethodGet, "/admin/v1/campaigns/"+everyByte(id), "").want(t, http.StatusOK).into(t, &campaign)
			if campaign.ID != id {
				t.Errorf("campaign %q came back as %q", id, campaign.ID)
			}
			c := s.issue(t, id, id)
			if c.CampaignID != id || c.CustomerID != id {
				t.Errorf("coupon of %q for %q", c.CampaignID, c.CustomerID)
			}
			held[id] = c.ID
		})
	}
	for _, id := range pathIDs {
		var p page[coupon]
		s.get(t, "/v1/customers/"+everyByte(id)+"/coupons").want(t, http.StatusOK).into(t, &p)
		if p.Items == nil || len(*p.Items) != 1 || (*p.Items)[0].ID != held[id] {
			t.Errorf("customer %q: %+v", id, p.Items)
		}
		if q := s.quote(t, strings.Replace(order, `"CUSTOMER"`, quoted(id), 1)); q.CustomerID != id || q.chosen() != held[id] {
			t.Errorf("customer %q gets the quote of %q with %q", id, q.CustomerID, q.chosen())
		}
	}
}

// everyByte encodes all but letters and digits, so that dots and plus signs are told from what a client may tidy up.
func everyByte(id string) string {
	var out strings.Builder
	for _, b := range []byte(id) {
		switch {
		case b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z':
			out.WriteByte(b)
		default:
			const hex = "0123456789ABCDEF"
			out.Write([]byte{'%', hex[b>>4], hex[b&15]})
		}
	}
	return out.String()
}

// Lower-case digits, plus signs and unreserved characters left as they are mean the same path.
func TestPathsMayBeEncodedInSeveralWays(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c") + "+ü/~x"
	c := s.give(t, customer, half)
	for _, path := range []string{everyByte(customer), url.PathEscape(customer), strings.ToLower(url.PathEscape(customer)), strings.ReplaceAll(everyByte(customer), "%2B", "+")} {
		var p page[coupon]
		s.get(t, "/v1/customers/"+path+"/coupons").want(t, http.StatusOK).into(t, &p)
		if p.Items == nil || len(*p.Items) != 1 || (*p.Items)[0].ID != c.ID {
			t.Errorf("%s: %+v", path, p.Items)
		}
	}
}

// Interpretation: an id in a path that breaks the rules is 422 where a new thing would be written or a list read, since
// no such customer can be.
func TestIDsInPathsKeepTheRules(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for name, id := range map[string]string{
		"129 bytes": strings.Repeat("a", 129), "NUL": "a%00", "a new line": "a%0Ab", "DEL": "%7F", "C1": "%C2%85",
		"a line separator": "%E2%80%A8", "not UTF-8": "%FF", "a surrogate": "%ED%A0%80",
	} {
		t.Run(name, func(t *testing.T) {
			s.admin(t, http.MethodPut, "/admin/v1/blocklist/"+id, `{"reason":"x"}`).refusal(t, http.StatusUnprocessableEntity, "request.invalid")
			s.post(t, "/v1/customers/"+id+"/registrations", `{}`).refusal(t, http.StatusUnprocessableEntity, "request.invalid")
			s.get(t, "/v1/customers/"+id+"/coupons").refusal(t, http.StatusUnprocessableEntity, "request.invalid")
		})
	}
}
