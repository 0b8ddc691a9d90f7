// scrip coupon: what customers hold, and taking it back (Contract §5). Issuing is in issue.go.
package main

import (
	"net/http"
	"net/url"
)

type couponCmd struct {
	Issue  couponIssueCmd  `cmd:"" help:"Issue coupons of a campaign to customers."`
	List   couponListCmd   `cmd:"" help:"List a customer's coupons."`
	Show   couponShowCmd   `cmd:"" help:"Show one coupon and its life."`
	Events couponEventsCmd `cmd:"" help:"Show a coupon's life alone: what, when, by whom."`
	Revoke couponRevokeCmd `cmd:"" help:"Take a coupon back; a reserved one ends its hold."`
}

// Help shows examples.
func (couponCmd) Help() string {
	return `Examples:

	scrip coupon issue spring c-1001 c-1002
	scrip coupon issue spring --file customers.txt
	scrip coupon list c-1001 --status available
	scrip coupon show cpn_01…
	scrip coupon events cpn_01…
	scrip coupon revoke cpn_01…`
}

type couponListCmd struct {
	Customer string `arg:"" help:"The customer's id."`
	Status   string `placeholder:"available|reserved|used|expired|revoked" help:"Only those of this status."`
	JSON     bool   `name:"json" help:"Print all pages as one list."`
	dataFlags
}

// Run lists the coupons.
func (c *couponListCmd) Run(g *globals) error {
	sidecar, err := c.data()
	if err != nil {
		return err
	}
	query := url.Values{}
	if c.Status != "" {
		query.Set("status", c.Status)
	}
	items, err := sidecar.list(g.Ctx, "/v1/customers/"+segment(c.Customer)+"/coupons", query)
	if err != nil || c.JSON {
		return finishList(g, items, err)
	}
	coupons, err := decodeItems[couponAnswer](items)
	if err != nil {
		return err
	}
	if len(coupons) == 0 {
		return say(g, "%s holds no coupons%s.", clean(c.Customer), map[bool]string{true: " of that status"}[c.Status != ""])
	}
	return show(g, couponTable(coupons))
}

// couponTable lists coupons, one a line.
func couponTable(coupons []couponAnswer) table {
	t := table{titles: []string{"Coupon", "Campaign", "Customer", ">Discount", ">Minimum", "Expires", "Status"}}
	for _, c := range coupons {
		r := t.add(c.ID, c.CampaignID, c.CustomerID, c.Discount.String(), orDot(c.MinimumSpend),
			showTime(c.ExpiresAt, "never"), c.Status)
		r.cells[6].ink = statusInk(c.Status)
	}
	return t
}

type couponRevokeCmd struct {
	ID   string `arg:"" name:"coupon" help:"The coupon's id."`
	JSON bool   `name:"json" help:"Print the answer as it came."`
	adminFlags
}

// Run revokes one coupon.
func (c *couponRevokeCmd) Run(g *globals) error {
	sidecar, err := c.admin()
	if err != nil {
		return err
	}
	return oneCoupon(g, sidecar, c.JSON, http.MethodPost, "/admin/v1/coupons/"+segment(c.ID)+"/revoke")
}

// oneCoupon makes a request that answers with a coupon, and prints that.
func oneCoupon(g *globals, sidecar *client, raw bool, method, path string) error {
	var held couponAnswer
	got, err := sidecar.call(g.Ctx, method, path, nil, &held)
	return printAnswer(g, raw, got, func(p painter) string { return held.card(p) }, err)
}

// card shows one coupon, a property a line.
func (c couponAnswer) card(p painter) string {
	t := table{titles: []string{"", ""}}
	add := func(label, text string) { t.add(label, text).cells[0].ink = dim }
	add("Coupon", c.ID)
	add("Status", c.Status)
	add("Customer", c.CustomerID)
	add("Campaign", c.CampaignID)
	add("Discount", c.Discount.String())
	add("Minimum spend", withCurrency(c.MinimumSpend, c.Currency, c.Discount.Currency))
	add("Maximum discount", withCurrency(c.MaximumDiscount, c.Currency, c.Discount.Currency))
	add("Starts", showTime(c.StartsAt, "at once"))
	add("Expires", showTime(c.ExpiresAt, "never"))
	if attributes := string(c.Attributes); attributes != "" && attributes != "{}" {
		add("Attributes", attributes)
	}
	t.rows[0].cells[1].ink = bold
	t.rows[1].cells[1].ink = statusInk(c.Status)
	return t.render(p)
}
