// What travels, as the contract shows it.
package machine

type namedAmount struct {
	ID     string `json:"id"`
	Amount string `json:"amount"`
}

// request asks for a quote; what is left out is a default (Contract §4).
type request struct {
	Customer struct {
		ID string `json:"id"`
	} `json:"customer"`
	Order  orderIn `json:"order"`
	Select string  `json:"select,omitempty"`
}

type orderIn struct {
	ID         string         `json:"id"`
	Type       string         `json:"type"`
	Currency   string         `json:"currency"`
	Attributes map[string]int `json:"attributes,omitempty"`
	Discounts  []namedAmount  `json:"discounts,omitempty"`
	Charges    []namedAmount  `json:"charges,omitempty"`
	SubOrders  []subOrderIn   `json:"sub_orders"`
}

type subOrderIn struct {
	ID    string   `json:"id"`
	Lines []lineIn `json:"lines"`
}

type lineIn struct {
	ID      string `json:"id"`
	Product struct {
		ID   string `json:"id"`
		Type string `json:"type"`
	} `json:"product"`
	UnitPrice string        `json:"unit_price"`
	Quantity  int64         `json:"quantity"`
	Discounts []namedAmount `json:"discounts,omitempty"`
}

type reason struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

type totals struct {
	Original       string `json:"original"`
	Eligible       string `json:"eligible"`
	OtherDiscounts string `json:"other_discounts"`
	CouponDiscount string `json:"coupon_discount"`
	Charges        string `json:"charges"`
	Payable        string `json:"payable"`
}

type quoteBody struct {
	ID             string  `json:"id"`
	CreatedAt      *string `json:"created_at"`
	ExpiresAt      *string `json:"expires_at"`
	PolicyRevision string  `json:"policy_revision"`
	CustomerID     string  `json:"customer_id"`
	OrderID        string  `json:"order_id"`
	Currency       string  `json:"currency"`
	Selection      struct {
		CouponID *string `json:"coupon_id"`
		By       string  `json:"by"`
	} `json:"selection"`
	Totals    totals          `json:"totals"`
	SubOrders []subOrderPrice `json:"sub_orders"`
	Coupons   []couponResult  `json:"coupons"`
	Denials   []reason        `json:"denials"`
}

type subOrderPrice struct {
	ID             string      `json:"id"`
	CouponDiscount string      `json:"coupon_discount"`
	Lines          []linePrice `json:"lines"`
}

type linePrice struct {
	ID             string   `json:"id"`
	Original       string   `json:"original"`
	OtherDiscounts string   `json:"other_discounts"`
	CouponDiscount string   `json:"coupon_discount"`
	Payable        string   `json:"payable"`
	Eligible       bool     `json:"eligible"`
	Exclusions     []reason `json:"exclusions"`
}

type couponResult struct {
	ID         string   `json:"id"`
	CampaignID string   `json:"campaign_id"`
	Applicable bool     `json:"applicable"`
	Discount   string   `json:"discount"`
	Reasons    []reason `json:"reasons"`
}

type discount struct {
	Percent  string `json:"percent,omitempty"`
	Amount   string `json:"amount,omitempty"`
	Currency string `json:"currency,omitempty"`
}

// terms are what campaigns and coupons have in common.
type terms struct {
	Discount        discount `json:"discount"`
	MinimumSpend    *string  `json:"minimum_spend"`
	MaximumDiscount *string  `json:"maximum_discount"`
	Currency        *string  `json:"currency"`
}

type campaignIn struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	terms
	StartsAt    *string `json:"starts_at"`
	EndsAt      *string `json:"ends_at"`
	ValidFor    *string `json:"valid_for"`
	Quantity    *int64  `json:"quantity"`
	PerCustomer int64   `json:"per_customer"`
}

type campaignBody struct {
	campaignIn
	Attributes struct{} `json:"attributes"`
	Status     string   `json:"status"`
	Issued     int64    `json:"issued"`
	CreatedAt  *string  `json:"created_at"`
}

type couponBody struct {
	ID         string `json:"id"`
	CampaignID string `json:"campaign_id"`
	CustomerID string `json:"customer_id"`
	terms
	StartsAt   *string  `json:"starts_at"`
	ExpiresAt  *string  `json:"expires_at"`
	Status     string   `json:"status"`
	Attributes struct{} `json:"attributes"`
	CreatedAt  *string  `json:"created_at"`
}

type couponsBody struct {
	Coupons []couponBody `json:"coupons"`
}

type blockBody struct {
	CustomerID string  `json:"customer_id"`
	Reason     string  `json:"reason"`
	CreatedAt  *string `json:"created_at"`
}

type tender struct {
	Gift     string `json:"gift"`
	Bonus    string `json:"bonus"`
	Cash     string `json:"cash"`
	External string `json:"external"`
}

type redemptionBody struct {
	ID         string           `json:"id"`
	QuoteID    string           `json:"quote_id"`
	OrderID    string           `json:"order_id"`
	CustomerID string           `json:"customer_id"`
	CouponID   *string          `json:"coupon_id"`
	Status     string           `json:"status"`
	Currency   string           `json:"currency"`
	Totals     totals           `json:"totals"`
	Lines      []redeemedLine   `json:"lines"`
	Charges    []redeemedCharge `json:"charges"`
	PaidBy     tender           `json:"paid_by"`
	ExpiresAt  *string          `json:"expires_at"`
	CreatedAt  *string          `json:"created_at"`
}

type redeemedLine struct {
	ID         string `json:"id"`
	Quantity   int64  `json:"quantity"`
	Paid       string `json:"paid"`
	Refunded   string `json:"refunded"`
	Refundable string `json:"refundable"`
}

type redeemedCharge struct {
	ID         string `json:"id"`
	Amount     string `json:"amount"`
	Refunded   string `json:"refunded"`
	Refundable string `json:"refundable"`
}

// refundIn asks for lines by quantity or by amount, and for charges.
type refundIn struct {
	Lines   []refundLine  `json:"lines,omitempty"`
	Charges []namedAmount `json:"charges,omitempty"`
	Reason  string        `json:"reason"`
}

type refundLine struct {
	ID       string `json:"id"`
	Quantity int64  `json:"quantity,omitempty"`
	Amount   string `json:"amount,omitempty"`
}

type refundBody struct {
	ID           string        `json:"id"`
	RedemptionID string        `json:"redemption_id"`
	Currency     string        `json:"currency"`
	Amount       string        `json:"amount"`
	Lines        []namedAmount `json:"lines"`
	Charges      []namedAmount `json:"charges"`
	Returned     tender        `json:"returned"`
	Reason       string        `json:"reason"`
	CreatedAt    *string       `json:"created_at"`
}

type eventBody struct {
	ID           string  `json:"id"`
	CreatedAt    *string `json:"created_at"`
	Kind         string  `json:"kind"`
	CouponID     *string `json:"coupon_id"`
	RedemptionID *string `json:"redemption_id"`
	CustomerID   string  `json:"customer_id"`
	By           string  `json:"by"`
	RequestID    string  `json:"request_id"`
	Detail       string  `json:"detail"`
}

type page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

type fault struct {
	Pointer    string `json:"pointer"`
	Parameter  string `json:"parameter,omitempty"`
	Detail     string `json:"detail"`
	Refundable string `json:"refundable,omitempty"`
}

// problem is a refusal (Contract §3).
type problem struct {
	Title     string   `json:"title"`
	Status    int      `json:"status"`
	Detail    string   `json:"detail"`
	Code      string   `json:"code"`
	RequestID string   `json:"request_id"`
	Errors    []fault  `json:"errors,omitempty"`
	Reasons   []reason `json:"reasons,omitempty"`
	Needed    string   `json:"needed,omitempty"`
	Available string   `json:"available,omitempty"`
}
