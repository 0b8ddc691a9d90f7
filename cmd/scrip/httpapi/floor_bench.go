//go:build bench

package httpapi

import (
	"io"
	"net/http"

	"github.com/gin-gonic/gin"
	"github.com/go-json-experiment/json"

	"scrip/engine/refusal"
)

// Handlers that the benchmark holds a quote against: what gin and strict JSON
// cost by themselves, with the router's settings, the body's bound and the
// wire types of this package, and with nothing else that a service needs.

// Floor is such a handler, nil for an unknown kind:
//
//   - "static" sends fixed bytes, as many as a quote of 20 lines × 5 coupons;
//   - "echo" decodes a quote's request strictly and encodes, with the same
//     library, an answer of a quote's members and sizes with 5 coupons;
//   - "echo-bulk" is the same with 50 coupons.
func Floor(kind string) http.Handler {
	gin.SetMode(gin.ReleaseMode)
	e := gin.New() // set as (*API).router sets it
	e.UseEscapedPath = true
	e.UnescapePathValues = false
	e.RedirectTrailingSlash = false
	e.HandleMethodNotAllowed = true
	e.ForwardedByClientIP = false
	switch kind {
	case "static":
		fixed, err := json.Marshal(newFloorAnswer(floorSample(), floorCoupons(5)))
		if err != nil {
			return nil
		}
		e.POST("/v1/quotes", func(c *gin.Context) { c.Data(http.StatusCreated, jsonType, fixed) })
	case "echo":
		e.POST("/v1/quotes", floorEcho(floorCoupons(5)))
	case "echo-bulk":
		e.POST("/v1/quotes", floorEcho(floorCoupons(50)))
	default:
		return nil
	}
	return e
}

func floorEcho(coupons []floorCoupon) gin.HandlerFunc {
	return func(c *gin.Context) {
		body, err := io.ReadAll(http.MaxBytesReader(c.Writer, c.Request.Body, MaxBodyBytes))
		if err != nil {
			c.Status(http.StatusBadRequest)
			return
		}
		var in quoteRequest
		if err := json.Unmarshal(body, &in, json.RejectUnknownMembers(true)); err != nil {
			c.Status(http.StatusUnprocessableEntity)
			return
		}
		answer, err := json.Marshal(newFloorAnswer(&in, coupons))
		if err != nil {
			c.Status(http.StatusInternalServerError)
			return
		}
		c.Data(http.StatusCreated, jsonType, answer)
	}
}

// floorAnswer has the members of a quote (Contract §4).
type floorAnswer struct {
	ID             string           `json:"id"`
	CreatedAt      string           `json:"created_at"`
	ExpiresAt      string           `json:"expires_at"`
	PolicyRevision string           `json:"policy_revision"`
	CustomerID     string           `json:"customer_id"`
	OrderID        string           `json:"order_id"`
	Currency       string           `json:"currency"`
	Selection      floorSelection   `json:"selection"`
	Totals         floorTotals      `json:"totals"`
	SubOrders      []floorSubOrder  `json:"sub_orders"`
	Coupons        []floorCoupon    `json:"coupons"`
	Denials        []refusal.Reason `json:"denials"`
}

type floorSelection struct {
	CouponID *string `json:"coupon_id"`
	By       string  `json:"by"`
}

type floorTotals struct {
	Original       string `json:"original"`
	Eligible       string `json:"eligible"`
	OtherDiscounts string `json:"other_discounts"`
	CouponDiscount string `json:"coupon_discount"`
	Charges        string `json:"charges"`
	Payable        string `json:"payable"`
}

type floorSubOrder struct {
	ID             string      `json:"id"`
	CouponDiscount string      `json:"coupon_discount"`
	Lines          []floorLine `json:"lines"`
}

type floorLine struct {
	ID             string           `json:"id"`
	Original       string           `json:"original"`
	OtherDiscounts string           `json:"other_discounts"`
	CouponDiscount string           `json:"coupon_discount"`
	Payable        string           `json:"payable"`
	Eligible       bool             `json:"eligible"`
	Exclusions     []refusal.Reason `json:"exclusions"`
}

type floorCoupon struct {
	ID         string           `json:"id"`
	CampaignID string           `json:"campaign_id"`
	Applicable bool             `json:"applicable"`
	Discount   string           `json:"discount"`
	Reasons    []refusal.Reason `json:"reasons"`
}

var floorExclusions = []refusal.Reason{{Code: "product.supplier", Message: "Coupons cannot be used for supplier products."}}

// newFloorAnswer takes ids from the request and everything else from
// constants as wide as what a quote says there: no sum is done.
func newFloorAnswer(in *quoteRequest, coupons []floorCoupon) *floorAnswer {
	order := &in.Order.value
	out := &floorAnswer{
		ID: "q_4c5rhh6gu4933la69apqatmrtvpis2t9", CreatedAt: "2026-11-22T14:45:33.152527Z",
		ExpiresAt: "2026-11-22T15:00:33.152527Z", PolicyRevision: "53eea133378b68c3",
		CustomerID: in.Customer.value.ID, OrderID: order.ID, Currency: order.Currency,
		Selection: floorSelection{CouponID: &coupons[0].ID, By: "default"},
		Totals: floorTotals{Original: "1234.56", Eligible: "1123.45", OtherDiscounts: "0.00",
			CouponDiscount: "25.00", Charges: "4.99", Payable: "1214.55"},
		SubOrders: make([]floorSubOrder, 0, len(order.SubOrders)), Coupons: coupons,
	}
	for i := range order.SubOrders {
		sub := &order.SubOrders[i]
		lines := make([]floorLine, 0, len(sub.Lines))
		for l := range sub.Lines {
			line := floorLine{ID: sub.Lines[l].ID, Original: "45.67", OtherDiscounts: "0.00", CouponDiscount: "1.23", Payable: "44.44"}
			if line.Eligible = sub.Lines[l].Product.value.Type == "ordinary"; !line.Eligible {
				line.Exclusions = floorExclusions
			}
			lines = append(lines, line)
		}
		out.SubOrders = append(out.SubOrders, floorSubOrder{ID: sub.ID, CouponDiscount: "6.15", Lines: lines})
	}
	return out
}

// floorCoupons are n coupons of which, as in the benchmark, two in five do not
// apply.
func floorCoupons(n int) []floorCoupon {
	out := make([]floorCoupon, 0, n)
	for i := range n {
		c := floorCoupon{ID: "cpn_06h07e1j15p673nili0h45450k", CampaignID: "five-off", Applicable: true, Discount: "12.34"}
		switch i % 5 {
		case 3:
			c.Applicable, c.Discount = false, "0.00"
			c.Reasons = []refusal.Reason{{Code: "coupon.minimum_spend",
				Message: "The products that this coupon applies to do not reach its minimum spend."}}
		case 4:
			c.Applicable, c.Discount = false, "0.00"
			c.Reasons = []refusal.Reason{{Code: "coupon.currency", Message: "This coupon is for orders in another currency."}}
		}
		out = append(out, c)
	}
	return out
}

// floorSample is an order of 20 lines in 4 sub-orders.
func floorSample() *quoteRequest {
	const id = "XXXXXXXXXXXX"
	in := &quoteRequest{}
	in.Customer.value.ID = id
	in.Order.value = orderIn{ID: id, Currency: "USD", SubOrders: make(list[subOrderIn], 4)}
	for s := range in.Order.value.SubOrders {
		sub := &in.Order.value.SubOrders[s]
		sub.ID, sub.Lines = id, make(list[lineIn], 5)
		for l := range sub.Lines {
			sub.Lines[l].ID = id
			if sub.Lines[l].Product.value.Type = "ordinary"; l == 0 && s < 2 {
				sub.Lines[l].Product.value.Type = "supplier"
			}
		}
	}
	return in
}
