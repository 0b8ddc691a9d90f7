package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"scrip/engine/ledger"
	"scrip/engine/refusal"
)

// couponOut is a coupon as it is shown (Contract §5).
type couponOut struct {
	ID              string         `json:"id"`
	CampaignID      string         `json:"campaign_id"`
	CustomerID      string         `json:"customer_id"`
	Discount        discountOut    `json:"discount"`
	MinimumSpend    *string        `json:"minimum_spend"`
	MaximumDiscount *string        `json:"maximum_discount"`
	Currency        *string        `json:"currency"`
	StartsAt        *string        `json:"starts_at"`
	ExpiresAt       *string        `json:"expires_at"`
	Status          ledger.Status  `json:"status"`
	Attributes      jsontext.Value `json:"attributes"`
	CreatedAt       *string        `json:"created_at"`
}

func showCoupon(c *ledger.Coupon, now time.Time) couponOut {
	return couponOut{
		ID: c.ID, CampaignID: c.CampaignID, CustomerID: c.CustomerID,
		Discount:        showDiscount(c.Terms),
		MinimumSpend:    showLimit(c.Terms.MinimumSpend, c.Terms.Currency),
		MaximumDiscount: showLimit(c.Terms.MaximumDiscount, c.Terms.Currency),
		Currency:        optional(c.Terms.Currency.Code()),
		StartsAt:        formatInstant(c.StartsAt),
		ExpiresAt:       formatInstant(c.ExpiresAt),
		Status:          c.StatusAt(now),
		Attributes:      showAttributes(c.Terms.Attributes),
		CreatedAt:       formatInstant(c.CreatedAt),
	}
}

// couponsOut answers issuing and registering.
type couponsOut struct {
	Coupons []couponOut `json:"coupons"`
}

func showCoupons(coupons []ledger.Coupon, now time.Time) couponsOut {
	out := couponsOut{Coupons: make([]couponOut, 0, len(coupons))}
	for i := range coupons {
		out.Coupons = append(out.Coupons, showCoupon(&coupons[i], now))
	}
	return out
}

// issueIn is the body of POST /admin/v1/campaigns/{id}/coupons: one customer
// or a list of them. A customer who stands there twice gets two coupons.
type issueIn struct {
	CustomerID  member[string] `json:"customer_id"`
	CustomerIDs list[text]     `json:"customer_ids"`
}

func (in *issueIn) customers() ([]string, error) {
	var f faults
	one, many := at{name: "customer_id"}, at{name: "customer_ids"}
	switch {
	case in.CustomerID.given && in.CustomerIDs != nil:
		f.add(errors.New("is given beside customer_id; give one of them"), many)
	case in.CustomerIDs == nil:
		f.add(checkID(in.CustomerID.value), one)
		return []string{in.CustomerID.value}, f.err()
	case len(in.CustomerIDs) < 1 || len(in.CustomerIDs) > ledger.MaxIssue:
		f.add(fmt.Errorf("must have 1 to %d customers", ledger.MaxIssue), many)
	}
	ids := make([]string, 0, len(in.CustomerIDs))
	for i, id := range in.CustomerIDs {
		f.add(checkID(string(id)), at{&many, "", i})
		ids = append(ids, string(id))
	}
	return ids, f.err()
}

func (a *API) issueCoupons(c *call) error {
	if done, err := c.replay(); done || err != nil {
		return err
	}
	campaignID, err := c.id("id")
	if err != nil {
		return err
	}
	var in issueIn
	if err := c.decode(&in); err != nil {
		return err
	}
	customers, err := in.customers()
	if err != nil {
		return err
	}
	return c.write(func(e *ledger.Entry) (int, any, error) {
		coupons, err := e.Issue(campaignID, customers)
		return http.StatusCreated, showCoupons(coupons, e.Now()), err
	})
}

// registrationIn is the body of a registration.
type registrationIn struct {
	Attributes attributes `json:"attributes"`
}

func (a *API) register(c *call) error {
	if done, err := c.replay(); done || err != nil {
		return err
	}
	customerID, err := c.id("id")
	if err != nil {
		return err
	}
	var in registrationIn
	if err := c.decode(&in); err != nil {
		return err
	}
	ctx := c.gin.Request.Context()
	// Who registered before is granted nothing more: policies are not asked.
	registered, err := a.Book.Registered(ctx, customerID)
	if err != nil {
		return err
	}
	var campaigns []string
	if !registered {
		if campaigns, err = a.Engine.Grants(ctx, customerID, string(in.Attributes)); err != nil {
			return err
		}
	}
	return c.write(func(e *ledger.Entry) (int, any, error) {
		coupons, first, err := e.Register(customerID, campaigns)
		status := http.StatusOK
		if first {
			status = http.StatusCreated
		}
		return status, showCoupons(coupons, e.Now()), err
	})
}

func (a *API) getCoupon(c *call) error {
	id, err := c.id("id")
	if err != nil {
		return err
	}
	coupon, err := a.Book.Coupon(c.gin.Request.Context(), id)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, showCoupon(&coupon, a.Book.Now()))
}

func (a *API) listCoupons(c *call) error {
	customerID, err := c.id("id")
	if err != nil {
		return err
	}
	page, err := c.page("status")
	if err != nil {
		return err
	}
	status := ledger.Status(c.gin.Query("status"))
	if _, given := c.gin.GetQuery("status"); given && !status.Valid() {
		return refusal.InvalidRequest(refusal.Fault{
			Parameter: "status", Detail: fmt.Sprintf("must be one of %v", ledger.Statuses)})
	}
	coupons, now, err := a.Book.Coupons(c.gin.Request.Context(), customerID, status, page.withOneMore())
	if err != nil {
		return err
	}
	show := func(coupon ledger.Coupon) couponOut { return showCoupon(&coupon, now) }
	return reply(c, page, coupons, show, func(c ledger.Coupon) ledger.Position {
		return ledger.Position{CreatedAt: c.CreatedAt, ID: c.ID}
	})
}

func (a *API) revokeCoupon(c *call) error {
	return c.act(func(e *ledger.Entry, id string) (int, any, error) {
		coupon, err := e.Revoke(id)
		if err != nil {
			return 0, nil, err
		}
		return http.StatusOK, showCoupon(&coupon, e.Now()), nil
	})
}
