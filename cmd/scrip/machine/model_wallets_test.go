// The model of wallets (Contract §7): what is in them, their journal, and what
// goes in and out.
package machine

import (
	"cmp"
	"fmt"
	"math/big"
	"net/http"
	"slices"
	"time"
)

// purse is money by where it came from.
type purse struct{ cash, gift, bonus int64 }

func (p purse) total() int64      { return p.cash + p.gift + p.bonus }
func (p purse) minus() purse      { return purse{-p.cash, -p.gift, -p.bonus} }
func (p purse) and(q purse) purse { return purse{p.cash + q.cash, p.gift + q.gift, p.bonus + q.bonus} }

// account is a customer's money of one currency, and the cash that they have
// put in and taken out.
type account struct {
	purse
	in, out int64
}

// wallet is a customer's money with its journal.
type wallet struct {
	accounts map[string]*account // by currency, from the first booking on
	journal  []entryBody
}

func (m *model) wallet(customer string) *wallet {
	if m.wallets[customer] == nil {
		m.wallets[customer] = &wallet{accounts: make(map[string]*account)}
	}
	return m.wallets[customer]
}

// holds is what a customer has of a currency.
func (m *model) holds(customer, currency string) purse {
	if a := m.wallet(customer).accounts[currency]; a != nil {
		return a.purse
	}
	return purse{}
}

// book adds to a purse what comes from other accounts, which are named with
// what goes to them.
func (m *model) book(customer, currency string, into purse, others map[string]int64, e entryBody) *account {
	w := m.wallet(customer)
	if w.accounts[currency] == nil {
		w.accounts[currency] = new(account)
	}
	a := w.accounts[currency]
	a.purse = a.and(into)
	e.Currency = currency
	post := func(bucket string, amount int64) {
		if amount != 0 {
			e.Postings = append(e.Postings, posting{bucket, text(amount, currency)})
		}
	}
	post("cash", into.cash)
	post("gift", into.gift)
	post("bonus", into.bonus)
	for bucket, amount := range others {
		post(bucket, amount)
	}
	w.journal = append(w.journal, e.plain())
	return a
}

// settle writes down the ends of holds that a customer has paid for: at that
// instant the money was theirs again, and now it shows. It is nobody's request.
func (m *model) settle(customer string) {
	by := m.request
	m.request = ""
	m.settled = m.writeDown(paidFor(customer)) || m.settled
	m.request = by
}

// paidFor are the orders that a customer's wallet has paid something of.
func paidFor(customer string) func(*redemption) bool {
	return func(r *redemption) bool { return r.customer == customer && r.drawn != purse{} }
}

// putBack returns what a hold that ended has drawn.
func (m *model) putBack(r *redemption, at time.Time) {
	if r.drawn != (purse{}) {
		m.book(r.customer, r.currency, r.drawn, map[string]int64{"orders": -r.drawn.total()},
			entryBody{ID: "ret_", CreatedAt: stamp(at), Kind: "payment_returned", Reference: r.id})
	}
}

func (m *model) showWallet(customer string) walletBody {
	body := walletBody{CustomerID: customer, Balances: []balanceBody{}}
	for currency, a := range m.wallet(customer).accounts {
		in := func(amount int64) string { return text(amount, currency) }
		body.Balances = append(body.Balances, balanceBody{currency, in(a.cash), in(a.gift), in(a.bonus), in(a.total()), in(a.cash)})
	}
	slices.SortFunc(body.Balances, func(a, b balanceBody) int { return cmp.Compare(a.Currency, b.Currency) })
	return body
}

// tier is a step of a bonus plan: from so many units of the currency on.
type tier struct {
	From    int64  `json:"from"`
	Percent string `json:"percent"`
}

// bonus is what a top-up earns: the percentage of the highest tier that it
// reaches, of all of it, rounded half up.
func (m *model) bonus(amount int64, currency string) int64 {
	percent := ""
	for _, t := range m.rules.plan(currency) {
		if new(big.Rat).SetInt64(amount).Cmp(exact(fmt.Sprint(t.From), currency)) >= 0 {
			percent = t.Percent
		}
	}
	earned, _ := new(big.Rat).SetString(percent)
	return halfUp(earned.Mul(earned, big.NewRat(amount, 100)))
}

func (m *model) topUp(customer, currency string, amount int64, reference string) answer {
	m.settle(customer)
	bonus, id := m.bonus(amount, currency), m.id("top_")
	m.book(customer, currency, purse{cash: amount, bonus: bonus}, map[string]int64{"external": -amount, "promotions": -bonus},
		entryBody{ID: id, CreatedAt: stamp(m.now), Kind: "top_up", Reference: reference}).in += amount
	a := done(http.StatusCreated, true, topUpBody{id, text(amount, currency), currency, text(bonus, currency), m.showWallet(customer)})
	if bonus > 0 {
		a.note = "with a bonus"
	}
	return a
}

// withdraw pays out cash. Of the bonus as much is forfeited as of the cash is
// taken out, rounded half up.
func (m *model) withdraw(customer, currency string, amount int64) answer {
	m.settle(customer)
	had := m.holds(customer, currency)
	if amount > had.cash {
		no := refuse(http.StatusConflict, "wallet.not_withdrawable")
		no.available = text(had.cash, currency)
		return no
	}
	forfeited := halfUp(new(big.Rat).Mul(new(big.Rat).SetInt64(had.bonus), big.NewRat(amount, had.cash)))
	id := m.id("wdr_")
	m.book(customer, currency, purse{cash: -amount, bonus: -forfeited}, map[string]int64{"external": amount, "promotions": forfeited},
		entryBody{ID: id, CreatedAt: stamp(m.now), Kind: "withdrawal"}).out += amount
	a := done(http.StatusCreated, true, withdrawalBody{id, text(amount, currency), currency, text(forfeited, currency), m.showWallet(customer)})
	if forfeited > 0 {
		a.note = "with a bonus"
	}
	return a
}

// unsound says what no step may ever do to wallets, or nothing.
func (m *model) unsound() string {
	for customer, w := range m.wallets {
		for currency, a := range w.accounts {
			switch {
			case min(a.cash, a.gift, a.bonus) < 0:
				return fmt.Sprintf("%s has %+v %s", customer, a.purse, currency)
			case a.cash+a.out > a.in:
				return fmt.Sprintf("%s put in %d %s, has taken out %d, and can take out %d", customer, a.in, currency, a.out, a.cash)
			}
		}
	}
	return ""
}
