package engine

import (
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"scrip/engine/money"
)

// What was asked can be asked again: a request comes back from its content as
// it was.
func TestRequestsComeBackFromTheirContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringN(0, 6, -1)
		amounts := func(name string) (list []NamedAmount) {
			for range rapid.IntRange(0, 3).Draw(t, name) {
				list = append(list, NamedAmount{text.Draw(t, "id"), money.Amount(rapid.Int64Min(0).Draw(t, "amount"))})
			}
			return list
		}
		usd, err := money.CurrencyOf("USD")
		if err != nil {
			t.Fatal(err)
		}
		r := &Request{Customer: Customer{text.Draw(t, "customer"), text.Draw(t, "attributes")}, Select: text.Draw(t, "select"), Order: Order{
			ID: text.Draw(t, "order"), Type: text.Draw(t, "type"), Currency: usd, Attributes: text.Draw(t, "attributes"),
			Discounts: amounts("discounts"), Charges: amounts("charges")}}
		for range rapid.IntRange(0, 3).Draw(t, "sub-orders") {
			sub := SubOrder{ID: text.Draw(t, "sub-order")}
			for range rapid.IntRange(0, 3).Draw(t, "lines") {
				sub.Lines = append(sub.Lines, Line{ID: text.Draw(t, "line"),
					Product:   Product{text.Draw(t, "product"), text.Draw(t, "type"), text.Draw(t, "attributes")},
					UnitPrice: money.UnitPriceOf(rapid.Int64Min(0).Draw(t, "price")), Quantity: rapid.Int64Min(1).Draw(t, "quantity"),
					Discounts: amounts("line discounts")})
			}
			r.Order.SubOrders = append(r.Order.SubOrders, sub)
		}
		var d digest
		d.request(r)
		again, err := requestOf(string(d))
		if err != nil || !reflect.DeepEqual(again, r) {
			t.Fatalf("%+v came back as %+v, %v", r, again, err)
		}
		for cut := range len(d) {
			if _, err := requestOf(string(d[:cut])); err == nil {
				t.Fatalf("%d of %d bytes are taken", cut, len(d))
			}
		}
		if _, err := requestOf(string(d) + "x"); err == nil {
			t.Fatal("a byte more is taken")
		}
	})
}

// FuzzContent: what is no content is refused, and nothing panics or grows.
func FuzzContent(f *testing.F) {
	var d digest
	d.request(example(f))
	f.Add(string(d))
	f.Add(strings.Repeat("\xff", 12))
	f.Fuzz(func(t *testing.T, content string) {
		r, err := requestOf(content)
		if err != nil {
			return
		}
		var again digest
		again.request(r)
		if back, err := requestOf(string(again)); err != nil || !reflect.DeepEqual(back, r) {
			t.Fatalf("%q is not stable", content)
		}
	})
}
