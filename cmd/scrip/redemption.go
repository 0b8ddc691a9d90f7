// scrip redemption: a quote on its way to a sale (Contract §6). Reserving holds its coupon, confirming makes the sale
// final, releasing lets go. Refunds are in redemption_refund.go.
package main

import (
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json"
)

const redemptionsPath = "/v1/redemptions"

type redemptionCmd struct {
	Reserve redemptionReserveCmd `cmd:"" help:"Hold a quote's coupon for its order."`
	Confirm redemptionConfirmCmd `cmd:"" help:"The money is collected: the coupon is used."`
	Release redemptionReleaseCmd `cmd:"" help:"Let go of a hold: the coupon is available again."`
	Show    redemptionShowCmd    `cmd:"" help:"Show a redemption: what was paid, refunded and is left."`
	List    redemptionListCmd    `cmd:"" help:"List the redemptions of an order."`
	Refund  redemptionRefundCmd  `cmd:"" help:"Refund units, amounts or charges of a confirmed redemption."`
}

// Help shows examples.
func (redemptionCmd) Help() string {
	return `Examples:

	scrip redemption reserve q_01…
	scrip redemption confirm rdm_01…
	scrip redemption release rdm_01…
	scrip redemption show rdm_01…
	scrip redemption list CJ-1
	scrip redemption refund rdm_01… --units A=1 --charge shipping=4.99 --reason dispute`
}

type redemptionReserveCmd struct {
	Quote string `arg:"" help:"The quote's id."`
	JSON  bool   `name:"json" help:"Print the answer as it came."`
	keyFlag
	dataFlags
}

// Run reserves the quote.
func (c *redemptionReserveCmd) Run(g *globals) error {
	sidecar, err := c.data()
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"quote_id": c.Quote})
	if err != nil {
		return err
	}
	var made redemptionAnswer
	got, err := c.post(g, sidecar, redemptionsPath, body, &made)
	return printAnswer(g, c.JSON, got, made.card, err)
}

// oneRedemption names one.
type oneRedemption struct {
	ID   string `arg:"" name:"redemption" help:"The redemption's id."`
	JSON bool   `name:"json" help:"Print the answer as it came."`
	dataFlags
}

// run makes a request that answers with the redemption, and prints that. Steps are idempotent by themselves.
func (c *oneRedemption) run(g *globals, method, step string) error {
	sidecar, err := c.data()
	if err != nil {
		return err
	}
	var made redemptionAnswer
	got, err := sidecar.call(g.Ctx, method, redemptionsPath+"/"+segment(c.ID)+step, nil, &made)
	return printAnswer(g, c.JSON, got, made.card, err)
}

type redemptionConfirmCmd struct{ oneRedemption }

// Run confirms; doing it again changes nothing.
func (c *redemptionConfirmCmd) Run(g *globals) error { return c.run(g, http.MethodPost, "/confirm") }

type redemptionReleaseCmd struct{ oneRedemption }

// Run releases; doing it again changes nothing.
func (c *redemptionReleaseCmd) Run(g *globals) error { return c.run(g, http.MethodPost, "/release") }

type redemptionShowCmd struct{ oneRedemption }

// Run shows.
func (c *redemptionShowCmd) Run(g *globals) error { return c.run(g, http.MethodGet, "") }

type redemptionListCmd struct {
	Order string `arg:"" help:"The order's id."`
	JSON  bool   `name:"json" help:"Print all pages as one list."`
	dataFlags
}

// Run lists an order's redemptions, oldest first.
func (c *redemptionListCmd) Run(g *globals) error {
	sidecar, err := c.data()
	if err != nil {
		return err
	}
	items, err := sidecar.list(g.Ctx, redemptionsPath, url.Values{"order_id": {c.Order}})
	if err != nil || c.JSON {
		return finishList(g, items, err)
	}
	redemptions, err := decodeItems[redemptionAnswer](items)
	if err != nil {
		return err
	}
	if len(redemptions) == 0 {
		return say(g, "Order %s was never reserved.", clean(c.Order))
	}
	t := table{titles: []string{"Redemption", "Customer", "Coupon", ">To pay", "Created", "Held until", "Status"}}
	for _, r := range redemptions {
		made := t.add(r.ID, r.CustomerID, orDot(r.CouponID), r.Totals.Payable+" "+r.Currency, showTime(r.CreatedAt, "·"),
			showTime(r.ExpiresAt, "·"), r.Status)
		made.cells[6].ink = statusInk(r.Status)
	}
	return show(g, t)
}
