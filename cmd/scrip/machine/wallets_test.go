// The steps of wallets: money in, money for orders, money out.
package machine

import (
	"net/http"

	"pgregory.net/rapid"
)

// owing draws an order that the wallet can pay something of.
func (m *machine) owing(t *rapid.T) *redemption {
	var fit []*redemption
	for _, r := range m.model.orders {
		if m.model.statusOf(r) == reserved && r.owed() > 0 {
			fit = append(fit, r)
		}
	}
	if len(fit) == 0 {
		return nil
	}
	return pick(t, fit, "order")
}

// paid are the orders that hold something of a wallet.
func (m *machine) paid() (list []*redemption) {
	for _, r := range m.model.orders {
		if m.model.statusOf(r) == reserved && r.drawn != (purse{}) {
			list = append(list, r)
		}
	}
	return list
}

// shopper draws a customer, often one who has something to pay.
func (m *machine) shopper(t *rapid.T) string {
	if r := m.owing(t); r != nil && rapid.Bool().Draw(t, "shops") {
		return r.customer
	}
	return pick(t, customers, "customer")
}

// topUp pays in about what an order costs, or what a tier of the bonus plan
// begins at, or a little less.
func (m *machine) topUp(t *rapid.T) {
	in := map[string]string{"currency": currency(t), "reference": pick(t, []string{"", "card 1"}, "reference")}
	who := pick(t, customers, "customer")
	if r := m.owing(t); r != nil && rapid.Bool().Draw(t, "for an order") {
		who, in["currency"] = r.customer, r.currency
	}
	amount := rapid.Int64Range(1, 1_500).Draw(t, "amount")
	if one(t, 3, "at a tier") {
		tiers := m.model.rules.plan(in["currency"])
		from := tiers[1+even(t, len(tiers)-1, "tier")].From * scale(in["currency"]).Num().Int64()
		amount = from + int64(pick(t, []int{-1, 0, 1, 50}, "off by"))
	}
	in["amount"] = text(amount, in["currency"])
	m.do(t, op{kind: "top up", method: http.MethodPost, path: walletOf(who) + "/top-ups", body: write(in),
		expect: func() answer { return m.model.topUp(who, in["currency"], amount, in["reference"]) }})
}

// pay pays for an order: all that it owes, or some, or one more than that. If
// nothing is owed, it mostly is for an order first.
func (m *machine) pay(t *rapid.T) {
	due := m.owing(t)
	if due == nil && !one(t, 4, "anything") {
		m.reserve(t)
		due = m.owing(t)
	}
	id := m.redemption(t, reserved)
	if due != nil && !one(t, 4, "any order") {
		id = due.id
	}
	m.payFor(t, id)
}

func (m *machine) payFor(t *rapid.T, id string) {
	who, amount, in := pick(t, customers, "customer"), int64(0), map[string]string{"redemption_id": id}
	if r := m.model.redemption(id); r != nil {
		if !one(t, 10, "another's") {
			who = r.customer
		}
		if rapid.Bool().Draw(t, "a part") {
			amount = rapid.Int64Range(1, r.owed()+1).Draw(t, "amount")
			if has := m.model.holds(who, r.currency).total(); has > 0 && one(t, 3, "all there is") {
				amount = has
			}
			in["amount"] = text(amount, r.currency)
		}
	}
	m.do(t, op{kind: "pay", method: http.MethodPost, path: walletOf(who) + "/payments", body: write(in),
		expect: func() answer { return m.model.pay(who, id, amount) }})
}

// withdraw takes out some of the cash, all of it, or one more than that.
func (m *machine) withdraw(t *rapid.T) {
	who, in := pick(t, customers, "customer"), map[string]string{"currency": currency(t)}
	for _, other := range customers {
		if m.model.holds(who, in["currency"]).cash == 0 && !one(t, 4, "whoever it is") {
			who = other
		}
	}
	has := m.model.holds(who, in["currency"]).cash
	amount := has
	if has == 0 || !one(t, 4, "all") {
		amount = rapid.Int64Range(1, has+1).Draw(t, "amount")
	}
	if one(t, 8, "too much") {
		amount = has + 1
	}
	in["amount"] = text(amount, in["currency"])
	m.do(t, op{kind: "withdraw", method: http.MethodPost, path: walletOf(who) + "/withdrawals", body: write(in),
		expect: func() answer { return m.model.withdraw(who, in["currency"], amount) }})
}
