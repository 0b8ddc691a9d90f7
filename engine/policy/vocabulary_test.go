// Ids that the policies name nowhere are alike, but only to decisions that cannot tell them apart.
package policy

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"scrip/policies"
)

const listed = `not _fine
}

_fine if {
	is_string(input.customer.id)
	not input.customer.id in data.order.blocklist`

func blocklistFolder() map[string]string {
	return map[string]string{"order/x.rego": denial("order", listed), "order/data.json": `{"blocklist":["bad","worse"]}`}
}

func customer(id string) *Facts { return &Facts{Customer: Customer{ID: id}, Order: &Order{ID: "o"}} }

func TestUnnamedCustomersAreOneQuestion(t *testing.T) {
	t.Parallel()
	s := loaded(t, patience, blocklistFolder())
	for i := range 50 {
		for id, want := range map[string]int{fmt.Sprint("c", i): 0, "bad": 1, "worse": 1} {
			if reasons, err := s.OrderDenials(t.Context(), customer(id)); err != nil || len(reasons) != want {
				t.Fatalf("%s: %v, %v", id, reasons, err)
			}
		}
	}
	if cost := s.Costs()[0]; cost.Evaluated != 3 || cost.Entries != 3 {
		t.Errorf("%+v", cost)
	}
}

func TestWhichUnnamedTextsAreEqualCounts(t *testing.T) {
	t.Parallel()
	s := loaded(t, patience, map[string]string{"order/x.rego": denial("order", `input.customer.id == input.order.id`)})
	for i := range 50 {
		for _, f := range []*Facts{
			{Customer: Customer{ID: fmt.Sprint("c", i)}, Order: &Order{ID: fmt.Sprint("c", i)}},
			{Customer: Customer{ID: fmt.Sprint("c", i)}, Order: &Order{ID: fmt.Sprint("c", i+1)}},
		} {
			reasons, err := s.OrderDenials(t.Context(), f)
			if want := f.Customer.ID == f.Order.ID; err != nil || (len(reasons) > 0) != want {
				t.Fatalf("%+v %+v: %v, %v", f.Customer, f.Order, reasons, err)
			}
		}
	}
	if cost := s.Costs()[0]; cost.Evaluated != 2 {
		t.Errorf("%+v", cost)
	}
}

// An answer that repeats its input is nobody else's.
func TestAnswersWithATextOfTheirInputAreNotShared(t *testing.T) {
	t.Parallel()
	s := loaded(t, patience, map[string]string{"order/x.rego": "package order\n\ndeny contains {\"code\": \"c\", \"message\": input.customer.id}\n"})
	for range 2 {
		for i := range 20 {
			id := fmt.Sprint("c", i)
			reasons, err := s.OrderDenials(t.Context(), customer(id))
			if want := []Reason{{Code: "c", Message: id}}; err != nil || !reflect.DeepEqual(reasons, want) {
				t.Fatalf("%v, %v; want %v", reasons, err, want)
			}
		}
	}
	if cost := s.Costs()[0]; cost.Errors != 0 || cost.Entries != 20 {
		t.Errorf("%+v", cost)
	}
}

// What stands in attributes may be named too; then every text counts.
func TestTextsBesideAttributesAreNotAlike(t *testing.T) {
	t.Parallel()
	s := loaded(t, patience, map[string]string{"order/x.rego": denial("order", `input.customer.id in input.order.attributes.friends`)})
	for range 2 {
		for id, want := range map[string]int{"ann": 1, "bob": 1, "eve": 0} {
			f := &Facts{Customer: Customer{ID: id}, Order: &Order{Attributes: `{"friends":["ann","bob"]}`}}
			if reasons, err := s.OrderDenials(t.Context(), f); err != nil || len(reasons) != want {
				t.Fatalf("%s: %v, %v", id, reasons, err)
			}
		}
	}
}

func TestDecisionsThatLookIntoTextsTellThemApart(t *testing.T) {
	t.Parallel()
	for condition, alike := range map[string]bool{
		`input.customer.id == "bad"`:                                       true,
		`input.customer.id != input.order.id`:                              true,
		`input.customer.id in {"bad", "worse"}`:                            true,
		`data.order.blocked[input.customer.id]`:                            true,
		`object.get({"bad": 1}, input.customer.id, 0) == 1`:                true,
		`every x in [input.customer.id] { x != "bad" }`:                    true,
		`{x | some x in [input.customer.id]} == {"bad"}`:                   true,
		`is_string(input.customer.id)`:                                     true,
		`input.line.quantity > 5`:                                          true,
		`input.line.quantity * 2 >= 5`:                                     true,
		`_named(input.customer.id)`:                                        true,
		`input.customer.id == "bad" with input.customer as {"id": "bad"}`:  true,
		`startswith(input.customer.id, "vip-")`:                            false,
		`count(input.customer.id) == 5`:                                    false,
		`input.customer.id < "m"`:                                          false,
		`input.customer.id >= input.order.id`:                              false,
		`sort({input.customer.id, "m"})[0] == "m"`:                         false,
		`max({input.customer.id, "m"}) == "m"`:                             false,
		`[x | some x in {input.customer.id, "m"}][0] == "m"`:               false,
		`regex.match("^z", input.customer.id)`:                             false,
		`lower(input.customer.id) == "zebra"`:                              false,
		`json.marshal(input.customer) != "{}"`:                             false,
		`$"<{input.customer.id}>" == "<zebra>"`:                            false,
		`_deep(input.customer.id)`:                                         false,
		`is_string(input.customer.id) with is_string as _long`:             false,
		`type_name(input.customer.id) == "zebra" with type_name as lower`:  false,
		`input.customer.id == "bad"; not contains(input.customer.id, "d")`: false,
	} {
		rules := denial("order", condition) + "\n_named(id) if id == \"bad\"\n\n_deep(id) if upper(id) == \"ZEBRA\"\n\n_long(x) if count(x) > 4\n"
		files := map[string]string{"order/x.rego": rules, "order/data.json": `{"blocked":{"bad":true}}`}
		s, plain := loaded(t, patience, files), loaded(t, patience, files)
		for _, d := range plain.decisions {
			d.memo = nil
		}
		if got := s.decisions[OrderDeny].alike != nil; got != alike {
			t.Errorf("%s: alike is %v", condition, got)
		}
		for range 2 {
			for _, id := range []string{"bad", "zebra", "vip-1", "a", "o", "gone!"} {
				f := &Facts{Customer: Customer{ID: id}, Order: &Order{ID: "o"}, Line: &Line{Quantity: 3}}
				got, err := s.OrderDenials(t.Context(), f)
				want, wantErr := plain.OrderDenials(t.Context(), f)
				if !reflect.DeepEqual(got, want) || (err == nil) != (wantErr == nil) {
					t.Errorf("%s: %s: %v, %v; want %v, %v", condition, id, got, err, want, wantErr)
				}
			}
		}
	}
}

func TestTheShippedPoliciesOnlyCompare(t *testing.T) {
	t.Parallel()
	s, err := Load(t.Context(), Folder("built in", policies.FS), Options{Timeout: patience, Memo: true}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{OrderDeny, ProductDeny, CouponDeny, GiftCardRedeemDeny} {
		if s.decisions[name].alike == nil {
			t.Errorf("%s looks into texts: every new customer costs an evaluation", name)
		}
	}
}

func TestManyUnnamedTextsAreToldApart(t *testing.T) {
	t.Parallel()
	n := naming{vocabulary: vocabulary{"named": {}}}
	var key []byte
	for i := range maxStrangers {
		key = n.append(key, fmt.Sprint(i))
	}
	if n.opaque {
		t.Fatal("opaque too early")
	}
	if again := n.append(nil, "0"); n.opaque || !reflect.DeepEqual(again, []byte{'?', 0}) {
		t.Errorf("the first one again: %q", again)
	}
	if n.append(nil, "one more"); !n.opaque {
		t.Error("one more is taken")
	}
}
