package ledger

import (
	"time"

	"scrip/engine/money"
	"scrip/engine/pricing"
)

// Redemption is an order that was booked at a quote's prices: first it only
// holds the order and its coupon, then it is confirmed or the hold ends.
type Redemption struct {
	ID             string
	QuoteID        string
	OrderID        string // global: one live redemption an order
	CustomerID     string
	CouponID       string // "" for an order without a coupon
	PolicyRevision string
	Currency       money.Currency
	Totals         pricing.Totals
	Lines          []RedeemedLine
	Charges        []RedeemedCharge
	Drawn          Tender // what the wallet paid; External is 0
	Returned       Tender // by refunds; External does not count
	State          RedemptionState
	HoldUntil      time.Time // the hold ends at this instant, without anybody's doing
	CreatedAt      time.Time
	Version        int64 // counts changes
}

// RedeemedLine is a line with what was paid for it and refunded of it.
type RedeemedLine struct {
	ID string
	pricing.Refundable
}

// RedeemedCharge is a charge of the order.
type RedeemedCharge struct {
	ID       string
	Amount   money.Amount
	Refunded money.Amount
}

// RedemptionState is what the books say of a redemption, whatever the clock
// says.
type RedemptionState string

// States. Reserved and confirmed ones are live, unless a hold has run out.
const (
	Reserved  RedemptionState = "reserved"
	Confirmed RedemptionState = "confirmed"
	Released  RedemptionState = "released" // by the checkout
	Withdrawn RedemptionState = "revoked"  // its coupon was revoked: to clients it is released
	Lapsed    RedemptionState = "expired"  // its hold ran out, and somebody wrote that down
)

// RedemptionStatus is what a redemption is at an instant, as clients see it.
type RedemptionStatus string

// Statuses (Contract §6).
const (
	StatusHeld            RedemptionStatus = "reserved"
	StatusConfirmed       RedemptionStatus = "confirmed"
	StatusReleased        RedemptionStatus = "released"
	StatusRedemptionEnded RedemptionStatus = "expired"
)

// StatusAt tells the status at an instant. A hold lasts up to but not
// including its end.
func (r *Redemption) StatusAt(now time.Time) RedemptionStatus {
	switch {
	case r.State == Confirmed:
		return StatusConfirmed
	case r.State == Released, r.State == Withdrawn:
		return StatusReleased
	case r.State == Lapsed, !now.Before(r.HoldUntil):
		return StatusRedemptionEnded
	}
	return StatusHeld
}

// Refunded is the sum of all refunds so far.
func (r *Redemption) Refunded() (sum money.Amount) {
	for i := range r.Lines {
		sum += r.Lines[i].ByQuantity + r.Lines[i].ByAmount
	}
	for i := range r.Charges {
		sum += r.Charges[i].Refunded
	}
	return sum
}

// Codes of refusals.
const (
	RedemptionNotFound     = "redemption.not_found"
	RedemptionExpired      = "redemption.expired"
	RedemptionReleased     = "redemption.released"
	RedemptionConfirmed    = "redemption.confirmed"
	RedemptionNotConfirmed = "redemption.not_confirmed"
	OrderRedeemed          = "order.already_redeemed"
	CouponUnavailable      = "coupon.unavailable"
	RefundExceedsPaid      = "refund.exceeds_paid"
)
