package engine

import (
	"time"

	"scrip/engine/money"
	"scrip/engine/pricing"
	"scrip/engine/refusal"
)

// Quote is the answer to a request: the price of every line with the selected
// coupon, and why the other coupons were not taken. It is never changed once
// made.
type Quote struct {
	ID             string
	CreatedAt      time.Time
	ExpiresAt      time.Time // the TTL or the next instant that changes the answer
	PolicyRevision string
	CustomerID     string
	OrderID        string
	Currency       money.Currency
	Selection      Selection
	Totals         pricing.Totals
	SubOrders      []SubOrderPrice
	Coupons        []CouponResult   // best first
	Denials        []refusal.Reason // why the order can use no coupon at all
}

// Selection is the coupon that the prices are for.
type Selection struct {
	CouponID string // "" for none
	By       SelectedBy
}

// SelectedBy says who selected (Contract §4).
type SelectedBy string

// Ways of selecting.
const (
	ByDefault   SelectedBy = "default"     // the best one
	ByCustomer  SelectedBy = "customer"    // a coupon id was given
	ByNone      SelectedBy = "none"        // none was asked for
	Unavailable SelectedBy = "unavailable" // none applies with a discount above zero
)

// SubOrderPrice is a sub-order with its part of the coupon's discount.
type SubOrderPrice struct {
	ID             string
	CouponDiscount money.Amount
	Lines          []LinePrice
}

// LinePrice is what one line costs.
type LinePrice struct {
	ID             string
	Original       money.Amount
	OtherDiscounts money.Amount
	CouponDiscount money.Amount
	Payable        money.Amount // Original − OtherDiscounts − CouponDiscount
	Eligible       bool
	Exclusions     []refusal.Reason
}

// CouponResult is one coupon that was considered.
type CouponResult struct {
	ID         string
	CampaignID string
	Applicable bool
	Discount   money.Amount
	Reasons    []refusal.Reason // why it does not apply
}
