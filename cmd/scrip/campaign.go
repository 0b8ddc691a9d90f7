// scrip campaign: the campaigns that coupons are issued from, over the admin API (Contract §5).
package main

import (
	"fmt"
	"io"
	"net/http"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const campaignsPath = "/admin/v1/campaigns"

type campaignCmd struct {
	Create campaignCreateCmd `cmd:"" help:"Create a campaign, from a file or from flags."`
	List   campaignListCmd   `cmd:"" help:"List the campaigns."`
	Show   campaignShowCmd   `cmd:"" help:"Show one campaign."`
	Pause  campaignPauseCmd  `cmd:"" help:"Stop issuing coupons of a campaign; issued ones stay."`
	Resume campaignResumeCmd `cmd:"" help:"Issue coupons of a paused campaign again."`
}

// Help shows examples.
func (campaignCmd) Help() string {
	return `Examples:

	scrip campaign create --id spring --name "Spring sale" --percent 10 --ends-at 2026-05-31
	scrip campaign list
	scrip campaign show spring
	scrip campaign pause spring
	scrip campaign resume spring`
}

type campaignCreateCmd struct {
	File string `arg:"" optional:"" placeholder:"FILE" help:"Campaign in JSON; - for standard input. Instead of the flags."`
	campaignFlags
	JSON bool `name:"json" help:"Print the answer as it came."`
	adminFlags
}

// campaignFlags describe a campaign; a flag left out leaves the sidecar's default.
type campaignFlags struct {
	ID              string         `name:"id" group:"campaign" placeholder:"ID" help:"Its id, as orders and policies name it."`
	Name            string         `group:"campaign" placeholder:"NAME" help:"Its name, for people."`
	Percent         string         `group:"campaign" xor:"discount" placeholder:"5" help:"Percentage off the eligible lines, above 0, up to 100."`
	Amount          string         `group:"campaign" xor:"discount" placeholder:"10.00" help:"Or an amount off, in --currency."`
	Currency        string         `group:"campaign" placeholder:"USD" help:"Currency of amount, minimum and maximum."`
	MinimumSpend    *string        `group:"campaign" placeholder:"50.00" help:"Least sum of eligible lines."`
	MaximumDiscount *string        `group:"campaign" placeholder:"20.00" help:"Most that a coupon takes off."`
	StartsAt        *string        `group:"campaign" placeholder:"TIME" help:"When coupons start, RFC 3339 in Z."`
	EndsAt          *string        `group:"campaign" placeholder:"TIME|DATE" help:"When coupons end at the latest; a date means its end."`
	ValidFor        *string        `group:"campaign" placeholder:"720h" help:"How long a coupon lives."`
	Quantity        *int64         `group:"campaign" placeholder:"N" help:"Most coupons ever issued."`
	PerCustomer     *int64         `group:"campaign" placeholder:"N" help:"Most coupons for one customer; 1 where left out."`
	Attributes      jsontext.Value `group:"campaign" placeholder:"JSON" help:"A JSON object that policies see."`
}

// Help shows examples.
func (campaignCreateCmd) Help() string {
	return `Examples:

	scrip campaign create --id spring --name "Spring sale" --percent 10 --maximum-discount 25.00 --currency USD
	scrip campaign create --id ten-off --name "Ten off" --amount 10.00 --currency USD --minimum-spend 80.00
	scrip campaign create campaign.json`
}

// Run creates the campaign.
func (c *campaignCreateCmd) Run(g *globals) error {
	body, err := c.body(g)
	if err != nil {
		return err
	}
	return oneCampaign(g, c.adminFlags, c.JSON, http.MethodPost, campaignsPath, body)
}

// body is the file's bytes, or the flags as a request.
func (c *campaignCreateCmd) body(g *globals) ([]byte, error) {
	if c.File != "" {
		if !c.campaignFlags.none() {
			return nil, usageError("give the campaign as a file or as flags, not both")
		}
		return readInput(g, c.File)
	}
	if c.ID == "" || (c.Percent == "" && c.Amount == "") {
		return nil, usageError("a campaign needs --id and --percent or --amount, or a file that says them; see: scrip campaign create --help")
	}
	if c.Amount != "" && c.Currency == "" {
		return nil, usageError("--amount needs --currency")
	}
	return c.request()
}

func (f *campaignFlags) none() bool {
	return f.ID+f.Name+f.Percent+f.Amount+f.Currency == "" && f.MinimumSpend == nil && f.MaximumDiscount == nil &&
		f.StartsAt == nil && f.EndsAt == nil && f.ValidFor == nil && f.Quantity == nil && f.PerCustomer == nil &&
		f.Attributes == nil
}

// request writes the flags as the body of a creation.
func (f *campaignFlags) request() ([]byte, error) {
	discount := map[string]string{"percent": f.Percent}
	var currency *string
	switch {
	case f.Amount != "":
		discount = map[string]string{"amount": f.Amount, "currency": f.Currency}
	case f.Currency != "":
		currency = &f.Currency
	}
	name := f.Name
	if name == "" {
		name = f.ID
	}
	body, err := json.Marshal(struct {
		ID              string            `json:"id"`
		Name            string            `json:"name"`
		Discount        map[string]string `json:"discount"`
		Currency        *string           `json:"currency,omitzero"`
		MinimumSpend    *string           `json:"minimum_spend,omitzero"`
		MaximumDiscount *string           `json:"maximum_discount,omitzero"`
		StartsAt        *string           `json:"starts_at,omitzero"`
		EndsAt          *string           `json:"ends_at,omitzero"`
		ValidFor        *string           `json:"valid_for,omitzero"`
		Quantity        *int64            `json:"quantity,omitzero"`
		PerCustomer     *int64            `json:"per_customer,omitzero"`
		Attributes      jsontext.Value    `json:"attributes,omitzero"`
	}{f.ID, name, discount, currency, f.MinimumSpend, f.MaximumDiscount, f.StartsAt, f.EndsAt, f.ValidFor,
		f.Quantity, f.PerCustomer, f.Attributes}, json.Deterministic(true))
	if err != nil {
		return nil, usageError(fmt.Sprintf("--attributes is not JSON: %v", err))
	}
	return body, nil
}

type campaignListCmd struct {
	JSON bool `name:"json" help:"Print all pages as one list."`
	adminFlags
}

// Run lists the campaigns.
func (c *campaignListCmd) Run(g *globals) error {
	sidecar, err := c.admin()
	if err != nil {
		return err
	}
	items, err := sidecar.list(g.Ctx, campaignsPath, nil)
	if err != nil || c.JSON {
		return finishList(g, items, err)
	}
	campaigns, err := decodeItems[campaignAnswer](items)
	if err != nil {
		return err
	}
	if len(campaigns) == 0 {
		return say(g, "No campaigns yet; create one with: scrip campaign create")
	}
	t := table{titles: []string{"Campaign", "Name", ">Discount", ">Minimum", ">Maximum", ">Issued", ">Of", "Ends", "Status"}}
	for _, c := range campaigns {
		ends := showTime(c.EndsAt, "·")
		if c.ValidFor != nil && c.EndsAt == nil {
			ends = "after " + *c.ValidFor
		}
		r := t.add(c.ID, c.Name, c.Discount.String(), orDot(c.MinimumSpend), orDot(c.MaximumDiscount),
			number(&c.Issued), number(c.Quantity), ends, c.Status)
		r.cells[8].ink = statusInk(c.Status)
	}
	return show(g, t)
}

type campaignShowCmd struct {
	ID   string `arg:"" name:"campaign" help:"The campaign's id."`
	JSON bool   `name:"json" help:"Print the answer as it came."`
	adminFlags
}

// Run shows one campaign.
func (c *campaignShowCmd) Run(g *globals) error {
	return oneCampaign(g, c.adminFlags, c.JSON, http.MethodGet, campaignsPath+"/"+segment(c.ID), nil)
}

type campaignPauseCmd struct{ campaignShowCmd }

// Run pauses the campaign; doing it again changes nothing.
func (c *campaignPauseCmd) Run(g *globals) error {
	return oneCampaign(g, c.adminFlags, c.JSON, http.MethodPost, campaignsPath+"/"+segment(c.ID)+"/pause", nil)
}

type campaignResumeCmd struct{ campaignShowCmd }

// Run resumes the campaign; doing it again changes nothing.
func (c *campaignResumeCmd) Run(g *globals) error {
	return oneCampaign(g, c.adminFlags, c.JSON, http.MethodPost, campaignsPath+"/"+segment(c.ID)+"/resume", nil)
}

// oneCampaign makes a request that answers with a campaign, and prints that.
func oneCampaign(g *globals, flags adminFlags, raw bool, method, path string, body []byte) error {
	sidecar, err := flags.admin()
	if err != nil {
		return err
	}
	var made campaignAnswer
	got, err := sidecar.call(g.Ctx, method, path, body, &made)
	if err != nil {
		return err
	}
	if raw {
		return printRaw(g, got.body)
	}
	_, err = io.WriteString(g.Stdout, made.card(painterFor(g.Stdout)))
	return err
}

// card shows one campaign, a property a line.
func (c campaignAnswer) card(p painter) string {
	t := table{titles: []string{"", ""}}
	add := func(label, text string) { t.add(label, text).cells[0].ink = dim }
	add("Campaign", c.ID)
	add("Name", c.Name)
	add("Status", c.Status)
	add("Discount", c.Discount.String())
	add("Minimum spend", withCurrency(c.MinimumSpend, c.Currency, c.Discount.Currency))
	add("Maximum discount", withCurrency(c.MaximumDiscount, c.Currency, c.Discount.Currency))
	add("Starts", showTime(c.StartsAt, "at once"))
	add("Ends", showTime(c.EndsAt, "never"))
	if c.ValidFor != nil {
		add("Coupons live", *c.ValidFor)
	}
	add("Quantity", number(c.Quantity))
	add("Per customer", number(c.PerCustomer))
	add("Issued", number(&c.Issued))
	if attributes := string(c.Attributes); attributes != "" && attributes != "{}" {
		add("Attributes", attributes)
	}
	t.rows[0].cells[1].ink = bold
	t.rows[2].cells[1].ink = statusInk(c.Status)
	return t.render(p)
}
