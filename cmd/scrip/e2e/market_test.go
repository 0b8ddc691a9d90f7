// Random customers, coupons and orders in the wire's own words, for tests that compare two that must agree. A seed is
// told when a test fails; equal seeds give equal orders.
package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"
)

// ownRules are an author's rules beside the shipped ones. They look at much more: attributes, numbers as they were
// written, the coupon in the product's decision, whole objects.
var ownRules = map[string]string{
	"order/own.rego": `package order

deny contains {"code": "own.tier", "message": json.marshal(input.order.attributes)} if input.order.attributes.tier == 1

deny contains {"code": "own.abroad", "message": "Not abroad."} if {
	object.get(input.customer.attributes, "vip", false) == true
	not input.order.currency in {"USD", "EUR"}
}
`,
	"product/own.rego": `package product

deny contains {"code": "own.quantity", "message": sprintf("%v is too much.", [input.line.quantity])} if {
	input.coupon.attributes.most < input.line.quantity
}

deny contains {"code": "own.tag", "message": tag} if some tag in input.line.product.attributes.tags

deny contains {"code": "own.secret", "message": concat("/", [sprintf("%v", [step]) | some step in path])} if {
	walk(input.line.product.attributes, [path, "secret"])
}
`,
	"coupon/own.rego": `package coupon

_told := json.marshal(input.customer.attributes)

deny contains {"code": "own.amount", "message": _told} if {
	input.coupon.kind == "amount"
	input.customer.attributes.vip
}

deny contains {"code": "own.words", "message": "Every attribute is a word."} if {
	count(input.coupon.attributes) > 0
	every value in input.coupon.attributes { is_string(value) }
}
`,
}

// oddAttributes are what clients may write: numbers that differ in their text only, nesting, letters beyond ASCII.
var oddAttributes = []string{
	`{}`, `{}`, `{"tier":1}`, `{"tier":1.0}`, `{"tier":10e-1}`, `{"tier":2,"vip":true}`, `{"vip":true}`, `{"vip":"no"}`, `{"tags":[]}`,
	`{"tags":["ü","\u0041\n"]}`, `{"a":{"b":[null,1e2,{"c":"secret"}]}}`, `{"Z":-0,"z":0.10,"\"":"<&>"}`, `{"n":12345678901234567890}`,
}

// terms of the campaigns, the last two for coupons that are not available any more.
var terms = []string{
	half, tenth + `,"attributes":{"most":2}`, `"discount":{"percent":"20"},"minimum_spend":"40.00","currency":"USD"`,
	`"discount":{"amount":"5.00","currency":"USD"},"attributes":{"a":"x","b":"y"}`, `"discount":{"amount":"300","currency":"JPY"},"minimum_spend":"5000"`,
	`"discount":{"percent":"30"},"starts_at":"2099-01-01T00:00:00Z","attributes":{"most":2.5}`, `"discount":{"percent":"7.5"},"maximum_discount":"1.00","currency":"EUR"`,
	`"discount":{"percent":"3"}`, `"discount":{"percent":"4"},"valid_for":"1s"`,
}

// market is customers with their coupons, known to the ledger, and orders drawn at random.
type market struct {
	*rand.Rand
	customers []string
	blocked   map[string]bool
	coupons   map[string][]coupon // by customer, whatever their status
	short     string              // the last coupon issued that lives a second
	orders    int
}

// listedCustomer is on the blocklist in the policies' own data.
const listedCustomer = "listed"

// openMarket fills the ledger. Everything in it is settled when it returns: no status changes any more.
func openMarket(t *testing.T, s *sidecar) *market {
	t.Helper()
	seed := rand.Uint64()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	})
	m := &market{Rand: rand.New(rand.NewPCG(seed, 0)), blocked: map[string]bool{}, coupons: map[string][]coupon{}}
	campaigns := make([]string, 0, len(terms))
	for _, members := range terms {
		campaigns = append(campaigns, s.campaign(t, members))
	}
	m.customers = append(m.customers, listedCustomer)
	for range 24 {
		m.customers = append(m.customers, unique("shopper"))
	}
	for i, customer := range m.customers {
		m.handOut(t, s, campaigns, customer)
		if i%8 == 7 {
			s.block(t, customer)
			m.blocked[customer] = true
		}
	}
	if m.short != "" {
		s.awaitStatus(t, m.short, "expired")
	}
	for _, customer := range m.customers {
		m.coupons[customer] = s.held(t, customer, "limit=500")
	}
	return m
}

// handOut gives the customer coupons of some campaigns. Those of the last two are revoked, and short-lived.
func (m *market) handOut(t *testing.T, s *sidecar, campaigns []string, customer string) {
	t.Helper()
	for c, campaign := range campaigns {
		if m.IntN(2) == 0 {
			continue
		}
		switch issued := s.issue(t, campaign, customer); c {
		case len(campaigns) - 2:
			s.revoke(t, issued.ID)
		case len(campaigns) - 1:
			m.short = issued.ID
		}
	}
}

// marketPolicies is the shipped folder with a customer on its blocklist, and with an author's files.
func marketPolicies(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := policyFolder(t, files)
	write(t, dir+"/order/data.json", `{"allowed_types": ["dropshipping"], "blocklist": ["`+listedCustomer+`"]}`)
	return dir
}

type wireRequest struct {
	Customer wireThing `json:"customer"`
	Order    wireOrder `json:"order"`
	Select   string    `json:"select"`
}

type wireThing struct {
	ID         string          `json:"id"`
	Type       string          `json:"type,omitempty"`
	Attributes json.RawMessage `json:"attributes"`
}

type wireOrder struct {
	wireThing
	Currency  string         `json:"currency"`
	Discounts []wireAmount   `json:"discounts"`
	Charges   []wireAmount   `json:"charges"`
	SubOrders []wireSubOrder `json:"sub_orders"`
}

type wireAmount struct {
	ID     string `json:"id"`
	Amount string `json:"amount"`
}

type wireSubOrder struct {
	ID    string     `json:"id"`
	Lines []wireLine `json:"lines"`
}

type wireLine struct {
	ID        string       `json:"id"`
	Product   wireThing    `json:"product"`
	UnitPrice string       `json:"unit_price"`
	Quantity  int64        `json:"quantity"`
	Discounts []wireAmount `json:"discounts"`
	minor     int64        // its original, in minor units
}

func (r wireRequest) body() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (r wireRequest) lines() (all []wireLine) {
	for _, sub := range r.Order.SubOrders {
		all = append(all, sub.Lines...)
	}
	return all
}

func pick[T any](m *market, of ...T) T { return of[m.IntN(len(of))] }

func (m *market) attributes() json.RawMessage { return json.RawMessage(pick(m, oddAttributes...)) }

// amount writes minor units as the wire does.
func amount(minor int64, currency string) string {
	n := digits[currency]
	text := fmt.Sprintf("%0*d", n+1, minor)
	return strings.TrimSuffix(text[:len(text)-n]+"."+text[len(text)-n:], ".")
}

// sometimes is a discount of one minor unit, or none.
func (m *market) sometimes(one int, currency string) []wireAmount {
	if m.IntN(one) > 0 {
		return []wireAmount{}
	}
	return []wireAmount{{ID: "flash", Amount: amount(1, currency)}}
}

// order draws an order with an id of its own.
func (m *market) order() wireRequest {
	m.orders++
	currency := pick(m, "USD", "USD", "EUR", "JPY")
	r := wireRequest{
		Customer: wireThing{ID: pick(m, m.customers...), Attributes: m.attributes()},
		Order: wireOrder{
			wireThing: wireThing{ID: fmt.Sprintf("O-%d", m.orders), Attributes: m.attributes(),
				Type: pick(m, "dropshipping", "dropshipping", "dropshipping", "dropshipping", "dropshipping", "dropshipping", "sample", "Dropshipping")},
			Currency: currency, Discounts: m.sometimes(12, currency), Charges: []wireAmount{{ID: "shipping", Amount: amount(m.Int64N(900), currency)}},
		},
		Select: pick(m, "best", "best", "best", "none"),
	}
	if held := m.coupons[r.Customer.ID]; len(held) > 0 && m.IntN(3) == 0 {
		r.Select = pick(m, held...).ID
	}
	for s := range 1 + m.IntN(3) {
		sub := wireSubOrder{ID: fmt.Sprintf("S%d", s)}
		for l := range 1 + m.IntN(4) {
			sub.Lines = append(sub.Lines, m.line(fmt.Sprintf("L%d-%d", s, l), currency))
		}
		r.Order.SubOrders = append(r.Order.SubOrders, sub)
	}
	return r
}

func (m *market) line(id, currency string) wireLine {
	price, quantity := 100+m.Int64N(1900), 1+m.Int64N(4)
	return wireLine{
		ID: id, UnitPrice: amount(price, currency), Quantity: quantity, minor: price * quantity, Discounts: m.sometimes(8, currency),
		Product: wireThing{ID: fmt.Sprintf("P%d", m.IntN(50)), Attributes: m.attributes(), Type: pick(m, "ordinary", "ordinary", "ordinary",
			"ordinary", "ordinary", "ordinary", "ordinary", "supplier", "combo", "video", "service", "pod", "virtual", "Ordinary", "gift")},
	}
}

// facts of a coupon as policies see them (Contract §8), less what rests on amounts.
func facts(c coupon, r wireRequest, now time.Time) map[string]any {
	window, kind := "open", "percent"
	switch {
	case now.Before(c.StartsAt):
		window = "pending"
	case c.ExpiresAt != nil && !now.Before(*c.ExpiresAt):
		window = "ended"
	}
	if c.Discount["amount"] != "" {
		kind = "amount"
	}
	attributes := map[string]json.RawMessage{}
	if c.Attributes != nil {
		attributes = c.Attributes
	}
	return map[string]any{
		"id": c.ID, "campaign_id": c.CampaignID, "owned": c.CustomerID == r.Customer.ID, "status": c.Status, "window": window,
		"currency_matches": c.Currency == nil || *c.Currency == r.Order.Currency, "kind": kind, "attributes": attributes,
	}
}

// tryQuote asks and expects a quote or a refusal of the coupon that was selected.
func (s *sidecar) tryQuote(t testing.TB, r wireRequest) answer {
	t.Helper()
	a := s.post(t, "/v1/quotes", r.body())
	if a.status != http.StatusCreated {
		a.refusal(t, http.StatusUnprocessableEntity, "coupon.not_applicable")
	}
	return a
}
