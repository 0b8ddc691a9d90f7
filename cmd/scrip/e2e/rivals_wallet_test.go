// 64 clients over three sidecars fight over one wallet at a time: they redeem and revoke its cards, top up, pay, confirm,
// release, refund and withdraw, all at once, on both stores with the same code (Contract §7). Whatever they do, the
// answers, with every figure in them, are those of one ledger asked in some order.
package e2e

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"scrip/engine/ledger/sqlstore/pgtest"
	"scrip/engine/prove"
)

// purseContest is about one wallet, a few cards and a few orders of its customer.
type purseContest struct {
	customer string
	cards    []giftCard
	orders   [fewOrders]string // redemptions

	*ring
}

func TestRivalsForWalletsOnOneSQLiteFile(t *testing.T) { walletRivalry(t) }

func TestRivalsForWalletsOnOnePostgres(t *testing.T) {
	walletRivalry(t, withFlag("ledger", pgtest.Database(t)))
}

func walletRivalry(t *testing.T, ledger ...option) {
	t.Parallel()
	fleet := startFleet(t, append(ledger, withFlag("hold-ttl", "3h"))...)
	n := prove.Count(8, 500)
	contests, failed := make([]*purseContest, n), make([]error, n)
	atOnce(4, n, func(i int) { contests[i], failed[i] = fleet.newPurse(i) })
	for _, err := range failed {
		if err != nil {
			t.Fatal(err)
		}
	}
	fight(t, &race[*purseContest]{fleet: fleet, tactics: everybodyDeals, quarrels: contests, each: prove.Count(800, 100_000) / n}, walletRivals)
	for _, c := range contests {
		fleet[0].journal(t, c.customer, "USD")
	}
	fleet.sound(t, ledger)
}

// newPurse sets up a wallet's contest: cards are issued, orders reserved, and nothing is in the wallet.
func (f fleet) newPurse(i int) (*purseContest, error) {
	s, c := f[i%len(f)], &purseContest{customer: unique("c"), ring: newRing()}
	issued, err := s.send(call{path: cardsPath, admin: true, body: fmt.Sprintf(`{"amount":%q,"currency":"USD","count":%d}`, amount(cardCents, "USD"), fewCards)})
	var cards struct{ Items []giftCard }
	if err == nil {
		err = decode(issued, http.StatusCreated, &cards)
	}
	c.cards = cards.Items
	for k := 0; k < fewOrders && err == nil; k++ {
		var q quote
		var r redemption
		var quoted, reserved answer
		if quoted, err = s.send(call{path: "/v1/quotes", body: freshOrder(c.customer)}); err == nil {
			err = decode(quoted, http.StatusCreated, &q)
		}
		if err == nil {
			reserved, err = s.send(reserveCall(q.ID, ""))
		}
		if err == nil {
			err = decode(reserved, http.StatusCreated, &r)
		}
		c.orders[k] = r.ID
	}
	return c, err
}

// freshOrder is the plain order of a customer, under an id of its own.
func freshOrder(customer string) string {
	return strings.NewReplacer("CUSTOMER", customer, `"O-1"`, quoted(unique("O"))).Replace(order)
}

// everybodyDeals with the wallet: money comes in at first and orders are paid, some of which are confirmed or released,
// and what is confirmed is refunded.
func everybodyDeals(_ *purseContest, n, of int, dice *rand.Rand) any {
	card, order := dice.IntN(fewCards), n*fewOrders/of // about one order after the other
	if dice.IntN(3) == 0 {
		order = dice.IntN(fewOrders)
	}
	switch roll := dice.IntN(20); {
	case roll < 2:
		return deal{verb: "claim", thing: card * n / of}
	case roll < 3:
		return deal{verb: "revoke", thing: card}
	case roll < 5:
		return deal{verb: "top up", amount: []int{700, 300, plentiful}[dice.IntN(3)]}
	case roll < 11:
		return deal{verb: "pay", thing: order, amount: []int{0, 0, 500, 1200, 3000}[dice.IntN(5)]}
	case roll < 13:
		return deal{verb: "withdraw", amount: []int{100, 900, 5_000}[dice.IntN(3)]}
	case roll < 14:
		return deal{verb: []string{"confirm", "release"}[dice.IntN(2)], thing: order}
	case roll < 17:
		return deal{verb: "refund", thing: order * dice.IntN(2), amount: []int{400, 900}[dice.IntN(2)]}
	}
	return deal{verb: "look"}
}

func (c *purseContest) call(asked any) call {
	in := asked.(deal)
	sum := sumBody(amount(int64(in.amount), "USD"), "USD")
	switch in.verb {
	case "claim":
		return claimCall(c.customer, c.cards[in.thing].Number, c.cards[in.thing].Code, "")
	case "revoke":
		return call{path: cardsPath + "/" + c.cards[in.thing].ID + "/revoke", admin: true}
	case "top up":
		return call{path: walletPath(c.customer) + "/top-ups", body: sum}
	case "withdraw":
		return call{path: walletPath(c.customer) + "/withdrawals", body: sum}
	case "pay":
		of := ""
		if in.amount > 0 {
			of = amount(int64(in.amount), "USD")
		}
		return call{path: walletPath(c.customer) + "/payments", body: payBody(c.orders[in.thing], of)}
	case "refund":
		return call{path: redemptionPath(c.orders[in.thing]) + "/refunds", body: amountOf("A", amount(int64(in.amount), "USD"))}
	case "look":
		return call{method: http.MethodGet, path: walletPath(c.customer)}
	}
	return stepCall(c.orders[in.thing], in.verb, "")
}

func (c *purseContest) atLast() []any { return []any{deal{verb: "look"}} }

// hear reads the figures of an answer.
func (c *purseContest) hear(asked any, a answer) (outcome, error) {
	var body struct {
		booked
		wallet
		Code     string          `json:"code"`
		Status   json.RawMessage `json:"status"` // a word, of a problem a number
		Credited string          `json:"credited"`
		Returned tender          `json:"returned"`
		PaidBy   tender          `json:"paid_by"`
		shortage
	}
	err := json.Unmarshal(a.body, &body)
	out := dealt{status: a.status}
	if a.status >= http.StatusBadRequest {
		out.code, out.rest = body.Code, cents(&err, body.Available)
		return out, err
	}
	switch asked.(deal).verb {
	case "look":
		out.wallet = body.wallet.purse(&err)
	case "claim":
		out.wallet, out.moved = body.Wallet.purse(&err), purse{gift: cents(&err, body.Credited)}
	case "top up":
		out.wallet, out.moved = body.Wallet.purse(&err), purse{bonus: cents(&err, body.Bonus)}
	case "withdraw":
		out.wallet, out.moved = body.Wallet.purse(&err), purse{bonus: cents(&err, body.ForfeitedBonus)}
	case "pay":
		out.wallet, out.moved = body.Wallet.purse(&err), body.Drawn.purse(&err)
	case "refund":
		out.moved, out.rest = body.Returned.purse(&err), cents(&err, body.Returned.External)
	case "revoke":
		out.state = strings.Trim(string(body.Status), `"`)
	default:
		out.state, out.moved, out.rest = strings.Trim(string(body.Status), `"`), body.PaidBy.purse(&err), cents(&err, body.PaidBy.External)
	}
	return out, err
}

// cents reads an amount of dollars; none is 0.
func cents(err *error, text string) int {
	if text == "" {
		return 0
	}
	n, bad := quote{Currency: "USD"}.minor(text)
	if bad != nil {
		*err = bad
		return 0
	}
	return int(n.Int64())
}

func (t tender) purse(err *error) purse {
	return purse{cents(err, t.Gift), cents(err, t.Bonus), cents(err, t.Cash)}
}

// purse is the customer's dollars.
func (w wallet) purse(err *error) purse {
	b := w.of("USD")
	return purse{cents(err, b.Gift), cents(err, b.Bonus), cents(err, b.Cash)}
}
