// scrip benefits: all that a customer has on one screen: coupons, gift cards and the wallet (Contract §7).
package main

import "net/http"

type benefitsCmd struct {
	Customer string `arg:"" help:"The customer's id."`
	JSON     bool   `name:"json" help:"Print the answer as it came."`
	dataFlags
}

// Help shows examples.
func (benefitsCmd) Help() string {
	return `Codes of gift cards are not shown; scrip gift-card reveal shows one.

Examples:

	scrip benefits c-1001
	scrip benefits c-1001 --json`
}

// benefitsAnswer is what a customer has.
type benefitsAnswer struct {
	Coupons   []couponAnswer `json:"coupons"`
	GiftCards []cardAnswer   `json:"gift_cards"`
	Wallet    walletAnswer   `json:"wallet"`
}

// Run shows it.
func (c *benefitsCmd) Run(g *globals) error {
	sidecar, err := c.data()
	if err != nil {
		return err
	}
	var has benefitsAnswer
	got, err := sidecar.call(g.Ctx, http.MethodGet, "/v1/customers/"+segment(c.Customer)+"/benefits", nil, &has)
	return printAnswer(g, c.JSON, got, has.card, err)
}

// card is three tables, each with a line instead where there is nothing. The customer is named once, so the tables
// leave that column out.
func (b *benefitsAnswer) card(p painter) string {
	coupons, cards := "No coupons.\n", "No gift cards.\n"
	if len(b.Coupons) > 0 {
		t := couponTable(b.Coupons)
		t.drop(2)
		coupons = t.render(p)
	}
	if len(b.GiftCards) > 0 {
		t := cardTable(b.GiftCards)
		t.drop(3)
		cards = t.render(p)
	}
	return properties(p, [2]string{"Customer", b.Wallet.CustomerID}) + "\n" + coupons + "\n" + cards + "\n" + b.Wallet.card(p)
}
