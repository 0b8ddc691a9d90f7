package engine

import (
	"bytes"
	"sync/atomic"
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
	ExpiresAt      time.Time // CreatedAt plus the TTL
	PolicyRevision string
	CustomerID     string
	OrderID        string
	Currency       money.Currency
	Selection      Selection
	Totals         pricing.Totals
	SubOrders      []SubOrderPrice
	Coupons        []CouponResult   // best first
	Denials        []refusal.Reason // why the order can use no coupon at all
	Content        string           // the request, to ask again when the quote is redeemed
	Wire           *Wire            // how it was told, for when it is told again; nil: it is not kept
}

// Wire keeps what a quote looks like to its client. The first telling leaves
// nothing: most quotes are told once.
type Wire struct {
	told atomic.Bool
	body atomic.Pointer[[]byte]
}

// Body is the quote as it was rendered before, nil if it was not kept.
func (w *Wire) Body() []byte {
	if w == nil {
		return nil
	}
	if body := w.body.Load(); body != nil {
		return *body
	}
	return nil
}

// Keep keeps a copy of the quote as rendered, from the second time on.
func (w *Wire) Keep(body []byte) {
	if w != nil && w.told.Swap(true) {
		kept := bytes.Clone(body)
		w.body.Store(&kept)
	}
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
