// What is asked again of cards and wallets (Contract §7), over lines that break and by twins in flight: all that can be
// booked of them, each once.
package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// moneyStory asks for everything about a customer's money, and returns what holds the books against what was answered.
func (c *insister) moneyStory() (finds func()) {
	customer, order := unique("c"), unique("O")
	wallet := walletPath(customer)
	var issued struct{ Items []giftCard }
	c.book("cards", call{path: cardsPath, admin: true, body: fmt.Sprintf(`{"amount":"10","currency":"USD","count":2,"customer_id":%q}`, customer)},
		http.StatusCreated).into(c, &issued)
	used, revoked := issued.Items[0], issued.Items[1]
	c.book("card", claimCall(customer, used.Number, used.Code, ""), http.StatusCreated)
	c.book("revocation of a card", call{path: cardsPath + "/" + revoked.ID + "/revoke", admin: true}, http.StatusOK)
	var topUp, first, rest, given, out booked
	c.book("top-up", call{path: wallet + "/top-ups", body: sumBody("100", "USD")}, http.StatusCreated).into(c, &topUp)
	kept := c.reserve(customer, order, "") // of 24.99
	c.book("payment", call{path: wallet + "/payments", body: payBody(kept, "7")}, http.StatusCreated).into(c, &first)
	c.book("payment of the rest", call{path: wallet + "/payments", body: payBody(kept, "")}, http.StatusCreated).into(c, &rest)
	c.book("confirm of what is paid", stepCall(kept, "confirm", ""), http.StatusOK)
	var back refund
	c.book("refund of what is paid", call{path: redemptionPath(kept) + "/refunds", body: units("A", 1)}, http.StatusCreated).into(c, &back)
	c.book("withdrawal", call{path: wallet + "/withdrawals", body: sumBody("6.01", "USD")}, http.StatusCreated).into(c, &out)
	left := c.reserve(customer, unique("O"), "")
	c.book("payment of what is left", call{path: wallet + "/payments", body: payBody(left, "20")}, http.StatusCreated).into(c, &given)
	c.book("release of what is paid", stepCall(left, "release", ""), http.StatusOK)
	return func() {
		c.beside.has(c, customer, "9.00", "0.93", "80.00")
		entries := c.listed(wallet + "/entries?")
		if len(entries) != 8 {
			c.Fatalf("the journal has %d entries: %v", len(entries), entries)
		}
		entries = slices.Delete(entries, 0, 1) // what the release returned has an id that nobody was told
		c.finds("entries", entries, []string{used.ID, topUp.ID, first.ID, rest.ID, back.ID, out.ID, given.ID})
		var cards struct{ Items []giftCard }
		c.beside.get(c, "/v1/customers/"+customer+"/gift-cards").want(c, http.StatusOK).into(c, &cards)
		for _, card := range cards.Items {
			want := map[string]string{used.ID: "redeemed", revoked.ID: "revoked"}[card.ID]
			c.finds("a card's status", []string{card.Status}, []string{want})
		}
		c.finds("paid by the wallet", []string{c.beside.redeemed(c, kept).PaidBy.Gift, c.beside.redeemed(c, left).PaidBy.Bonus}, []string{"10.00", "0.93"})
	}
}

// twinMoney has twins at every booking of a customer's money.
func (p pair) twinMoney(t *testing.T) {
	t.Helper()
	customer, order := unique("c"), unique("O")
	wallet := walletPath(customer)
	var issued struct{ Items []giftCard }
	p.twins(t, call{path: cardsPath, body: `{"amount":"10","currency":"USD"}`, admin: true}, http.StatusCreated).into(t, &issued)
	p.twins(t, claimCall(customer, issued.Items[0].Number, issued.Items[0].Code, ""), http.StatusCreated)
	p.twins(t, call{path: wallet + "/top-ups", body: sumBody("100", "USD")}, http.StatusCreated)
	r := p[0].reserve(t, p[0].quote(t, orderOf(t, customer, `"O-1"`, quoted(order))))
	p.twins(t, call{path: wallet + "/payments", body: payBody(r.ID, "7")}, http.StatusCreated)
	p.twins(t, call{path: wallet + "/payments", body: payBody(r.ID, "")}, http.StatusCreated)
	p.twins(t, stepCall(r.ID, "confirm", ""), http.StatusOK)
	p.twins(t, refundCall(r.ID, ""), http.StatusCreated)
	p.twins(t, call{path: wallet + "/withdrawals", body: sumBody("6.01", "USD")}, http.StatusCreated)
	for _, s := range p {
		s.has(t, customer, "9.00", "0.93", "80.00")
		if entries := s.journal(t, customer, "USD"); len(entries) != 6 {
			t.Errorf("%+v", entries)
		}
	}
}
