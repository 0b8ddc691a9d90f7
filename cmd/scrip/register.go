// scrip register: a new customer, who gets the coupons of the campaigns that the policy grants (Contract §5).
package main

import (
	"fmt"
	"net/http"

	"github.com/go-json-experiment/json/jsontext"
)

type registerCmd struct {
	Customer   string `arg:"" help:"The customer's id."`
	Attributes string `placeholder:"JSON" default:"{}" help:"A JSON object that the policy sees."`
	JSON       bool   `name:"json" help:"Print the answer as it came."`
	dataFlags
}

// Help shows examples.
func (registerCmd) Help() string {
	return `Granted once: a second call shows the same coupons and grants no more.

Examples:

	scrip register c-1001
	scrip register c-1002 --attributes '{"country": "DE"}'`
}

// Run registers the customer and lists what was granted.
func (c *registerCmd) Run(g *globals) error {
	if !jsontext.Value(c.Attributes).IsValid() {
		return usageError("--attributes is not JSON")
	}
	sidecar, err := c.data()
	if err != nil {
		return err
	}
	var granted struct {
		Coupons []couponAnswer `json:"coupons"`
	}
	path := "/v1/customers/" + segment(c.Customer) + "/registrations"
	body := fmt.Appendf(nil, `{"attributes":%s}`, c.Attributes)
	got, err := sidecar.call(g.Ctx, http.MethodPost, path, body, &granted)
	if err != nil {
		return err
	}
	if c.JSON {
		return printRaw(g, got.body)
	}
	lead := "Registered"
	if got.status == http.StatusOK {
		lead = "Registered before:"
	}
	customer := clean(c.Customer)
	if len(granted.Coupons) == 0 {
		return say(g, "%s %s; no coupons granted.", lead, customer)
	}
	if err := say(g, "%s %s, with %s:", lead, customer, count(len(granted.Coupons), "coupon")); err != nil {
		return err
	}
	return show(g, couponTable(granted.Coupons))
}
