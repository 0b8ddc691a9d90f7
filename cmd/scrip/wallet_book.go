// scrip wallet top-up, pay and withdraw: bookings, each with a receipt of what moved and what the wallet has now.
package main

import (
	"github.com/go-json-experiment/json"
)

// walletBooking is what these commands share.
type walletBooking struct {
	JSON bool `name:"json" help:"Print the answer as it came."`
	keyFlag
	dataFlags
}

// bookedAnswer is any of the three answers; each fills what it has.
type bookedAnswer struct {
	ID             string       `json:"id"`
	RedemptionID   string       `json:"redemption_id"`
	Amount         string       `json:"amount"`
	Currency       string       `json:"currency"`
	Bonus          string       `json:"bonus"`
	ForfeitedBonus string       `json:"forfeited_bonus"`
	Drawn          tenderAnswer `json:"drawn"`
	Wallet         walletAnswer `json:"wallet"`
}

// book makes a booking and prints its receipt: what it is called, how much, what receipt adds, then the wallet.
func (b *walletBooking) book(g *globals, customer, step string, request map[string]string, name string, receipt func(*bookedAnswer) [][2]string) error {
	sidecar, err := b.data()
	if err != nil {
		return err
	}
	body, err := json.Marshal(request, json.Deterministic(true))
	if err != nil {
		return err
	}
	var made bookedAnswer
	got, err := b.post(g, sidecar, walletPath(customer)+step, body, &made)
	return printAnswer(g, b.JSON, got, func(p painter) string {
		pairs := [][2]string{{name, made.ID}, {"Customer", made.Wallet.CustomerID}, {"Amount", made.money(made.Amount)}}
		return properties(p, append(pairs, receipt(&made)...)...) + "\n" + made.Wallet.card(p)
	}, err)
}

// money is an amount with its currency, or "none".
func (a *bookedAnswer) money(amount string) string {
	if amount == "" || isZero(amount) {
		return "none"
	}
	return amount + " " + a.Currency
}

type walletTopUpCmd struct {
	Customer  string `arg:"" help:"The customer's id."`
	Amount    string `arg:"" help:"How much cash, such as 500.00."`
	Currency  string `arg:"" help:"Its currency, such as USD."`
	Reference string `placeholder:"TEXT" help:"What it is in your books, such as a payment's id."`
	walletBooking
}

// Run tops up.
func (c *walletTopUpCmd) Run(g *globals) error {
	request := map[string]string{"amount": c.Amount, "currency": c.Currency, "reference": c.Reference}
	return c.book(g, c.Customer, "/top-ups", request, "Top-up", func(made *bookedAnswer) [][2]string {
		return [][2]string{{"Bonus", made.money(made.Bonus)}}
	})
}

type walletPayCmd struct {
	Customer   string `arg:"" help:"The customer's id."`
	Redemption string `arg:"" help:"The reserved redemption's id."`
	Amount     string `placeholder:"AMOUNT" help:"How much, in its currency; without it, all that is owed."`
	walletBooking
}

// Help shows examples.
func (walletPayCmd) Help() string {
	return `Pay, then confirm. What was drawn returns by itself if the redemption is released or its hold ends.

Examples:

	scrip wallet pay c-1001 rdm_01…
	scrip wallet pay c-1001 rdm_01… --amount 20.00
	scrip redemption confirm rdm_01…`
}

// Run pays.
func (c *walletPayCmd) Run(g *globals) error {
	request := map[string]string{"redemption_id": c.Redemption}
	if c.Amount != "" {
		request["amount"] = c.Amount
	}
	return c.book(g, c.Customer, "/payments", request, "Payment", func(made *bookedAnswer) [][2]string {
		return [][2]string{{"Redemption", made.RedemptionID}, {"Drawn", made.Drawn.String()}}
	})
}

type walletWithdrawCmd struct {
	Customer string `arg:"" help:"The customer's id."`
	Amount   string `arg:"" help:"How much cash, such as 100.00."`
	Currency string `arg:"" help:"Its currency, such as USD."`
	walletBooking
}

// Help shows examples.
func (walletWithdrawCmd) Help() string {
	return `Cash only. Of the bonus that is not spent yet, the part that the cash had earned is forfeited with it.

Examples:

	scrip wallet show c-1001
	scrip wallet withdraw c-1001 100.00 USD`
}

// Run withdraws.
func (c *walletWithdrawCmd) Run(g *globals) error {
	request := map[string]string{"amount": c.Amount, "currency": c.Currency}
	return c.book(g, c.Customer, "/withdrawals", request, "Withdrawal", func(made *bookedAnswer) [][2]string {
		return [][2]string{{"Bonus forfeited", made.money(made.ForfeitedBonus)}}
	})
}
