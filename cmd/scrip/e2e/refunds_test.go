// Refunds: by quantity, by amount and of charges, cumulative and never above what was paid (Contract §6).
package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// plainLine is the only line of the plain order.
const plainLine = `{"id":"A","product":{"id":"P1","type":"ordinary"},"unit_price":"10.00","quantity":2}`

// lineOf writes a line of an ordinary product.
func lineOf(id, price string, quantity int) string {
	return fmt.Sprintf(`{"id":%s,"product":{"id":"P","type":"ordinary"},"unit_price":"%s","quantity":%d}`, quoted(id), price, quantity)
}

// units, amountOf and chargeOf are bodies of refunds.
func units(id string, n int) string {
	return fmt.Sprintf(`{"lines":[{"id":%s,"quantity":%d}]}`, quoted(id), n)
}
func amountOf(id, amount string) string {
	return fmt.Sprintf(`{"lines":[{"id":%s,"amount":"%s"}]}`, quoted(id), amount)
}
func chargeOf(id, amount string) string {
	return fmt.Sprintf(`{"charges":[{"id":%s,"amount":"%s"}]}`, quoted(id), amount)
}

// asked is one refund and what it gives, or, where it begins with "!", what is left as refundable when it is refused.
type asked struct{ body, gives string }

var refundTables = []struct {
	name, coupon string
	changes      []string // of the plain order
	steps        []asked
}{
	{"the last unit settles the line", "", []string{plainLine, lineOf("A", "3.34", 3), `"10.00"`, `"10.00"`}[:2], []asked{
		{units("A", 1), "3.34"}, {units("A", 1), "3.34"}, {units("A", 1), "3.34"}, {units("A", 1), "!0.00"}}},
	{"a third of ten is rounded once, over all units", "", []string{plainLine, lineOf("A", "3.333333", 3)}, []asked{
		{units("A", 1), "3.33"}, {units("A", 1), "3.34"}, {units("A", 1), "3.33"}, {units("A", 1), "!0.00"}}},
	{"two of three units", "", []string{plainLine, lineOf("A", "3.333333", 3)}, []asked{{units("A", 2), "6.67"}, {units("A", 2), "!3.33"}, {units("A", 1), "3.33"}}},
	{"half a cent goes up", "", []string{plainLine, lineOf("A", "0.025", 2)}, []asked{{units("A", 1), "0.03"}, {units("A", 1), "0.02"}}},
	{"more units than there are", "", nil, []asked{{units("A", 3), "!20.00"}, {units("A", 1_000_000), "!20.00"}, {units("A", 2), "20.00"}}},
	{"the coupon's value is not refundable", half, nil, []asked{
		{amountOf("A", "10.01"), "!10.00"}, {units("A", 1), "5.00"}, {amountOf("A", "5.01"), "!5.00"}, {units("A", 1), "5.00"}, {amountOf("A", "0.01"), "!0.00"}}},
	{"a line that was free", `"discount":{"percent":"100"}`, nil, []asked{
		{amountOf("A", "0.01"), "!0.00"}, {units("A", 1), "0.00"}, {units("A", 1), "0.00"}, {units("A", 1), "!0.00"}}},
	{"amounts leave less to units", half, nil, []asked{
		{amountOf("A", "7.00"), "7.00"}, {units("A", 1), "3.00"}, {units("A", 1), "0.00"}, {units("A", 1), "!0.00"}}},
	{"units leave less to amounts", half, nil, []asked{{units("A", 1), "5.00"}, {amountOf("A", "5.01"), "!5.00"}, {amountOf("A", "4.99"), "4.99"}, {units("A", 1), "0.01"}}},
	{"all by amount, then units without money", "", nil, []asked{{amountOf("A", "20.00"), "20.00"}, {units("A", 2), "0.00"}, {units("A", 1), "!0.00"}}},
	{"charges", half, nil, []asked{
		{chargeOf("shipping", "5.00"), "!4.99"}, {chargeOf("shipping", "4.98"), "4.98"}, {chargeOf("shipping", "0.02"), "!0.01"}, {chargeOf("shipping", "0.010"), "0.01"},
		{chargeOf("shipping", "0.01"), "!0.00"}}},
	{"lines and charges at once", half, nil, []asked{
		{`{"lines":[{"id":"A","quantity":1}],"charges":[{"id":"shipping","amount":1}],"reason":"late"}`, "6.00"},
		{`{"lines":[{"id":"A","amount":"5.00"}],"charges":[{"id":"shipping","amount":"4.00"}]}`, "!3.99"},
		{`{"lines":[{"id":"A","amount":5}],"charges":[{"id":"shipping","amount":3.99}]}`, "8.99"}}},
	{"yen", "", []string{plainLine, lineOf("A", "33.4", 3), `"USD"`, `"JPY"`, `"4.99"`, `"5"`}, []asked{
		{units("A", 1), "33"}, {units("A", 1), "34"}, {amountOf("A", "34"), "!33"}, {amountOf("A", "1.0"), "1"}, {units("A", 1), "32"}, {chargeOf("shipping", "5"), "5"}}},
	{"dinars", `"discount":{"percent":"50"}`, []string{plainLine, lineOf("A", "0.667", 3), `"USD"`, `"KWD"`, `"4.99"`, `"4.999"`}, []asked{
		{units("A", 1), "0.333"}, {units("A", 1), "0.334"}, {amountOf("A", "0.334"), "!0.333"}, {amountOf("A", "0.001"), "0.001"}, {units("A", 1), "0.332"}}},
	{"the order's own discounts are spread over the lines", "", []string{
		plainLine, lineOf("A", "10.00", 1) + "," + lineOf("B", "20.00", 1) + "," + lineOf("C", "30.00", 1), `"discounts":[],"charges"`, `"discounts":[{"id":"d","amount":"0.60"},{"id":"e","amount":"0.40"}],"charges"`}, []asked{
		{amountOf("A", "9.84"), "!9.83"}, {amountOf("B", "19.68"), "!19.67"}, {amountOf("C", "29.51"), "!29.50"}, {units("A", 1), "9.83"}, {units("B", 1), "19.67"}, {units("C", 1), "29.50"}}},
	{"a remainder that ties goes to the earlier line", "", []string{
		plainLine, lineOf("A", "10.00", 1) + `]},{"id":"S2","lines":[` + lineOf("B", "10.00", 1) + "," + lineOf("C", "10.00", 1), `"discounts":[],"charges"`, `"discounts":[{"id":"d","amount":"0.02"}],"charges"`}, []asked{
		{units("A", 1), "9.99"}, {units("B", 1), "9.99"}, {units("C", 1), "10.00"}}},
	{"a discount that takes it all", "", []string{`"discounts":[],"charges"`, `"discounts":[{"id":"d","amount":"20.00"}],"charges"`}, []asked{
		{units("A", 1), "0.00"}, {amountOf("A", "0.01"), "!0.00"}, {chargeOf("shipping", "4.99"), "4.99"}}},
}

func TestRefunds(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, c := range refundTables {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			customer := unique("c")
			if c.coupon != "" {
				s.give(t, customer, c.coupon)
			}
			r := s.paid(t, ordered(t, customer, c.changes...))
			made := 0
			for i, step := range c.steps {
				t.Logf("step %d: %s", i, step.body)
				if left, refused := strings.CutPrefix(step.gives, "!"); refused {
					s.exceeds(t, r, step.body, left)
					continue
				}
				made++
				if f := s.refund(t, r, step.body); f.Amount != step.gives || f.Returned.External != step.gives {
					t.Errorf("want %s, got %+v", step.gives, f)
				}
			}
			if listed := collect[refund](t, redemptionPath(r.ID)+"/refunds?limit=2", func(path string) answer { return s.get(t, path) }); len(listed) != made {
				t.Errorf("%d refunds were made, %d are listed", made, len(listed))
			}
		})
	}
}

// tooMuch is a problem of a refund.
type tooMuch struct {
	Errors []struct {
		Pointer    string  `json:"pointer"`
		Refundable *string `json:"refundable"`
	} `json:"errors"`
}

// exceeds expects a refusal whose last fault tells what is left, and that nothing was written.
func (s *sidecar) exceeds(t *testing.T, r redemption, body, left string) tooMuch {
	t.Helper()
	before := s.get(t, redemptionPath(r.ID)).want(t, http.StatusOK)
	a := s.tryRefund(t, r.ID, body)
	a.refusal(t, http.StatusUnprocessableEntity, "refund.exceeds_paid")
	var p tooMuch
	a.into(t, &p)
	if len(p.Errors) == 0 {
		t.Fatalf("no errors: %s", a.body)
	}
	last := p.Errors[len(p.Errors)-1]
	kind := "/lines/0"
	if strings.Contains(body, `"charges"`) {
		kind = "/charges/0"
	}
	if last.Refundable == nil || *last.Refundable != left || !strings.HasPrefix(last.Pointer, kind) {
		t.Errorf("want %s left at %s: %s", left, kind, a.body)
	}
	if after := s.get(t, redemptionPath(r.ID)); string(after.body) != string(before.body) {
		t.Errorf("a refusal wrote something:\n%s\n%s", before.body, after.body)
	}
	return p
}

func TestARefundTellsEachPartThatAsksTooMuch(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	r := s.paid(t, ordered(t, unique("c"), plainLine, lineOf("A", "1.00", 1)+","+lineOf("B", "2.00", 2)+","+lineOf("C", "3.00", 1)))
	p := s.exceeds(t, r, `{"lines":[{"id":"C","amount":"3.01"},{"id":"A","quantity":1},{"id":"B","quantity":3}],"charges":[{"id":"shipping","amount":"5"}]}`, "4.99")
	var told []string
	for _, e := range p.Errors {
		told = append(told, strings.Join(strings.Split(e.Pointer, "/")[:3], "/")+" "+deref(e.Refundable, "?"))
	}
	if !slices.Equal(told, []string{"/lines/0 3.00", "/lines/2 4.00", "/charges/0 4.99"}) {
		t.Errorf("%v", told)
	}
	f := s.refund(t, r, `{"lines":[{"id":"C","amount":"3.00"},{"id":"A","quantity":1},{"id":"B","quantity":2}],"charges":[{"id":"shipping","amount":"4.99"}]}`)
	if f.Amount != "12.99" || fmt.Sprint(f.Lines, f.Charges) != "[{C 3.00} {A 1.00} {B 4.00}] [{shipping 4.99}]" {
		t.Errorf("%+v", f)
	}
}

func TestOnlyConfirmedRedemptionsAreRefunded(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	r := s.reserve(t, s.quote(t, ordered(t, unique("c"))))
	s.tryRefund(t, r.ID, units("A", 1)).refusal(t, http.StatusConflict, "redemption.not_confirmed")
	s.becomes(t, r.ID, "release", "released")
	s.tryRefund(t, r.ID, units("A", 1)).refusal(t, http.StatusConflict, "redemption.not_confirmed")
}

func TestRefundsAreListedOldestFirst(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	r := s.paid(t, ordered(t, unique("c"), `"quantity":2`, `"quantity":20`))
	var made []string
	for range 7 {
		made = append(made, s.refund(t, r, units("A", 1)).ID)
	}
	path := redemptionPath(r.ID) + "/refunds"
	for _, query := range []string{"?limit=1", "?limit=3", "?limit=7", "?limit=500"} {
		var got []string
		for _, f := range collect[refund](t, path+query, func(path string) answer { return s.get(t, path) }) {
			got = append(got, f.ID)
		}
		if !slices.Equal(got, made) {
			t.Errorf("%s: want %v, got %v", query, made, got)
		}
	}
	s.checkPaging(t, path, false)
}

// Twenty refunds at once of what can be refunded seven times: never more than was paid.
func TestRefundsAtOnceNeverExceedWhatWasPaid(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	r := s.paid(t, ordered(t, unique("c")))
	made := 0
	for _, a := range s.storm(t, 20, func(int) call { return call{path: redemptionPath(r.ID) + "/refunds", body: amountOf("A", "2.75")} }) {
		if a.status == http.StatusCreated {
			made++
			continue
		}
		a.refusal(t, http.StatusUnprocessableEntity, "refund.exceeds_paid")
	}
	if got := s.redeemed(t, r.ID); made != 7 || got.Lines[0].Refunded != "19.25" || got.Lines[0].Refundable != "0.75" {
		t.Errorf("%d refunds: %+v", made, got.Lines)
	}
}
