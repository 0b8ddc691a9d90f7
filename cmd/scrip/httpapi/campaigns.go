package httpapi

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

// campaignIn is the body of POST /admin/v1/campaigns (Contract §5).
type campaignIn struct {
	ID              string             `json:"id"`
	Name            string             `json:"name"`
	Discount        member[discountIn] `json:"discount"`
	MinimumSpend    *number            `json:"minimum_spend"`
	MaximumDiscount *number            `json:"maximum_discount"`
	Currency        *string            `json:"currency"`
	StartsAt        *string            `json:"starts_at"`
	EndsAt          *string            `json:"ends_at"`
	ValidFor        *string            `json:"valid_for"`
	Quantity        *int64             `json:"quantity"`
	PerCustomer     member[int64]      `json:"per_customer"`
	Attributes      attributes         `json:"attributes"`
}

type discountIn struct {
	Percent  member[number] `json:"percent"`
	Amount   member[number] `json:"amount"`
	Currency text           `json:"currency"`
}

// maxCount bounds quantities of coupons; maxValidity a coupon's life.
const (
	maxCount    = 1_000_000_000
	maxValidity = 100 * 366 * 24 * time.Hour

	maxValidForBytes = 64
	// Attributes are shown with every coupon, of which one answer may have 10,000.
	maxCampaignAttributes = 4 << 10
)

// campaign checks the body and makes a campaign of it.
func (in *campaignIn) campaign() (ledger.Campaign, error) {
	var f faults
	f.add(checkID(in.ID), at{name: "id"})
	f.add(checkText(in.Name, 1, maxNameBytes), at{name: "name"})
	out := ledger.Campaign{ID: in.ID, Name: in.Name, PerCustomer: 1, Terms: in.terms(&f)}
	out.Terms.Attributes = string(in.Attributes)
	if len(in.Attributes) > maxCampaignAttributes {
		f.add(fmt.Errorf("must be at most %d bytes in all", maxCampaignAttributes), at{name: "attributes"})
	}
	in.times(&f, &out)
	if in.Quantity != nil {
		f.add(checkCount(*in.Quantity), at{name: "quantity"})
		out.Quantity = *in.Quantity
	}
	if in.PerCustomer.given {
		f.add(checkCount(in.PerCustomer.value), at{name: "per_customer"})
		out.PerCustomer = in.PerCustomer.value
	}
	return out, f.err()
}

func (in *campaignIn) times(f *faults, out *ledger.Campaign) {
	var err error
	out.StartsAt, err = parseInstant(in.StartsAt)
	f.add(err, at{name: "starts_at"})
	out.EndsAt, err = parseEnd(in.EndsAt)
	f.add(err, at{name: "ends_at"})
	if !out.EndsAt.IsZero() && !out.EndsAt.After(out.StartsAt) {
		f.add(errors.New("must be after starts_at"), at{name: "ends_at"})
	}
	if in.ValidFor != nil {
		out.ValidFor.Text = *in.ValidFor
		out.ValidFor.Duration, err = time.ParseDuration(*in.ValidFor)
		if err != nil || len(*in.ValidFor) > maxValidForBytes || out.ValidFor.Duration < time.Millisecond || out.ValidFor.Duration > maxValidity {
			f.add(errors.New(`must be a duration from "1ms" to 100 years, such as "720h"`), at{name: "valid_for"})
		}
	}
}

// terms checks what a coupon is worth. The discount and the currency beside
// it may both name a currency, the same one; amounts need one.
func (in *campaignIn) terms(f *faults) (t ledger.Terms) {
	discount := at{name: "discount"}
	currency, place := "", at{name: "currency"}
	switch {
	case in.Currency != nil && in.Discount.value.Currency != "" && *in.Currency != string(in.Discount.value.Currency):
		f.add(errors.New("differs from the discount's own"), place)
		return t
	case in.Currency != nil:
		currency = *in.Currency
	case in.Discount.value.Currency != "":
		currency, place = string(in.Discount.value.Currency), at{&discount, "currency", 0}
	}
	if currency != "" || in.Currency != nil {
		var err error
		if t.Currency, err = money.CurrencyOf(currency); err != nil {
			f.add(err, place)
			return t
		}
	}
	in.worth(f, discount, &t)
	t.MinimumSpend = in.limit(f, "minimum_spend", in.MinimumSpend, t.Currency)
	t.MaximumDiscount = in.limit(f, "maximum_discount", in.MaximumDiscount, t.Currency)
	return t
}

func (in *campaignIn) worth(f *faults, place at, t *ledger.Terms) {
	var err error
	switch d := in.Discount.value; {
	case d.Percent.given == d.Amount.given:
		f.add(errors.New(`is required: {"percent": "5"} or {"amount": "10.00", "currency": "USD"}`), place)
	case d.Percent.given && d.Currency != "":
		f.add(errors.New("goes with an amount; beside a percentage, give the campaign's currency"), at{&place, "currency", 0})
	case d.Percent.given:
		t.Percent, err = money.ParsePercent(string(d.Percent.value))
		f.add(err, at{&place, "percent", 0})
	case d.Currency == "":
		f.add(errRequired, at{&place, "currency", 0})
	default:
		t.Amount, err = parseAmount(d.Amount.value, t.Currency, aboveZero)
		f.add(err, at{&place, "amount", 0})
	}
}

func (in *campaignIn) limit(f *faults, name string, text *number, currency money.Currency) money.Amount {
	switch {
	case text == nil:
		return 0
	case currency == money.Currency{}:
		f.add(fmt.Errorf("is needed for %s", name), at{name: "currency"})
		return 0
	}
	amount, err := parseAmount(*text, currency, aboveZero)
	f.add(err, at{name: name})
	return amount
}

func checkCount(n int64) error {
	if n < 1 || n > maxCount {
		return fmt.Errorf("must be a whole number from 1 to %d", maxCount)
	}
	return nil
}

// campaignOut is a campaign as it is shown.
type campaignOut struct {
	ID              string         `json:"id"`
	Name            string         `json:"name"`
	Discount        discountOut    `json:"discount"`
	MinimumSpend    *string        `json:"minimum_spend"`
	MaximumDiscount *string        `json:"maximum_discount"`
	Currency        *string        `json:"currency"`
	StartsAt        *string        `json:"starts_at"`
	EndsAt          *string        `json:"ends_at"`
	ValidFor        *string        `json:"valid_for"`
	Quantity        *int64         `json:"quantity"`
	PerCustomer     int64          `json:"per_customer"`
	Attributes      jsontext.Value `json:"attributes"`
	Status          string         `json:"status"`
	Issued          int64          `json:"issued"`
	CreatedAt       *string        `json:"created_at"`
}

type discountOut struct {
	Percent  string `json:"percent,omitempty"`
	Amount   string `json:"amount,omitempty"`
	Currency string `json:"currency,omitempty"`
}

func showCampaign(c ledger.Campaign) campaignOut {
	out := campaignOut{
		ID: c.ID, Name: c.Name,
		Discount:        showDiscount(&c.Terms),
		MinimumSpend:    showLimit(c.Terms.MinimumSpend, c.Terms.Currency),
		MaximumDiscount: showLimit(c.Terms.MaximumDiscount, c.Terms.Currency),
		Currency:        optional(c.Terms.Currency.Code()),
		StartsAt:        formatInstant(c.StartsAt),
		EndsAt:          formatInstant(c.EndsAt),
		ValidFor:        optional(c.ValidFor.Text),
		Quantity:        optional(c.Quantity),
		PerCustomer:     c.PerCustomer,
		Attributes:      showAttributes(c.Terms.Attributes),
		Status:          "active",
		Issued:          c.Issued,
		CreatedAt:       formatInstant(c.CreatedAt),
	}
	if c.Paused {
		out.Status = "paused"
	}
	return out
}

func showDiscount(t *ledger.Terms) discountOut {
	if t.Percent.IsZero() {
		return discountOut{Amount: t.Currency.Format(t.Amount), Currency: t.Currency.Code()}
	}
	return discountOut{Percent: t.Percent.String()}
}

func showLimit(a money.Amount, currency money.Currency) *string {
	if a == 0 {
		return nil
	}
	text := currency.Format(a)
	return &text
}

// optional is nil for a zero value.
func optional[T comparable](value T) *T {
	var zero T
	if value == zero {
		return nil
	}
	return &value
}

func showAttributes(text string) jsontext.Value {
	if text == "" {
		return jsontext.Value("{}")
	}
	return jsontext.Value(text)
}

func (a *API) createCampaign(c *call) error {
	if done, err := c.replay(); done || err != nil {
		return err
	}
	var in campaignIn
	if err := c.decode(&in); err != nil {
		return err
	}
	campaign, err := in.campaign()
	if err != nil {
		return err
	}
	return c.write(func(e *ledger.Entry) (int, any, error) {
		created, err := e.CreateCampaign(campaign)
		return http.StatusCreated, showCampaign(created), err
	})
}

func (a *API) listCampaigns(c *call) error {
	page, err := c.page()
	if err != nil {
		return err
	}
	campaigns, err := a.Book.Campaigns(c.gin.Request.Context(), page.withOneMore())
	if err != nil {
		return err
	}
	return reply(c, page, campaigns, showCampaign, func(c ledger.Campaign) ledger.Position {
		return ledger.Position{CreatedAt: c.CreatedAt, ID: c.ID}
	})
}

func (a *API) getCampaign(c *call) error {
	id, err := c.id("id")
	if err != nil {
		return err
	}
	campaign, err := a.Book.Campaign(c.gin.Request.Context(), id)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, showCampaign(campaign))
}

func (a *API) pauseCampaign(c *call) error  { return c.setPaused(true) }
func (a *API) resumeCampaign(c *call) error { return c.setPaused(false) }

func (c *call) setPaused(paused bool) error {
	return c.act(func(e *ledger.Entry, id string) (int, any, error) {
		campaign, err := e.SetPaused(id, paused)
		return http.StatusOK, showCampaign(campaign), err
	})
}

// act runs an operation that takes no body on the thing that the path names.
func (c *call) act(op func(e *ledger.Entry, id string) (int, any, error)) error {
	if done, err := c.replay(); done || err != nil {
		return err
	}
	id, err := c.id("id")
	if err != nil {
		return err
	}
	if err := c.decodeNothing(); err != nil {
		return err
	}
	return c.write(func(e *ledger.Entry) (int, any, error) { return op(e, id) })
}
