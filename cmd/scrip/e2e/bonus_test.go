// What a top-up earns: a percentage of all of it by a plan that authors edit (Contract §7).
package e2e

import (
	"strings"
	"testing"
)

func TestTopUpsEarnTheBonusOfThePlan(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, c := range []struct{ amount, currency, cash, bonus, total string }{
		{"0.01", "USD", "0.01", "0.00", "0.01"},
		{"99.99", "USD", "99.99", "0.00", "99.99"},
		{"100", "USD", "100.00", "1.00", "101.00"},
		{"100.50", "USD", "100.50", "1.01", "101.51"}, // 1.005
		{"100.49", "USD", "100.49", "1.00", "101.49"},
		{"499.99", "USD", "499.99", "5.00", "504.99"},
		{"500", "EUR", "500.00", "10.00", "510.00"},
		{"99", "JPY", "99", "0", "99"},
		{"149", "JPY", "149", "1", "150"},
		{"150", "JPY", "150", "2", "152"},
		{"100.050", "KWD", "100.050", "1.001", "101.051"},
	} {
		customer := unique("c")
		b := s.book(t, customer, "top-ups", sumBody(c.amount, c.currency))
		if b.Bonus != c.bonus || b.Wallet.of(c.currency) != (balance{c.currency, c.cash, b.Wallet.of(c.currency).Gift, c.bonus, c.total, c.cash}) || !strings.HasPrefix(b.ID, "top_") {
			t.Errorf("%+v: %+v", c, b)
		}
	}
	customer := unique("c")
	s.credit(t, customer, "500", "USD") // a card earns none
	s.has(t, customer, "500.00", "0.00", "0.00")
	s.book(t, customer, "top-ups", sumBody("500", "EUR")) // nor is there any conversion
	s.has(t, customer, "500.00", "0.00", "0.00")
	if w := s.wallet(t, customer); len(w.Balances) != 2 {
		t.Errorf("%+v", w)
	}
	for body, at := range map[string]string{
		sumBody("0", "USD"): "/amount", sumBody("0.001", "USD"): "/amount", sumBody("-1", "USD"): "/amount", sumBody("1", "XXX"): "/currency", `{"amount":"1"}`: "/currency",
		`{"currency":"USD"}`: "/amount", `{"amount":"1","currency":"USD","reference":null}`: "/reference", `{"amount":"1","currency":"USD","bonus":"1"}`: "/bonus",
	} {
		s.post(t, walletPath(customer)+"/top-ups", body).invalid(t, at)
	}
}

// The plan is data that authors edit, by currency; none is written in many ways.
func TestTheBonusPlanIsEdited(t *testing.T) {
	t.Parallel()
	plan := `{"bonus_plan":{"default":[{"from":0,"percent":"0.00"},{"from":50,"percent":"12.5"}],"EUR":[{"from":0,"percent":"0"},{"from":10,"percent":"0.0"}]}}`
	s := start(t, withFlag("policies", policyFolder(t, map[string]string{"wallet/topup/data.json": plan})))
	for _, c := range []struct{ amount, currency, bonus string }{{"49.99", "USD", "0.00"}, {"50", "USD", "6.25"}, {"10", "EUR", "0.00"}, {"52", "JPY", "7"}} {
		if b := s.book(t, unique("c"), "top-ups", sumBody(c.amount, c.currency)); b.Bonus != c.bonus {
			t.Errorf("%+v: %s", c, b.Bonus)
		}
	}
}
