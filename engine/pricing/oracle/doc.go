// Package oracle is a slow second telling of Contract §4 in exact rationals,
// only for tests.
//
// It was written from the contract alone and shares no code and no tricks with
// the engine that it is held against: texts come in, texts go out, and between
// them every number is a math/big Rat or Int. It follows the contract's
// sentences one after another and never looks for a shorter way. What it
// answers it also audits (audit.go); a broken invariant panics, so that no test
// can compare against a wrong answer.
//
// Which lines are eligible for which coupon is policy and decided by the
// caller; what follows from that is arithmetic and decided here.
package oracle

import "time"

// Line is one line of an order. UnitPrice and Discounts are money texts in the
// order's currency (Contract §3); Quantity counts units, 1 to 1,000,000.
// Eligible tells whether the line takes part in that coupon; it is asked with
// "" for an order without a coupon. The caller keeps discounted lines out.
type Line struct {
	ID        string
	UnitPrice string
	Quantity  int64
	Discounts []string
	Eligible  func(couponID string) bool
}

// SubOrder is a part of an order, its lines in the order of the request.
type SubOrder struct {
	ID    string
	Lines []Line
}

// Order is what is priced. Digits is the currency's number of fraction digits;
// Discounts are the order's own and leave it without any coupon.
type Order struct {
	Currency  string
	Digits    int
	SubOrders []SubOrder
	Discounts []string
	Charges   []string
}

// Coupon has either a Percent or an Amount. Amount, MinimumSpend and
// MaximumDiscount are money texts in Currency, "" where there is none; a
// Currency of "" fits any order. A zero ExpiresAt means never. Refused stands
// for any reason of policy that has nothing to do with amounts.
type Coupon struct {
	ID              string
	Percent         string
	Amount          string
	Currency        string
	MinimumSpend    string
	MaximumDiscount string
	ExpiresAt       time.Time
	Refused         bool
}

// Reasons why a coupon is inapplicable, as far as the oracle tells them apart.
const (
	ReasonCurrency     = "coupon.currency"
	ReasonMinimumSpend = "coupon.minimum_spend"
	ReasonRefused      = "refused"
	ReasonDenied       = "denied"
)

// Totals are those of Contract §4, with exactly the currency's digits.
type Totals struct {
	Original       string
	Eligible       string
	OtherDiscounts string
	CouponDiscount string
	Charges        string
	Payable        string
}

// PricedLine is one line of the answer; OtherDiscounts are the line's own.
type PricedLine struct {
	ID             string
	Original       string
	OtherDiscounts string
	CouponDiscount string
	Payable        string
	Eligible       bool
}

// PricedSubOrder is one sub-order of the answer, lines as in the request.
type PricedSubOrder struct {
	ID             string
	CouponDiscount string
	Lines          []PricedLine
}

// PricedCoupon is one candidate. Reasons are sorted, empty when applicable.
type PricedCoupon struct {
	ID         string
	Applicable bool
	Discount   string
	Reasons    []string
}

// Result is the answer. Coupons are ordered best first. By is "default",
// "customer", "none" or "unavailable", SelectedID "" without a coupon.
// NotApplicable says that a coupon id was asked which is not applicable or not
// among the candidates; the request is then refused, By is "", and the rest is
// told as without a coupon.
type Result struct {
	Totals        Totals
	SubOrders     []PricedSubOrder
	Coupons       []PricedCoupon
	SelectedID    string
	By            string
	NotApplicable bool
}
