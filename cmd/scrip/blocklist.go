// scrip blocklist: customers who may not use coupons, over the admin API (Contract §5).
package main

import (
	"net/http"

	"github.com/go-json-experiment/json"
)

const blocklistPath = "/admin/v1/blocklist"

type blocklistCmd struct {
	Add    blocklistAddCmd    `cmd:"" help:"Block a customer's coupons, from the next quote on."`
	Remove blocklistRemoveCmd `cmd:"" help:"Take a customer off the list."`
	List   blocklistListCmd   `cmd:"" help:"List who is blocked, and why."`
}

// Help shows examples.
func (blocklistCmd) Help() string {
	return `Examples:

	scrip blocklist add c-666 --reason "chargebacks in March"
	scrip blocklist list
	scrip blocklist remove c-666`
}

// blocked is an entry of the list.
type blocked struct {
	CustomerID string  `json:"customer_id"`
	Reason     string  `json:"reason"`
	CreatedAt  *string `json:"created_at"`
}

type blocklistAddCmd struct {
	Customer string `arg:"" help:"The customer's id."`
	Reason   string `placeholder:"TEXT" help:"Why, for those who look at the list."`
	JSON     bool   `name:"json" help:"Print the answer as it came."`
	adminFlags
}

// Run blocks the customer.
func (c *blocklistAddCmd) Run(g *globals) error {
	sidecar, err := c.admin()
	if err != nil {
		return err
	}
	body, err := json.Marshal(map[string]string{"reason": c.Reason})
	if err != nil {
		return err
	}
	got, err := sidecar.send(g.Ctx, http.MethodPut, blocklistPath+"/"+segment(c.Customer), body)
	if err != nil {
		return err
	}
	if c.JSON {
		return printRaw(g, got.body)
	}
	return say(g, "%s is blocked: no coupons from the next quote on.", clean(c.Customer))
}

type blocklistRemoveCmd struct {
	Customer string `arg:"" help:"The customer's id."`
	JSON     bool   `name:"json" help:"Print nothing: the answer is empty."`
	adminFlags
}

// Run takes the customer off the list; one who is not on it is no error.
func (c *blocklistRemoveCmd) Run(g *globals) error {
	sidecar, err := c.admin()
	if err != nil {
		return err
	}
	if _, err := sidecar.send(g.Ctx, http.MethodDelete, blocklistPath+"/"+segment(c.Customer), nil); err != nil {
		return err
	}
	if c.JSON {
		return nil
	}
	return say(g, "%s is not blocked (any more).", clean(c.Customer))
}

type blocklistListCmd struct {
	JSON bool `name:"json" help:"Print all pages as one list."`
	adminFlags
}

// Run lists the blocked customers.
func (c *blocklistListCmd) Run(g *globals) error {
	sidecar, err := c.admin()
	if err != nil {
		return err
	}
	items, err := sidecar.list(g.Ctx, blocklistPath, nil)
	if err != nil || c.JSON {
		return finishList(g, items, err)
	}
	entries, err := decodeItems[blocked](items)
	if err != nil {
		return err
	}
	if len(entries) == 0 {
		return say(g, "Nobody is blocked.")
	}
	t := table{titles: []string{"Customer", "Since", "Reason"}}
	for _, e := range entries {
		t.add(e.CustomerID, showTime(e.CreatedAt, "·"), e.Reason)
	}
	return show(g, t)
}
