// The model of what wallets pay of orders, and of what comes back to them
// (Contract §7).
package machine

import "net/http"

// owed is what of an order the wallet has not paid.
func (r *redemption) owed() int64 { return units(r.totals.Payable, r.currency) - r.drawn.total() }

// paidBy tells what an order was paid by; what the wallet did not pay, the
// checkout has collected when it is confirmed.
func (r *redemption) paidBy() tender {
	external := int64(0)
	if r.state == confirmed {
		external = r.owed()
	}
	return r.tender(r.drawn, external)
}

func (r *redemption) tender(p purse, external int64) tender {
	return tender{text(p.gift, r.currency), text(p.bonus, r.currency), text(p.cash, r.currency), text(external, r.currency)}
}

// pay draws money for an order, all that it owes for 0.
func (m *model) pay(customer, id string, amount int64) answer {
	r := m.redemption(id)
	switch {
	case r == nil || r.customer != customer:
		return refuse(http.StatusNotFound, "redemption.not_found")
	case m.statusOf(r) != reserved:
		return refuse(http.StatusConflict, "redemption.not_reserved")
	case r.owed() == 0:
		return refuse(http.StatusConflict, "payment.nothing_owed")
	case amount > r.owed():
		return refuse(http.StatusUnprocessableEntity, "payment.exceeds_owed")
	case amount == 0:
		amount = r.owed()
	}
	if has := m.ahead(customer, r.currency); amount > has {
		no := refuse(http.StatusConflict, "wallet.insufficient_funds")
		no.needed, no.available = text(amount, r.currency), text(has, r.currency)
		return no
	}
	m.writeDown(paidFor(customer))
	has := m.holds(customer, r.currency)
	drawn := purse{gift: min(amount, has.gift)}
	drawn.bonus = min(amount-drawn.gift, has.bonus)
	drawn.cash = amount - drawn.gift - drawn.bonus
	r.drawn = r.drawn.and(drawn)
	body := paymentBody{ID: m.id("pay_"), RedemptionID: r.id, Amount: text(amount, r.currency), Currency: r.currency}
	m.book(customer, r.currency, drawn.minus(), map[string]int64{"orders": amount},
		entryBody{ID: body.ID, CreatedAt: stamp(m.now), Kind: "payment", Reference: r.id})
	m.happened(r.coupon, r, "redemption.paid", m.now, m.by)
	t := r.tender(drawn, 0)
	body.Drawn, body.Wallet = drawnBody{t.Gift, t.Bonus, t.Cash}, m.showWallet(customer)
	return done(http.StatusCreated, true, body).with(r.coupon)
}

// ahead is all that a customer has of a currency with what comes back from
// holds that have ended: a refusal does not write those down.
func (m *model) ahead(customer, currency string) int64 {
	has := m.holds(customer, currency).total()
	for _, r := range m.orders {
		if r.state == reserved && m.statusOf(r) == lapsed && r.customer == customer && r.currency == currency {
			has += r.drawn.total()
		}
	}
	return has
}

// giveBack returns a refund to where the money came from: what cannot be
// withdrawn first, and to nowhere more than came from it.
func (m *model) giveBack(r *redemption, id string, amount int64) (tender, string) {
	var back purse
	back.bonus = min(amount, r.drawn.bonus-r.back.bonus)
	back.gift = min(amount-back.bonus, r.drawn.gift-r.back.gift)
	back.cash = min(amount-back.bonus-back.gift, r.drawn.cash-r.back.cash)
	r.back = r.back.and(back)
	if back == (purse{}) {
		return r.tender(back, amount), ""
	}
	m.book(r.customer, r.currency, back, map[string]int64{"orders": -back.total()},
		entryBody{ID: id, CreatedAt: stamp(m.now), Kind: "refund", Reference: r.id})
	return r.tender(back, amount-back.total()), "to the wallet"
}
