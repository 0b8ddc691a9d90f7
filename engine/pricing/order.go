package pricing

import (
	"fmt"

	"scrip/engine/money"
)

// Line is one product line, in minor units of the order's currency.
type Line struct {
	Original  money.Amount // round_half_up(unit price × quantity), ≥ 0
	Discounts money.Amount // reductions the checkout already gives, 0 to Original
}

// left is what other discounts leave of a line: no coupon takes more from it.
func (l Line) left() money.Amount { return l.Original - l.Discounts }

// Order is the priced content of an order. The lines of all sub-orders stand
// in one list, in the order of the request; SubOrders says how many of them
// each sub-order has, so its sum is len(Lines).
type Order struct {
	Lines     []Line
	SubOrders []int
	Discounts money.Amount // the order's own, at most what is left of the lines
	Charges   money.Amount // shipping, taxes, …: never reduced by a coupon
}

// Check reports whether the order is one that can be priced: nothing negative,
// discounts within what they reduce, originals and charges together below
// [money.Limit]. Every other method takes a checked order for granted; none of
// them can overflow on one.
func (o Order) Check() error {
	originals, left, counted := money.Amount(0), money.Amount(0), 0
	for i, l := range o.Lines {
		if l.Original < 0 || l.Discounts < 0 || l.Discounts > l.Original {
			return fmt.Errorf("line %d: discounts %d of an original %d", i, l.Discounts, l.Original)
		}
		if l.Original >= money.Limit-originals {
			return fmt.Errorf("line %d: originals %w", i, money.ErrOverflow)
		}
		originals += l.Original
		left += l.left()
	}
	for _, n := range o.SubOrders {
		if n < 0 || n > len(o.Lines)-counted {
			return fmt.Errorf("sub-orders hold %d lines and more, the order %d", counted, len(o.Lines))
		}
		counted += n
	}
	switch {
	case counted != len(o.Lines):
		return fmt.Errorf("sub-orders hold %d lines, the order %d", counted, len(o.Lines))
	case o.Discounts < 0 || o.Discounts > left:
		return fmt.Errorf("order discounts %d of %d", o.Discounts, left)
	case o.Charges < 0 || o.Charges >= money.Limit-originals:
		return fmt.Errorf("originals and charges %w", money.ErrOverflow)
	}
	return nil
}

// Base is the sum of the originals of the eligible lines (arithmetic 2):
// coupons are worth a part of the original price only.
func (o Order) Base(eligible []bool) (base money.Amount) {
	for i, l := range o.Lines {
		if eligible[i] {
			base += l.Original
		}
	}
	return base
}

// room is the most that a coupon could ever take from the eligible lines. It
// is the base unless policies let a coupon meet other discounts: those come
// off first, and nothing is ever negative (arithmetic 6).
func (o Order) room(eligible []bool) money.Amount {
	lines, order := money.Amount(0), -o.Discounts
	for i, l := range o.Lines {
		order += l.left()
		if eligible[i] {
			lines += l.left()
		}
	}
	return min(lines, order)
}

// Totals are the sums of a priced order.
type Totals struct {
	Original       money.Amount
	Eligible       money.Amount // originals of the eligible lines
	OtherDiscounts money.Amount // of the lines and of the order
	CouponDiscount money.Amount
	Charges        money.Amount
	Payable        money.Amount // Original − OtherDiscounts − CouponDiscount + Charges
}

// Totals adds up the order with a coupon that deducts discount from it.
func (o Order) Totals(eligible []bool, discount money.Amount) Totals {
	t := Totals{OtherDiscounts: o.Discounts, CouponDiscount: discount, Charges: o.Charges, Eligible: o.Base(eligible)}
	for _, l := range o.Lines {
		t.Original += l.Original
		t.OtherDiscounts += l.Discounts
	}
	t.Payable = t.Original - t.OtherDiscounts - t.CouponDiscount + t.Charges
	return t
}
