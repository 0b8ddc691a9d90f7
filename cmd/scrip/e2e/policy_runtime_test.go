// Policies that fail while they run, that look at the clock, and authors' own rules (Contract §4 and §8).
package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// endless is a condition that no machine comes to the end of. It uses no builtin but plus.
func endless() string {
	var loops, sum []string
	for _, name := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
		loops = append(loops, "some "+name+" in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]\n\t")
		sum = append(sum, name)
	}
	return strings.Join(loops, "") + strings.Join(sum, " + ") + " < 0"
}

// unsound adds three rules to a package that fail where bad says so: one never ends, one has two values at once, and
// one (interpretation) gives no reason object, which is no decision.
func unsound(pkg, bad string) map[string]string {
	return map[string]string{
		pkg + "/endless.rego": denial(pkg, bad+` == "endless"`+"\n\t"+endless()),
		pkg + "/torn.rego":    denial(pkg, "_torn == 1") + "\n_torn := 1 if " + bad + ` == "torn"` + "\n\n_torn := 2 if " + bad + ` == "torn"` + "\n",
		pkg + "/text.rego":    "package " + pkg + "\n\ndeny contains \"no reason object\" if " + bad + ` == "text"` + "\n",
	}
}

func TestAPolicyThatFailsWhileItRunsGivesFullPrice(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	for pkg, bad := range map[string]string{
		"order": "input.order.attributes.bad", "product": "input.line.product.attributes.bad", "coupon": "input.coupon.attributes.bad",
	} {
		for name, text := range unsound(pkg, bad) {
			files[name] = text
		}
	}
	s := start(t, withFlag("policies", policyFolder(t, files)))
	for _, fault := range []string{"endless", "torn", "text"} {
		bad := `"attributes":{"bad":"` + fault + `"}`
		for _, c := range []struct{ name, members, old, change string }{
			{"order " + fault, half, `"id":"O-1"`, `"id":"O-1",` + bad},
			{"product " + fault, half, `"id":"P1"`, `"id":"P1",` + bad},
			{"coupon " + fault, half + "," + bad, `"O-1"`, `"O-2"`},
		} {
			t.Run(c.name, func(t *testing.T) {
				customer := unique("c")
				held := s.give(t, customer, c.members)
				s.failsClosed(t, orderOf(t, customer, c.old, c.change), held.ID)
			})
		}
	}
	customer := unique("c") // and the sound orders of the same sidecar are priced as ever
	s.give(t, customer, half)
	if q := s.quote(t, orderOf(t, customer)); q.Totals.CouponDiscount != "10.00" || len(q.Denials) > 0 {
		t.Errorf("a sound order: %+v", q)
	}
}

// failsClosed expects the full price with policy.error, soon, and never from the cache.
func (s *sidecar) failsClosed(t *testing.T, body, held string) {
	t.Helper()
	began := time.Now()
	q := s.quote(t, body)
	if took := time.Since(began); took > 5*time.Second { // interpretation: the contract gives no number for the deadline
		t.Errorf("it took %v", took)
	}
	if !slices.Equal(codes(q.Denials), []string{"policy.error"}) || q.Selection.By != "unavailable" || q.Totals.Payable != "24.99" {
		t.Errorf("denials %v, selection %+v, totals %+v", q.Denials, q.Selection, q.Totals)
	}
	if again := s.quote(t, body); again.ID == q.ID {
		t.Error("the failed quote is shared")
	}
	p := s.post(t, "/v1/quotes", swap(t, body, wantsBest, wants(held))).refusal(t, http.StatusUnprocessableEntity, "coupon.not_applicable")
	if !slices.Contains(codes(p.Reasons), "policy.error") {
		t.Errorf("reasons %v", p.Reasons)
	}
}

// One that never ends must not keep others waiting for long.
func TestEndlessRulesDoNotStarveOthers(t *testing.T) {
	t.Parallel()
	s := start(t, withFlag("policies", policyFolder(t, unsound("order", "input.order.attributes.bad"))))
	bad := orderOf(t, "c", `"id":"O-1"`, `"id":"O-1","attributes":{"bad":"endless"}`)
	for i, a := range s.storm(t, 12, func(i int) call {
		return call{path: "/v1/quotes", body: map[bool]string{true: bad, false: orderOf(t, unique("c"))}[i%2 == 0]}
	}) {
		var q quote
		a.want(t, http.StatusCreated).into(t, &q)
		if failed := len(q.Denials) > 0; failed != (i%2 == 0) {
			t.Errorf("call %d: %v", i, q.Denials)
		}
	}
}

func TestAQuoteWhosePolicyLooksAtNowIsNotShared(t *testing.T) {
	t.Parallel()
	for _, pkg := range []string{"order", "product", "coupon"} {
		t.Run(pkg, func(t *testing.T) {
			t.Parallel()
			s := start(t, withFlag("policies", policyFolder(t, map[string]string{pkg + "/now.rego": denial(pkg, "input.now < 0")})))
			s.give(t, "c", half)
			a, b := s.quote(t, orderOf(t, "c")), s.quote(t, orderOf(t, "c"))
			if a.ID == b.ID || a.Totals != b.Totals || a.Totals.CouponDiscount != "10.00" {
				t.Errorf("%s for %+v, %s for %+v", a.ID, a.Totals, b.ID, b.Totals)
			}
		})
	}
}

func TestNowIsInUnixSeconds(t *testing.T) {
	t.Parallel()
	s := start(t, withFlag("policies", policyFolder(t, map[string]string{"order/now.rego": denial("order", "input.now > 1700000000\n\tinput.now < 4000000000")})))
	if q := s.quote(t, orderOf(t, "c")); !slices.Equal(codes(q.Denials), []string{"author.rule"}) {
		t.Errorf("%+v", q.Denials)
	}
}

// A line's eligibility may depend on the coupon; the base is that of each coupon's own lines.
func TestAuthorsMayTieACouponToProducts(t *testing.T) {
	t.Parallel()
	s := start(t, withFlag("policies", policyFolder(t, map[string]string{
		"product/tied.rego": denial("product", "input.coupon.attributes.only != input.line.product.id"),
	})))
	tied := s.give(t, "c", half+`,"attributes":{"only":"P1"}`)
	free := s.give(t, "c", tenth)
	second := []string{`"quantity":2}`, `"quantity":2},{"id":"B","product":{"id":"P2","type":"ordinary"},"unit_price":"5","quantity":1}`}
	for _, c := range []struct {
		sel, eligible, discount string
		both                    bool
	}{
		{wantsBest, "20.00", "10.00", false},
		{wants(tied.ID), "20.00", "10.00", false},
		{wants(free.ID), "25.00", "2.50", true},
		{`"select":"none"`, "25.00", "0.00", true}, // asked without a coupon in the input
	} {
		q := s.quote(t, orderOf(t, "c", append(second, wantsBest, c.sel)...))
		b := q.line(t, "B")
		if q.Totals.Eligible != c.eligible || q.Totals.CouponDiscount != c.discount || b.Eligible != c.both {
			t.Errorf("%s: %+v, line %+v", c.sel, q.Totals, b)
		}
		if !c.both && !slices.Equal(codes(b.Exclusions), []string{"author.rule"}) {
			t.Errorf("%s: %+v", c.sel, b.Exclusions)
		}
	}
}

func TestPoliciesSeeTheirInput(t *testing.T) {
	t.Parallel()
	order := `input.customer.id == "c"; input.customer.blocklisted == false; input.customer.attributes.tier == 1; input.order.id == "O-1"
	input.order.type == "dropshipping"; input.order.currency == "USD"; input.order.discounted == false; input.order.attributes.a.b == "x"`
	product := `input.line.id == "A"; input.line.quantity == 2; input.line.discounted == false; input.line.product.id == "P1"
	input.line.product.type == "ordinary"; input.line.product.attributes.see == true; input.customer.id == "c"; input.order.id == "O-1"`
	coupon := `input.coupon.owned == true; input.coupon.status == "available"; input.coupon.window == "open"; input.coupon.currency_matches == true
	input.coupon.minimum_spend_met == true; input.coupon.kind == "percent"; input.coupon.attributes.see == true; startswith(input.coupon.id, "cpn_")
	startswith(input.coupon.campaign_id, "camp-"); input.customer.id == "c"; input.order.id == "O-1"`
	for pkg, condition := range map[string]string{"order": order, "product": product, "coupon": coupon} {
		t.Run(pkg, func(t *testing.T) {
			t.Parallel()
			s := start(t, withFlag("policies", policyFolder(t, map[string]string{pkg + "/seen.rego": denial(pkg, condition)})))
			s.give(t, "c", half+`,"attributes":{"see":true}`)
			q := s.quote(t, orderOf(t, "c", `"id":"c"`, `"id":"c","attributes":{"tier":1}`, `"id":"O-1"`, `"id":"O-1","attributes":{"a":{"b":"x"}}`,
				`"id":"P1"`, `"id":"P1","attributes":{"see":true}`))
			seen := map[string][]reason{"order": q.Denials, "product": q.line(t, "A").Exclusions, "coupon": q.Coupons[0].Reasons}[pkg]
			if !slices.Equal(codes(seen), []string{"author.rule"}) {
				t.Errorf("the condition does not hold: %+v", q)
			}
		})
	}
}

const grants = `package grant

campaigns contains "welcome"

campaigns contains "no-such-campaign"

campaigns contains "gone"

campaigns contains "gold" if input.customer.attributes.tier == "gold"

campaigns contains _torn

_torn := "a" if input.customer.attributes.tier == "torn"

_torn := "b" if input.customer.attributes.tier == "torn"
`

func TestRegistrationGrantsWhatThePolicyNames(t *testing.T) {
	t.Parallel()
	dir := without(t, policyFolder(t, nil), "grant")
	write(t, dir+"/grant/own.rego", grants)
	s := start(t, withFlag("policies", dir))
	s.tryCampaign(t, campaignBody("gold", half)).want(t, http.StatusCreated)
	s.tryCampaign(t, campaignBody("gone", half+`,"ends_at":"2020-01-01"`)).want(t, http.StatusCreated)
	granted := func(customer, tier string, status int) []string {
		var out struct{ Coupons []coupon }
		s.post(t, "/v1/customers/"+customer+"/registrations", `{"attributes":{"tier":"`+tier+`"}}`).want(t, status).into(t, &out)
		var campaigns []string
		for _, c := range out.Coupons {
			campaigns = append(campaigns, c.CampaignID)
		}
		slices.Sort(campaigns)
		return campaigns
	}
	if got := granted("plain", "none", http.StatusCreated); !slices.Equal(got, []string{"welcome"}) {
		t.Errorf("plain: %v", got)
	}
	if got := granted("rich", "gold", http.StatusCreated); !slices.Equal(got, []string{"gold", "welcome"}) {
		t.Errorf("gold: %v", got)
	}
	if got := granted("plain", "gold", http.StatusOK); !slices.Equal(got, []string{"welcome"}) {
		t.Errorf("a repeat grants no more: %v", got)
	}
	s.post(t, "/v1/customers/torn/registrations", `{"attributes":{"tier":"torn"}}`).refusal(t, http.StatusServiceUnavailable, "policy.error")
	if held := s.held(t, "torn", ""); len(held) != 0 {
		t.Errorf("held after the failure: %v", ids(held))
	}
	if got := granted("torn", "none", http.StatusCreated); !slices.Equal(got, []string{"welcome"}) { // it was not registered
		t.Errorf("after the failure: %v", got)
	}
}
