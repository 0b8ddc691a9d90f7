// What can be looked at of gift cards and wallets, looked at on both sides.
package machine

import (
	"math/big"
	"net/http"
	"net/url"

	"pgregory.net/rapid"
)

var cardStatuses = []string{"", "active", "redeemed", "revoked", "expired"}

func (m *machine) compareCards(t *rapid.T, customer, status string, limit int) {
	path := "/v1/customers/" + url.PathEscape(customer) + "/gift-cards?"
	if status != "" {
		path += "status=" + status
	}
	listed(m, t, false, path, limit, func(*cardBody) {}, m.model.cardsOf(customer, status))
}

// compareCode lets somebody look at a card's code.
func (m *machine) compareCode(t *rapid.T, customer string, k *card) {
	m.get(t, false, "/v1/customers/"+url.PathEscape(customer)+"/gift-cards/"+k.ID+"/code", m.model.reveal(customer, k.ID))
}

func (m *machine) compareBenefits(t *rapid.T, customer string) {
	m.model.settle(customer)
	want := benefitsBody{Coupons: m.model.show(m.model.couponsOf(customer, "")).Coupons, GiftCards: m.model.cardsOf(customer, ""),
		Wallet: m.model.showWallet(customer)}
	m.get(t, false, "/v1/customers/"+url.PathEscape(customer)+"/benefits", done(http.StatusOK, false, want))
}

func (m *machine) compareWallet(t *rapid.T, customer string) {
	m.model.settle(customer)
	m.get(t, false, walletOf(customer), done(http.StatusOK, false, m.model.showWallet(customer)))
}

// lookAfter looks at the wallet that has paid for an order, if one has. (What a
// wallet is asked to do itself, it answers with its balances.)
func (m *machine) lookAfter(t *rapid.T, r *redemption) {
	if r != nil && r.drawn != (purse{}) {
		m.compareWallet(t, r.customer)
	}
}

// compareJournal looks at a wallet's journal: each entry balances, all of them
// together are what is in the wallet, and no more can be withdrawn or was than
// was put in.
func (m *machine) compareJournal(t *rapid.T, customer string, limit int) {
	m.model.settle(customer)
	for i := range m.late { // either may have written
		m.late[i] = m.late[i] || m.model.settled
	}
	m.model.settled = false
	got := list[entryBody](m, t, false, walletOf(customer)+"/entries?", limit)
	var want []any
	for _, e := range m.model.wallet(customer).journal {
		want = append(want, e)
	}
	plain, sums := make([]entryBody, len(got)), make(map[string]*big.Rat)
	for i, e := range got {
		plain[i] = e.plain()
		if i > 0 && (instant(e.CreatedAt).After(instant(got[i-1].CreatedAt)) || *e.CreatedAt == *got[i-1].CreatedAt && e.ID >= got[i-1].ID) {
			t.Fatalf("%s's journal has %+v after %+v", customer, e, got[i-1])
		}
		addUp(t, e, sums)
	}
	unordered(t, customer+"'s journal", plain, want)
	for currency, a := range m.model.wallet(customer).accounts {
		for bucket, amount := range map[string]int64{"cash": a.cash, "gift": a.gift, "bonus": a.bonus} {
			if sum := sums[currency+" "+bucket]; sum != nil && sum.Cmp(exact(text(amount, currency), "JPY")) != 0 || sum == nil && amount != 0 {
				t.Fatalf("%s has %d %s of %s, the journal says %v", customer, amount, currency, bucket, sum)
			}
		}
	}
}

// addUp adds an entry's postings, which balance, to those of its currency.
func addUp(t *rapid.T, e entryBody, sums map[string]*big.Rat) {
	all := new(big.Rat)
	for _, p := range e.Postings {
		amount, ok := new(big.Rat).SetString(p.Amount)
		if !ok || amount.Sign() == 0 {
			t.Fatalf("%+v posts %q", e, p.Amount)
		}
		all.Add(all, amount)
		by := e.Currency + " " + p.Bucket
		if sums[by] == nil {
			sums[by] = new(big.Rat)
		}
		sums[by].Add(sums[by], amount)
	}
	if all.Sign() != 0 {
		t.Fatalf("%+v does not balance", e)
	}
}
