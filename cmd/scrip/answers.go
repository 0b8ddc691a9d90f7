// The sidecar's answers as the command line reads them (Contract §4 and §5). Members that it does not show are
// skipped, so that an older command line understands a newer sidecar. Amounts stay text: nothing is computed here.
package main

import (
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// quoteAnswer is a quote.
type quoteAnswer struct {
	ID             string `json:"id"`
	CreatedAt      string `json:"created_at"`
	ExpiresAt      string `json:"expires_at"`
	PolicyRevision string `json:"policy_revision"`
	CustomerID     string `json:"customer_id"`
	OrderID        string `json:"order_id"`
	Currency       string `json:"currency"`
	Selection      struct {
		CouponID *string `json:"coupon_id"`
		By       string  `json:"by"`
	} `json:"selection"`
	Totals struct {
		Original       string `json:"original"`
		Eligible       string `json:"eligible"`
		OtherDiscounts string `json:"other_discounts"`
		CouponDiscount string `json:"coupon_discount"`
		Charges        string `json:"charges"`
		Payable        string `json:"payable"`
	} `json:"totals"`
	SubOrders []quotedSubOrder `json:"sub_orders"`
	Coupons   []quotedCoupon   `json:"coupons"`
	Denials   []reason         `json:"denials"`
}

type quotedSubOrder struct {
	ID             string       `json:"id"`
	CouponDiscount string       `json:"coupon_discount"`
	Lines          []quotedLine `json:"lines"`
}

type quotedLine struct {
	ID             string   `json:"id"`
	Original       string   `json:"original"`
	OtherDiscounts string   `json:"other_discounts"`
	CouponDiscount string   `json:"coupon_discount"`
	Payable        string   `json:"payable"`
	Eligible       bool     `json:"eligible"`
	Exclusions     []reason `json:"exclusions"`
}

type quotedCoupon struct {
	ID         string   `json:"id"`
	CampaignID string   `json:"campaign_id"`
	Applicable bool     `json:"applicable"`
	Discount   string   `json:"discount"`
	Reasons    []reason `json:"reasons"`
}

// orderFile is the part of a quote's request that its answer does not repeat: products, quantities, what was charged.
type orderFile struct {
	Order struct {
		Type      string        `json:"type"`
		Discounts []namedAmount `json:"discounts"`
		Charges   []namedAmount `json:"charges"`
		SubOrders []struct {
			Lines []orderedLine `json:"lines"`
		} `json:"sub_orders"`
	} `json:"order"`
	lines map[string]orderedLine
}

type orderedLine struct {
	ID      string `json:"id"`
	Product struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	} `json:"product"`
	UnitPrice jsontext.Value `json:"unit_price"`
	Quantity  jsontext.Value `json:"quantity"`
	Discounts []namedAmount  `json:"discounts"`
}

type namedAmount struct {
	ID     string         `json:"id"`
	Amount jsontext.Value `json:"amount"`
}

// readOrder reads what it can of a request; what it cannot read is left blank on the receipt.
func readOrder(body []byte) *orderFile {
	order := &orderFile{lines: map[string]orderedLine{}}
	if err := json.Unmarshal(body, order); err != nil {
		return &orderFile{}
	}
	for _, sub := range order.Order.SubOrders {
		for _, line := range sub.Lines {
			order.lines[line.ID] = line
		}
	}
	return order
}

// literal is the text of an amount, given as a string or as a number.
func literal(v jsontext.Value) string { return strings.Trim(string(v), `"`) }

// couponAnswer is a coupon.
type couponAnswer struct {
	ID              string         `json:"id"`
	CampaignID      string         `json:"campaign_id"`
	CustomerID      string         `json:"customer_id"`
	Discount        discountAnswer `json:"discount"`
	MinimumSpend    *string        `json:"minimum_spend"`
	MaximumDiscount *string        `json:"maximum_discount"`
	Currency        *string        `json:"currency"`
	StartsAt        *string        `json:"starts_at"`
	ExpiresAt       *string        `json:"expires_at"`
	Status          string         `json:"status"`
	Attributes      jsontext.Value `json:"attributes"`
}

// discountAnswer is what a coupon takes off: a percentage or an amount.
type discountAnswer struct {
	Percent  string `json:"percent"`
	Amount   string `json:"amount"`
	Currency string `json:"currency"`
}

func (d discountAnswer) String() string {
	if d.Percent != "" {
		return d.Percent + " %"
	}
	return d.Amount + " " + d.Currency
}

// campaignAnswer is a campaign.
type campaignAnswer struct {
	ID              string         `json:"id"`
	Name            string         `json:"name"`
	Discount        discountAnswer `json:"discount"`
	MinimumSpend    *string        `json:"minimum_spend"`
	MaximumDiscount *string        `json:"maximum_discount"`
	Currency        *string        `json:"currency"`
	StartsAt        *string        `json:"starts_at"`
	EndsAt          *string        `json:"ends_at"`
	ValidFor        *string        `json:"valid_for"`
	Quantity        *int64         `json:"quantity"`
	PerCustomer     *int64         `json:"per_customer"`
	Issued          int64          `json:"issued"`
	Status          string         `json:"status"`
	Attributes      jsontext.Value `json:"attributes"`
}

// showTime writes an RFC 3339 time for reading, in UTC; a date or anything else stays as it came, nil is "none".
func showTime(at *string, none string) string {
	if at == nil {
		return none
	}
	instant, err := time.Parse(time.RFC3339, *at)
	if err != nil {
		return *at
	}
	return instant.UTC().Format("2006-01-02 15:04:05 UTC")
}

// isZero says whether an amount is none, whatever its digits.
func isZero(amount string) bool { return strings.Trim(amount, "0.") == "" }

// off writes a reduction: with a minus, or a dot where there is none.
func off(amount string) string {
	if isZero(amount) {
		return "·"
	}
	return "-" + amount
}
