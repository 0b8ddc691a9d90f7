package pricing

import (
	"errors"
	"fmt"

	"scrip/engine/money"
)

// Paid is what was paid for each line of an order whose lines bear the given
// parts of a coupon's discount: its payable less its part of the order's own
// discounts, which are spread in proportion to payable (Contract §6), largest
// remainder, ties to the earlier line. Charges are not in it; with them the
// parts add up to the order's payable.
func (o Order) Paid(shares []money.Amount) ([]money.Amount, error) {
	paid := make([]money.Amount, len(o.Lines))
	for i, l := range o.Lines {
		paid[i] = l.left() - shares[i]
	}
	parts, err := Apportion(o.Discounts, paid)
	if err != nil {
		return nil, err
	}
	for i := range paid {
		paid[i] -= parts[i]
	}
	return paid, nil
}

// Refundable is a line of a redemption with what was refunded of it so far.
type Refundable struct {
	Paid       money.Amount
	Quantity   int64        // units bought, at least 1
	Units      int64        // of them refunded by quantity
	ByQuantity money.Amount // refunded so
	ByAmount   money.Amount // refunded by amount
}

// Left is what can still be refunded of the line.
func (r Refundable) Left() money.Amount { return r.Paid - r.ByQuantity - r.ByAmount }

// RefundUnits refunds so many units more (Contract §6). With k of n units
// refunded by quantity, this refund included, the line has had by quantity in
// all min(round_half_up(paid × k / n), paid − what amounts gave): the last unit
// settles it exactly, and with units but no money left a refund is of zero. It
// fails with [ErrExceedsPaid] if there are not as many units left.
func (r Refundable) RefundUnits(units int64) (Refundable, money.Amount, error) {
	if units < 1 || units > r.Quantity-r.Units {
		return r, 0, fmt.Errorf("%d of %d units: %w", units, r.Quantity-r.Units, ErrExceedsPaid)
	}
	r.Units += units
	due, err := money.Fraction(r.Paid, r.Units, r.Quantity)
	if err != nil {
		return r, 0, err
	}
	had := r.ByQuantity
	r.ByQuantity = min(due, r.Paid-r.ByAmount)
	return r, r.ByQuantity - had, nil
}

// RefundAmount refunds an amount above zero, or fails with [ErrExceedsPaid] if
// there is not as much left.
func (r Refundable) RefundAmount(amount money.Amount) (Refundable, error) {
	if amount < 1 || amount > r.Left() {
		return r, fmt.Errorf("%d of %d: %w", amount, r.Left(), ErrExceedsPaid)
	}
	r.ByAmount += amount
	return r, nil
}

// ErrExceedsPaid means that a refund asks for more than is left of what was
// paid.
var ErrExceedsPaid = errors.New("refund exceeds what was paid")
