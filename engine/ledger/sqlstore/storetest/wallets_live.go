// What the history of storetest.Live does with gift cards and a wallet.
package storetest

import (
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
)

// wallets leaves cards in every state, and zoe's wallet after everything that
// can be booked: with orders paid that are held, confirmed, refunded, released
// and ended.
func (l *Lived) wallets() {
	for _, name := range []string{"card", "spent card", "lost card"} {
		l.do(name, func(e *ledger.Entry) (string, error) {
			cards, err := e.IssueCards(ledger.CardOrder{Currency: currency("USD"), Amount: 2_000, CustomerID: "zoe", Count: 1})
			if err != nil || name != "spent card" {
				return cards[0].ID, err
			}
			_, err = e.RedeemCard(ledger.CardClaim{CustomerID: "zoe", Number: cards[0].Number, Secret: cards[0].Secret,
				Holds: func(time.Time, *ledger.GiftCard) error { return nil }})
			return cards[0].ID, err
		})
	}
	l.do("", func(e *ledger.Entry) (string, error) { _, err := e.RevokeCard(l.IDs["lost card"]); return "", err })
	l.do("top-up", func(e *ledger.Entry) (string, error) {
		id, _, err := e.TopUp(ledger.TopUp{CustomerID: "zoe", Currency: currency("USD"), Amount: 9_000,
			Bonus: func(ledger.Balance) (money.Amount, error) { return 90, nil }})
		return id, err
	})
	l.do("withdrawal", func(e *ledger.Entry) (string, error) {
		id, _, err := e.Withdraw(ledger.Withdrawal{CustomerID: "zoe", Currency: currency("USD"), Amount: 900,
			Holds: func(ledger.Balance) error { return nil }})
		return id, err
	})
	for _, name := range []string{"confirmed", "released", "ended", "open"} {
		l.pay("zoe " + name)
		if name == "ended" {
			l.now = l.now.Add(time.Hour)
		}
	}
	l.do("", func(e *ledger.Entry) (string, error) { _, err := e.Wallet("zoe"); return "", err })
	l.do("wallet refund", func(e *ledger.Entry) (string, error) {
		if _, err := e.Confirm(l.IDs["zoe confirmed"]); err != nil {
			return "", err
		}
		r, err := e.Refund(l.IDs["zoe confirmed"], ledger.RefundRequest{Lines: []ledger.RefundLine{{ID: "B", Amount: 90}}})
		return r.ID, err
	})
}

// pay reserves an order and pays for it; the released one is released.
func (l *Lived) pay(name string) {
	l.do(name, func(e *ledger.Entry) (string, error) {
		order := l.order(name)
		order.CustomerID = "zoe"
		if name == "zoe confirmed" || name == "zoe open" {
			order.Hold = 2 * time.Hour
		}
		r, err := e.Reserve(order)
		return r.ID, err
	})
	l.do(name+" payment", func(e *ledger.Entry) (string, error) {
		p, err := e.Pay("zoe", l.IDs[name], 0)
		return p.ID, err
	})
	if name == "zoe released" {
		l.do("", func(e *ledger.Entry) (string, error) { _, err := e.Release(l.IDs[name]); return "", err })
	}
}
