// scrip gift-card: credit that whoever has number and code moves into a wallet, once (Contract §7). Issuing is in
// giftcard_issue.go, redeeming in giftcard_redeem.go. Codes are secrets: nothing here shows one but reveal.
package main

import (
	"net/http"
	"net/url"
)

const giftCardsPath = "/admin/v1/gift-cards"

type giftCardCmd struct {
	Issue  giftCardIssueCmd  `cmd:"" help:"Issue gift cards, one or up to 100,000 into a CSV file."`
	List   giftCardListCmd   `cmd:"" help:"List gift cards, all or a customer's, without their codes."`
	Show   giftCardShowCmd   `cmd:"" help:"Show one gift card, without its code."`
	Reveal giftCardRevealCmd `cmd:"" help:"Show the code of a gift card to the customer it was issued to."`
	Revoke giftCardRevokeCmd `cmd:"" help:"Take a gift card back that was not redeemed."`
	Redeem giftCardRedeemCmd `cmd:"" help:"Move a gift card's credit into a customer's wallet."`
}

// Help shows examples.
func (giftCardCmd) Help() string {
	return `Examples:

	scrip gift-card issue 50.00 USD
	scrip gift-card issue 25.00 USD --count 5000 --expires 2027-12-31 --csv cards.csv
	scrip gift-card list c-1001 --status active
	scrip gift-card show crd_01…
	scrip gift-card reveal c-1001 crd_01…
	scrip gift-card redeem c-1001 4929318203948576
	scrip gift-card revoke crd_01…`
}

// cardAnswer is a gift card; its code is there only when it was issued or revealed.
type cardAnswer struct {
	ID         string  `json:"id"`
	Number     string  `json:"number"`
	Code       string  `json:"code"`
	Amount     string  `json:"amount"`
	Currency   string  `json:"currency"`
	ExpiresAt  *string `json:"expires_at"`
	Status     string  `json:"status"`
	CustomerID *string `json:"customer_id"`
}

type giftCardListCmd struct {
	Customer string `arg:"" optional:"" help:"Only those issued to this customer."`
	Status   string `placeholder:"active|redeemed|revoked|expired" help:"Only those of this status."`
	JSON     bool   `name:"json" help:"Print all pages as one list."`
	dataFlags
	adminFlags
}

// Help tells whom it asks.
func (giftCardListCmd) Help() string {
	return `A customer's cards are the data listener's answer, all cards the admin listener's.

Examples:

	scrip gift-card list c-1001
	scrip gift-card list --status expired --json > expired.json`
}

// Run lists the cards, oldest first.
func (c *giftCardListCmd) Run(g *globals) error {
	from, path := c.admin, giftCardsPath
	if c.Customer != "" {
		from, path = c.data, "/v1/customers/"+segment(c.Customer)+"/gift-cards"
	}
	sidecar, err := from()
	if err != nil {
		return err
	}
	query := url.Values{}
	if c.Status != "" {
		query.Set("status", c.Status)
	}
	items, err := sidecar.list(g.Ctx, path, query)
	if err != nil || c.JSON {
		return finishList(g, items, err)
	}
	cards, err := decodeItems[cardAnswer](items)
	if err != nil {
		return err
	}
	if len(cards) == 0 {
		return say(g, "No such gift cards.")
	}
	return show(g, cardTable(cards))
}

// cardTable lists gift cards, one a line, without codes.
func cardTable(cards []cardAnswer) table {
	t := table{titles: []string{"Gift card", "Number", ">Amount", "Customer", "Expires", "Status"}}
	for _, c := range cards {
		r := t.add(c.ID, c.Number, c.Amount+" "+c.Currency, orDot(c.CustomerID), showTime(c.ExpiresAt, "never"), c.Status)
		r.cells[5].ink = statusInk(c.Status)
	}
	return t
}

// card shows one gift card, a property a line.
func (c *cardAnswer) card(p painter) string {
	owner := "none: whoever has number and code"
	if c.CustomerID != nil {
		owner = *c.CustomerID
	}
	return properties(p, [2]string{"Gift card", c.ID}, [2]string{"Status", c.Status}, [2]string{"Number", c.Number},
		[2]string{"Amount", c.Amount + " " + c.Currency}, [2]string{"Customer", owner}, [2]string{"Expires", showTime(c.ExpiresAt, "never")})
}

// oneGiftCard names one.
type oneGiftCard struct {
	ID   string `arg:"" name:"gift-card" help:"The gift card's id."`
	JSON bool   `name:"json" help:"Print the answer as it came."`
	adminFlags
}

// run makes a request that answers with the card, and prints that.
func (c *oneGiftCard) run(g *globals, method, step string) error {
	sidecar, err := c.admin()
	if err != nil {
		return err
	}
	var held cardAnswer
	got, err := sidecar.call(g.Ctx, method, giftCardsPath+"/"+segment(c.ID)+step, nil, &held)
	return printAnswer(g, c.JSON, got, held.card, err)
}

type giftCardShowCmd struct{ oneGiftCard }

// Run shows.
func (c *giftCardShowCmd) Run(g *globals) error { return c.run(g, http.MethodGet, "") }

type giftCardRevokeCmd struct{ oneGiftCard }

// Run revokes; doing it again changes nothing.
func (c *giftCardRevokeCmd) Run(g *globals) error { return c.run(g, http.MethodPost, "/revoke") }

type giftCardRevealCmd struct {
	Customer string `arg:"" help:"The customer's id."`
	ID       string `arg:"" name:"gift-card" help:"The gift card's id."`
	JSON     bool   `name:"json" help:"Print the answer as it came."`
	dataFlags
}

// Run reveals the code.
func (c *giftCardRevealCmd) Run(g *globals) error {
	sidecar, err := c.data()
	if err != nil {
		return err
	}
	var held cardAnswer
	got, err := sidecar.call(g.Ctx, http.MethodGet, "/v1/customers/"+segment(c.Customer)+"/gift-cards/"+segment(c.ID)+"/code", nil, &held)
	return printAnswer(g, c.JSON, got, func(p painter) string {
		return properties(p, [2]string{"Gift card", held.ID}, [2]string{"Number", held.Number}, [2]string{"Code", held.Code})
	}, err)
}
