// The money of a client's customers while everything is killed: cards, top-ups, payments, withdrawals, refunds and wrong
// codes. What it was told must be what the plain model of a wallet says, and what is found after every kill.
package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
)

// money is what a customer has, as the answers tell it.
type money struct {
	books  till
	cards  []giftCard
	posted []string // kinds of journal entries, oldest first
	locked bool     // too many wrong codes
}

// fund gives the customer two cards, of which one is redeemed and one may be revoked, and a top-up.
func (c *client) fund(l *life) error {
	var issued struct{ Items []giftCard }
	body := fmt.Sprintf(`{"amount":%q,"currency":"USD","customer_id":%q,"count":2}`, amount(cardCents, "USD"), l.customer)
	if err := c.book(l, call{path: cardsPath, body: body, admin: true, key: unique("key")}, http.StatusCreated, &issued); err != nil {
		return err
	}
	l.cards = issued.Items
	if err := c.deal(l, deal{verb: "claim"}, claimCall(l.customer, l.cards[0].Number, l.cards[0].Code, ""), "gift_card"); err != nil {
		return err
	}
	l.cards[0].Status = "redeemed"
	if rand.IntN(2) == 0 {
		var revoked giftCard
		if err := c.book(l, call{path: cardsPath + "/" + l.cards[1].ID + "/revoke", admin: true, key: unique("key")}, http.StatusOK, &revoked); err != nil {
			return err
		}
		l.cards[1].Status = revoked.Status
	}
	return c.deal(l, deal{verb: "top up", amount: plentiful}, call{path: walletPath(l.customer) + "/top-ups", body: sumBody("100", "USD")}, "top_up")
}

// pay pays some of the order that is reserved; which is more than the card gave, or less.
func (c *client) pay(l *life) error {
	cents := []int{500, 1_000, 1_499}[rand.IntN(3)]
	last := len(l.redeemed) - 1
	w := call{path: walletPath(l.customer) + "/payments", body: payBody(l.redeemed[last].ID, amount(int64(cents), "USD"))}
	return c.deal(l, deal{verb: "pay", thing: last, amount: cents}, w, "payment")
}

func (c *client) withdraw(l *life) error {
	w := call{path: walletPath(l.customer) + "/withdrawals", body: sumBody("30", "USD")}
	return c.deal(l, deal{verb: "withdraw", amount: 3_000}, w, "withdrawal")
}

// deal books an operation on the wallet, which must leave there what the model says.
func (c *client) deal(l *life, in deal, w call, kind string) error {
	w.key = unique("key")
	var told booked
	if err := c.book(l, w, http.StatusCreated, &told); err != nil {
		return err
	}
	_, l.books = l.books.answers(in)
	l.posted = append(l.posted, kind)
	var bad error
	if got := told.Wallet.purse(&bad); got != l.books.purse || bad != nil {
		return fmt.Errorf("%s: after %+v the wallet is told to be %+v, not %+v (%v)", l.customer, in, got, l.books.purse, bad)
	}
	return nil
}

// ends notes that the order was confirmed or released, and tells what the wallet had paid of it.
func (l *life) ends(verb string) (paid purse) {
	must, after := l.books.end(len(l.redeemed)-1, verb)
	l.becomes(after, "payment_returned")
	return must.moved
}

// isRefunded notes a refund of so many cents, of lines or charges, and tells what comes back of it.
func (l *life) isRefunded(cents int) (back purse) {
	must, after := l.books.giveBack(len(l.redeemed)-1, cents)
	l.becomes(after, "refund")
	return must.moved
}

// becomes notes the books; what came back to the wallet is in the journal.
func (l *life) becomes(after till, kind string) {
	if after.purse != l.books.purse {
		l.posted = append(l.posted, kind)
	}
	l.books = after
}

// mistype tries wrong codes until no more are let in. One that was not answered may have been counted.
func (c *client) mistype(l *life) error {
	failed, unsure := 0, false
	for {
		a, again, err := c.send(claimCall(l.customer, unique("number"), "00000000000000000000", ""))
		if err != nil {
			return err
		}
		unsure = unsure || again
		switch {
		case a.status == http.StatusNotFound && failed < 10:
			failed++
			continue
		case a.status != http.StatusTooManyRequests || failed < 10 && !unsure:
			return fmt.Errorf("%s: after %d wrong codes %d %s", l.customer, failed, a.status, clip(a.body))
		}
		l.locked = true
		return nil
	}
}

// checkMoney holds what the client was told of a customer's money against the ledger.
func (c *client) checkMoney(l *life) error {
	var w wallet
	if err := c.read(walletPath(l.customer), &w); err != nil {
		return err
	}
	var bad error
	if got := w.purse(&bad); got != l.books.purse || bad != nil {
		return fmt.Errorf("%s was told of %+v and has %+v (%v)", l.customer, l.books.purse, got, bad)
	}
	var entries page[journalEntry]
	if err := c.read(walletPath(l.customer)+"/entries", &entries); err != nil {
		return err
	}
	var posted []string
	for _, e := range slices.Backward(*entries.Items) {
		posted = append(posted, e.Kind)
	}
	if !slices.Equal(posted, l.posted) {
		return fmt.Errorf("%s was told of %v, the journal has %v", l.customer, l.posted, posted)
	}
	var cards page[giftCard]
	if err := c.read("/v1/customers/"+l.customer+"/gift-cards", &cards); err != nil {
		return err
	}
	byID := func(cards []giftCard) map[string]string {
		status := map[string]string{}
		for _, card := range cards {
			status[card.ID] = card.Status
		}
		return status
	}
	if got, want := byID(*cards.Items), byID(l.cards); fmt.Sprint(got) != fmt.Sprint(want) {
		return fmt.Errorf("%s was told of cards %v and has %v", l.customer, want, got)
	}
	return c.checkLock(l)
}

// checkLock expects that who failed too often still waits.
func (c *client) checkLock(l *life) error {
	if !l.locked {
		return nil
	}
	a, err := c.side.send(claimCall(l.customer, unique("number"), "00000000000000000000", ""))
	if err != nil || a.status != http.StatusTooManyRequests {
		return fmt.Errorf("%s failed too often, and then: %d %s, %v", l.customer, a.status, clip(a.body), err)
	}
	return nil
}
