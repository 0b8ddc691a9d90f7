package httpapi

import (
	"net/http"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

// walletOut is a wallet as it is shown (Contract §7).
type walletOut struct {
	CustomerID string       `json:"customer_id"`
	Balances   []balanceOut `json:"balances"`
}

type balanceOut struct {
	Currency     string `json:"currency"`
	Cash         string `json:"cash"`
	Gift         string `json:"gift"`
	Bonus        string `json:"bonus"`
	Total        string `json:"total"`
	Withdrawable string `json:"withdrawable"`
}

func showWallet(customerID string, balances []ledger.Balance) walletOut {
	out := walletOut{CustomerID: customerID, Balances: make([]balanceOut, 0, len(balances))}
	for i := range balances {
		b := &balances[i]
		show := b.Currency.Format
		out.Balances = append(out.Balances, balanceOut{Currency: b.Currency.Code(), Cash: show(b.Cash), Gift: show(b.Gift), Bonus: show(b.Bonus),
			Total: show(b.Total()), Withdrawable: show(b.Withdrawable())})
	}
	return out
}

func (a *API) getWallet(c *call) error {
	customerID, err := c.id("id")
	if err != nil {
		return err
	}
	balances, err := a.Book.Wallet(c.gin.Request.Context(), customerID)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, showWallet(customerID, balances))
}

// entryOut is one entry of the journal.
type entryOut struct {
	ID        string           `json:"id"`
	CreatedAt *string          `json:"created_at"`
	Kind      ledger.EntryKind `json:"kind"`
	Currency  string           `json:"currency"`
	Postings  []postingOut     `json:"postings"`
	Reference string           `json:"reference"`
}

type postingOut struct {
	Bucket ledger.Bucket `json:"bucket"`
	Amount string        `json:"amount"`
}

func (a *API) listEntries(c *call) error {
	customerID, err := c.id("id")
	if err != nil {
		return err
	}
	page, err := c.page()
	if err != nil {
		return err
	}
	entries, err := a.Book.Journal(c.gin.Request.Context(), customerID, page.withOneMore())
	if err != nil {
		return err
	}
	show := func(e ledger.JournalEntry) entryOut {
		out := entryOut{ID: e.ID, CreatedAt: formatInstant(e.CreatedAt), Kind: e.Kind, Currency: e.Currency.Code(),
			Postings: make([]postingOut, 0, len(e.Postings)), Reference: e.Reference}
		for _, p := range e.Postings {
			out.Postings = append(out.Postings, postingOut{p.Bucket, e.Currency.Format(p.Amount)})
		}
		return out
	}
	return reply(c, page, entries, show, func(e ledger.JournalEntry) ledger.Position {
		return ledger.Position{CreatedAt: e.CreatedAt, ID: e.ID}
	})
}

// walletCall reads what all operations on a wallet begin with. Done says that
// the request was answered before.
func (c *call) walletCall(into any) (customerID string, done bool, err error) {
	if done, err := c.replay(); done || err != nil {
		return "", done, err
	}
	if customerID, err = c.id("id"); err == nil {
		err = c.decode(into)
	}
	return customerID, false, err
}

// claimIn is the body of POST /v1/wallets/{customer_id}/gift-cards. Neither is
// ever part of a message.
type claimIn struct {
	Number text `json:"number"`
	Code   text `json:"code"`
}

// claimOut is what a redeemed card gave.
type claimOut struct {
	Credited string    `json:"credited"`
	Currency string    `json:"currency"`
	Wallet   walletOut `json:"wallet"`
}

func (a *API) redeemCard(c *call) error {
	var in claimIn
	customerID, done, err := c.walletCall(&in)
	if done || err != nil {
		return err
	}
	var f faults
	f.add(checkText(string(in.Number), 1, maxIDBytes), at{name: "number"})
	f.add(checkText(string(in.Code), 1, maxIDBytes), at{name: "code"})
	if err := f.err(); err != nil {
		return err
	}
	number, secret := ledger.TypedNumber(string(in.Number)), ledger.TypedCode(string(in.Code))
	return a.Engine.InTurn(c.gin.Request.Context(), customerID, func() error {
		claim, err := a.Engine.Claim(c.gin.Request.Context(), customerID, number, secret)
		if err != nil {
			return err
		}
		return c.write(func(e *ledger.Entry) (int, any, error) {
			card, err := e.RedeemCard(claim)
			if err != nil {
				return 0, nil, err
			}
			balances, err := e.Wallet(customerID)
			return http.StatusCreated, claimOut{Credited: card.Currency.Format(card.Amount), Currency: card.Currency.Code(),
				Wallet: showWallet(customerID, balances)}, err
		})
	})
}

// topUpIn is the body of POST /v1/wallets/{customer_id}/top-ups.
type topUpIn struct {
	Amount    number `json:"amount"`
	Currency  string `json:"currency"`
	Reference text   `json:"reference"`
}

type topUpOut struct {
	ID       string    `json:"id"`
	Amount   string    `json:"amount"`
	Currency string    `json:"currency"`
	Bonus    string    `json:"bonus"`
	Wallet   walletOut `json:"wallet"`
}

func (a *API) topUp(c *call) error {
	var in topUpIn
	customerID, done, err := c.walletCall(&in)
	if done || err != nil {
		return err
	}
	var f faults
	currency, amount := checkMoney(&f, in.Currency, in.Amount)
	f.add(checkText(string(in.Reference), 0, maxReasonBytes), at{name: "reference"})
	if err := f.err(); err != nil {
		return err
	}
	return a.Engine.InTurn(c.gin.Request.Context(), customerID, func() error {
		prepared, err := a.Engine.TopUp(c.gin.Request.Context(),
			ledger.TopUp{CustomerID: customerID, Currency: currency, Amount: amount, Reference: string(in.Reference)})
		if err != nil {
			return err
		}
		return c.write(func(e *ledger.Entry) (int, any, error) {
			id, bonus, err := e.TopUp(prepared)
			if err != nil {
				return 0, nil, err
			}
			balances, err := e.Wallet(customerID)
			return http.StatusCreated, topUpOut{ID: id, Amount: currency.Format(amount), Currency: currency.Code(), Bonus: currency.Format(bonus),
				Wallet: showWallet(customerID, balances)}, err
		})
	})
}

// withdrawalIn is the body of POST /v1/wallets/{customer_id}/withdrawals.
type withdrawalIn struct {
	Amount   number `json:"amount"`
	Currency string `json:"currency"`
}

type withdrawalOut struct {
	ID             string    `json:"id"`
	Amount         string    `json:"amount"`
	Currency       string    `json:"currency"`
	ForfeitedBonus string    `json:"forfeited_bonus"`
	Wallet         walletOut `json:"wallet"`
}

func (a *API) withdraw(c *call) error {
	var in withdrawalIn
	customerID, done, err := c.walletCall(&in)
	if done || err != nil {
		return err
	}
	var f faults
	currency, amount := checkMoney(&f, in.Currency, in.Amount)
	if err := f.err(); err != nil {
		return err
	}
	return a.Engine.InTurn(c.gin.Request.Context(), customerID, func() error {
		prepared, err := a.Engine.Withdrawal(c.gin.Request.Context(), ledger.Withdrawal{CustomerID: customerID, Currency: currency, Amount: amount})
		if err != nil {
			return err
		}
		return c.write(func(e *ledger.Entry) (int, any, error) {
			id, forfeited, err := e.Withdraw(prepared)
			if err != nil {
				return 0, nil, err
			}
			balances, err := e.Wallet(customerID)
			return http.StatusCreated, withdrawalOut{ID: id, Amount: currency.Format(amount), Currency: currency.Code(),
				ForfeitedBonus: currency.Format(forfeited), Wallet: showWallet(customerID, balances)}, err
		})
	})
}

// paymentIn is the body of POST /v1/wallets/{customer_id}/payments.
type paymentIn struct {
	RedemptionID string         `json:"redemption_id"`
	Amount       member[number] `json:"amount"`
}

type paymentOut struct {
	ID           string    `json:"id"`
	RedemptionID string    `json:"redemption_id"`
	Amount       string    `json:"amount"`
	Currency     string    `json:"currency"`
	Drawn        drawnOut  `json:"drawn"`
	Wallet       walletOut `json:"wallet"`
}

type drawnOut struct {
	Gift  string `json:"gift"`
	Bonus string `json:"bonus"`
	Cash  string `json:"cash"`
}

func (a *API) pay(c *call) error {
	var in paymentIn
	customerID, done, err := c.walletCall(&in)
	if done || err != nil {
		return err
	}
	var f faults
	f.add(checkID(in.RedemptionID), at{name: "redemption_id"})
	if err := f.err(); err != nil {
		return err
	}
	redemption, err := a.Book.Redemption(c.gin.Request.Context(), in.RedemptionID)
	if err != nil {
		return err
	}
	var amount money.Amount
	if in.Amount.given {
		amount, err = parseAmount(in.Amount.value, redemption.Currency, aboveZero)
		f.add(err, at{name: "amount"})
	}
	if err := f.err(); err != nil && redemption.CustomerID == customerID {
		return err
	}
	return a.Engine.InTurn(c.gin.Request.Context(), customerID, func() error {
		return c.write(func(e *ledger.Entry) (int, any, error) {
			p, err := e.Pay(customerID, in.RedemptionID, amount)
			if err != nil {
				return 0, nil, err
			}
			balances, err := e.Wallet(customerID)
			show := p.Currency.Format
			return http.StatusCreated, paymentOut{ID: p.ID, RedemptionID: p.RedemptionID, Amount: show(p.Amount), Currency: p.Currency.Code(),
				Drawn: drawnOut{Gift: show(p.Drawn.Gift), Bonus: show(p.Drawn.Bonus), Cash: show(p.Drawn.Cash)}, Wallet: showWallet(customerID, balances)}, err
		})
	})
}
