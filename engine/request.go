package engine

import (
	"errors"
	"fmt"

	"scrip/engine/money"
	"scrip/engine/pricing"
	"scrip/engine/refusal"
)

// Bounds of an order (Contract §3).
const (
	MaxLines    = 1_000
	MaxQuantity = 1_000_000
)

// What a request selects, when it is not a coupon's id (Contract §4).
const (
	SelectBest = "best"
	SelectNone = "none"
)

// Request asks for a quote. It is never changed once made. Attributes are JSON
// objects as compact text with sorted keys, "" for an empty one.
type Request struct {
	Customer Customer
	Order    Order
	Select   string // SelectBest, SelectNone or a coupon id
}

// Customer is who orders.
type Customer struct {
	ID         string
	Attributes string
}

// Order is what is ordered.
type Order struct {
	ID         string
	Type       string
	Currency   money.Currency
	Attributes string
	Discounts  []NamedAmount // reductions of the order as a whole
	Charges    []NamedAmount
	SubOrders  []SubOrder
}

// NamedAmount is a discount or a charge.
type NamedAmount struct {
	ID     string
	Amount money.Amount
}

// SubOrder is a part of the order, a parcel for instance.
type SubOrder struct {
	ID    string
	Lines []Line
}

// Line is one product line.
type Line struct {
	ID        string
	Product   Product
	UnitPrice money.UnitPrice
	Quantity  int64
	Discounts []NamedAmount // reductions that the checkout already gives
}

// Product is what a line sells.
type Product struct {
	ID         string
	Type       string
	Attributes string
}

// price works out every line's original price and checks what only arithmetic
// can tell: discounts within what they reduce and the bound on the whole
// order. Faults point into the request's JSON.
func (r *Request) price() (pricing.Order, []refusal.Fault) {
	var faults []refusal.Fault
	refuse := func(pointer, detail string, args ...any) {
		faults = append(faults, refusal.Fault{Pointer: pointer, Detail: fmt.Sprintf(detail, args...)})
	}
	at := func(s, l int, member string) string {
		return fmt.Sprintf("/order/sub_orders/%d/lines/%d/%s", s, l, member)
	}
	order := pricing.Order{SubOrders: make([]int, len(r.Order.SubOrders))}
	lines := 0
	for s := range r.Order.SubOrders {
		order.SubOrders[s] = len(r.Order.SubOrders[s].Lines)
		lines += order.SubOrders[s]
	}
	order.Lines = make([]pricing.Line, 0, lines)
	var left, whole money.Amount
	for s, sub := range r.Order.SubOrders {
		for l := range sub.Lines {
			line := &sub.Lines[l]
			original, err := line.UnitPrice.Times(line.Quantity, r.Order.Currency)
			discounts, sumErr := sum(line.Discounts)
			switch {
			case err != nil || original >= money.Limit-whole:
				refuse(at(s, l, "unit_price"), "with this line the order reaches 10^15 minor units, which is too much")
				original = 0
			case sumErr != nil || discounts > original:
				refuse(at(s, l, "discounts"), "the line's discounts exceed its original price of %s", r.Order.Currency.Format(original))
				discounts = 0
			}
			whole += original
			left += original - discounts
			order.Lines = append(order.Lines, pricing.Line{Original: original, Discounts: discounts})
		}
	}
	var err error
	if order.Charges, err = sum(r.Order.Charges); err != nil || order.Charges >= money.Limit-whole {
		refuse("/order/charges", "with its charges the order reaches 10^15 minor units, which is too much")
	}
	if order.Discounts, err = sum(r.Order.Discounts); err != nil || order.Discounts > left {
		refuse("/order/discounts", "the order's discounts exceed the %s that its lines cost", r.Order.Currency.Format(left))
	}
	return order, faults
}

func sum(list []NamedAmount) (total money.Amount, err error) {
	for _, item := range list {
		if total, err = money.Add(total, item.Amount); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// errUnchecked means that a request reached the arithmetic with something that
// price should have refused.
var errUnchecked = errors.New("order was not checked")
