// scrip wallet: a customer's credit by currency (Contract §7). Its journal is in wallet_entries.go, what books in
// wallet_book.go.
package main

import "net/http"

type walletCmd struct {
	Show     walletShowCmd     `cmd:"" help:"Show what is in a customer's wallet."`
	Entries  walletEntriesCmd  `cmd:"" help:"Show the wallet's journal, newest first."`
	TopUp    walletTopUpCmd    `cmd:"" help:"Add cash, and the bonus that it earns."`
	Pay      walletPayCmd      `cmd:"" help:"Pay for a reserved redemption: gift credit first, then bonus, then cash."`
	Withdraw walletWithdrawCmd `cmd:"" help:"Take cash out, and with it the bonus that it earned."`
}

// Help shows examples.
func (walletCmd) Help() string {
	return `Examples:

	scrip wallet show c-1001
	scrip wallet entries c-1001 --limit 20
	scrip wallet top-up c-1001 500.00 USD --reference card-4711
	scrip wallet pay c-1001 rdm_01…
	scrip wallet withdraw c-1001 100.00 USD`
}

func walletPath(customer string) string { return "/v1/wallets/" + segment(customer) }

// walletAnswer is a wallet.
type walletAnswer struct {
	CustomerID string          `json:"customer_id"`
	Balances   []balanceAnswer `json:"balances"`
}

type balanceAnswer struct {
	Currency     string `json:"currency"`
	Cash         string `json:"cash"`
	Gift         string `json:"gift"`
	Bonus        string `json:"bonus"`
	Total        string `json:"total"`
	Withdrawable string `json:"withdrawable"`
}

// card lists the balances, in the order in which they pay.
func (w *walletAnswer) card(p painter) string {
	if len(w.Balances) == 0 {
		return "The wallet of " + clean(w.CustomerID) + " is empty.\n"
	}
	t := table{titles: []string{"Wallet", ">Gift", ">Bonus", ">Cash", ">Total", ">Withdrawable"}}
	for _, b := range w.Balances {
		t.add(b.Currency, orNothing(b.Gift), orNothing(b.Bonus), orNothing(b.Cash), b.Total, orNothing(b.Withdrawable)).cells[4].ink = bold
	}
	return t.render(p)
}

type walletShowCmd struct {
	Customer string `arg:"" help:"The customer's id."`
	JSON     bool   `name:"json" help:"Print the answer as it came."`
	dataFlags
}

// Run shows the wallet.
func (c *walletShowCmd) Run(g *globals) error {
	sidecar, err := c.data()
	if err != nil {
		return err
	}
	var wallet walletAnswer
	got, err := sidecar.call(g.Ctx, http.MethodGet, walletPath(c.Customer), nil, &wallet)
	return printAnswer(g, c.JSON, got, wallet.card, err)
}
