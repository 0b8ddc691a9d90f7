// The wallet: money in with its bonus, orders paid with gift credit, bonus and cash in that order, and money out, of
// which credit is never part (Contract §7).
package e2e

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

type balance struct {
	Currency     string `json:"currency"`
	Cash         string `json:"cash"`
	Gift         string `json:"gift"`
	Bonus        string `json:"bonus"`
	Total        string `json:"total"`
	Withdrawable string `json:"withdrawable"`
}

type wallet struct {
	CustomerID string    `json:"customer_id"`
	Balances   []balance `json:"balances"`
}

// of is the balance of a currency, all "" where there is none.
func (w wallet) of(currency string) balance {
	for _, b := range w.Balances {
		if b.Currency == currency {
			return b
		}
	}
	return balance{}
}

// booked is what the operations of a wallet answer.
type booked struct {
	ID             string `json:"id"`
	Amount         string `json:"amount"`
	Bonus          string `json:"bonus"`
	ForfeitedBonus string `json:"forfeited_bonus"`
	Drawn          tender `json:"drawn"` // without external
	Wallet         wallet `json:"wallet"`
}

// shortage is a refusal for want of money.
type shortage struct{ Needed, Available string }

func walletPath(customer string) string { return "/v1/wallets/" + url.PathEscape(customer) }

func (s *sidecar) wallet(t testing.TB, customer string) wallet {
	t.Helper()
	var w wallet
	s.get(t, walletPath(customer)).want(t, http.StatusOK).into(t, &w)
	return w
}

func sumBody(amount, currency string) string {
	return fmt.Sprintf(`{"amount":%q,"currency":%q}`, amount, currency)
}

func payBody(redemption, amount string) string {
	if amount == "" {
		return fmt.Sprintf(`{"redemption_id":%q}`, redemption)
	}
	return fmt.Sprintf(`{"redemption_id":%q,"amount":%q}`, redemption, amount)
}

// book does an operation on the customer's wallet that must succeed; what it answers of the wallet is what is read.
func (s *sidecar) book(t testing.TB, customer, operation, body string) (b booked) {
	t.Helper()
	s.post(t, walletPath(customer)+"/"+operation, body).want(t, http.StatusCreated).into(t, &b)
	if now := s.wallet(t, customer); fmt.Sprint(now) != fmt.Sprint(b.Wallet) || now.CustomerID != customer {
		t.Errorf("%s answers %+v, then there is %+v", operation, b.Wallet, now)
	}
	return b
}

func (s *sidecar) topUp(t testing.TB, customer, amount string) booked {
	t.Helper()
	return s.book(t, customer, "top-ups", sumBody(amount, "USD"))
}

// short expects a refusal for want of money.
func (a answer) short(t testing.TB, code, needed, available string) {
	t.Helper()
	a.refusal(t, http.StatusConflict, code)
	var got shortage
	if a.into(t, &got); got != (shortage{needed, available}) {
		t.Errorf("want needed %q, available %q: %s", needed, available, a.body)
	}
}

// has expects the customer's dollars.
func (s *sidecar) has(t testing.TB, customer, gift, bonus, cash string) {
	t.Helper()
	if b := s.wallet(t, customer).of("USD"); b.Gift != gift || b.Bonus != bonus || b.Cash != cash || b.Withdrawable != cash {
		t.Errorf("want gift %s, bonus %s, cash %s, got %+v", gift, bonus, cash, b)
	}
}

// sound runs scrip ledger verify.
func (s *sidecar) sound(t testing.TB, flags ...string) {
	t.Helper()
	if out, err := s.cli(append([]string{"ledger", "verify"}, flags...)...); err != nil {
		t.Errorf("scrip ledger verify: %v: %s", err, out)
	}
}

func TestAWalletWhereNothingWasBookedIsEmpty(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, customer := range []string{unique("c"), unique("a/b c+é")} {
		if a := s.get(t, walletPath(customer)).want(t, http.StatusOK); !strings.Contains(string(a.body), `"balances":[]`) {
			t.Errorf("%s", a.body)
		}
		s.topUp(t, customer, "1")
		s.has(t, customer, "0.00", "0.00", "1.00")
	}
}

// Gift credit pays first, then bonus, then cash.
func TestPayingDrawsGiftThenBonusThenCash(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	s.credit(t, customer, "10", "USD")
	s.topUp(t, customer, "100")
	r := s.reserve(t, s.quote(t, ordered(t, customer))) // of 24.99
	pay := func(amount string) answer { return s.post(t, walletPath(customer)+"/payments", payBody(r.ID, amount)) }
	draws := func(b booked, amount string, drawn tender) {
		t.Helper()
		if b.Amount != amount || b.Drawn != drawn || !strings.HasPrefix(b.ID, "pay_") {
			t.Errorf("want %s of %+v, got %+v", amount, drawn, b)
		}
	}
	draws(s.book(t, customer, "payments", payBody(r.ID, "4")), "4.00", tender{"4.00", "0.00", "0.00", ""})
	pay("21").refusal(t, http.StatusUnprocessableEntity, "payment.exceeds_owed") // 20.99 is owed
	pay("0").invalid(t, "/amount")
	pay("0.001").invalid(t, "/amount")
	draws(s.book(t, customer, "payments", payBody(r.ID, "6.50")), "6.50", tender{"6.00", "0.50", "0.00", ""})
	draws(s.book(t, customer, "payments", payBody(r.ID, "")), "14.49", tender{"0.00", "0.50", "13.99", ""})
	pay("").refusal(t, http.StatusConflict, "payment.nothing_owed")
	pay("0.01").refusal(t, http.StatusConflict, "payment.nothing_owed")
	s.has(t, customer, "0.00", "0.00", "86.01")
	if got := s.redeemed(t, r.ID); got.PaidBy != (tender{"10.00", "1.00", "13.99", "0.00"}) || got.Lines[0].Refundable != "0.00" {
		t.Errorf("%+v", got)
	}
	if got := s.becomes(t, r.ID, "confirm", "confirmed"); got.PaidBy != (tender{"10.00", "1.00", "13.99", "0.00"}) || got.Lines[0].Refundable != "20.00" {
		t.Errorf("%+v", got)
	}
	pay("").refusal(t, http.StatusConflict, "redemption.not_reserved")
	s.sound(t)
}

func TestPaymentsThatCannotBe(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer, other := unique("c"), unique("c")
	r := s.reserve(t, s.quote(t, ordered(t, customer)))
	pay := func(customer, redemption, amount string) answer {
		return s.post(t, walletPath(customer)+"/payments", payBody(redemption, amount))
	}
	pay(customer, r.ID, "").short(t, "wallet.insufficient_funds", "24.99", "0.00")
	s.credit(t, customer, "10", "USD")
	s.book(t, customer, "top-ups", sumBody("500", "EUR")) // is of no use
	pay(customer, r.ID, "").short(t, "wallet.insufficient_funds", "24.99", "10.00")
	pay(customer, r.ID, "10.01").short(t, "wallet.insufficient_funds", "10.01", "10.00")
	pay(customer, r.ID, "25").refusal(t, http.StatusUnprocessableEntity, "payment.exceeds_owed")
	s.topUp(t, other, "100")
	for _, amount := range []string{"", "1", "0.001"} {
		pay(other, r.ID, amount).refusal(t, http.StatusNotFound, "redemption.not_found")
		pay(customer, "rdm_0", amount).refusal(t, http.StatusNotFound, "redemption.not_found")
	}
	s.becomes(t, r.ID, "release", "released")
	pay(customer, r.ID, "").refusal(t, http.StatusConflict, "redemption.not_reserved")
	s.post(t, walletPath(customer)+"/payments", `{}`).invalid(t, "/redemption_id")
	s.post(t, walletPath(customer)+"/payments", `{"redemption_id":"x","amount":null}`).invalid(t, "/amount")
	s.has(t, customer, "10.00", "0.00", "0.00")
	s.has(t, other, "0.00", "1.00", "100.00")
}

// What a hold has drawn is back when the hold is released, when its coupon is revoked, and at the instant it ends.
func TestWhatWasDrawnReturnsWhenAHoldEnds(t *testing.T) {
	t.Parallel()
	s := start(t, withFlag("hold-ttl", "3s"))
	type holding struct {
		customer string
		r        redemption
	}
	hold := func() holding {
		customer := unique("c")
		s.credit(t, customer, "3", "USD")
		s.topUp(t, customer, "100")
		s.give(t, customer, half) // it owes 14.99
		h := holding{customer, s.reserve(t, s.quote(t, ordered(t, customer)))}
		s.book(t, customer, "payments", payBody(h.r.ID, ""))
		s.has(t, customer, "0.00", "0.00", "89.01")
		return h
	}
	released := hold()
	s.becomes(t, released.r.ID, "release", "released")
	s.becomes(t, released.r.ID, "release", "released")
	revoked := hold()
	s.revoke(t, *revoked.r.CouponID)
	ended := hold()
	eventually(t, "the money is back", func() bool { return s.wallet(t, ended.customer).of("USD").Cash == "100.00" })
	if time.Now().Before(ended.r.ExpiresAt) {
		t.Error("the money came back before the hold ended")
	}
	again := s.reserve(t, s.quote(t, ordered(t, ended.customer)))
	s.book(t, ended.customer, "payments", payBody(again.ID, ""))
	s.becomes(t, again.ID, "confirm", "confirmed")
	s.has(t, ended.customer, "0.00", "0.00", "89.01")
	for _, h := range []holding{released, revoked} {
		s.has(t, h.customer, "3.00", "1.00", "100.00")
		if got := s.redeemed(t, h.r.ID).PaidBy; got != (tender{"3.00", "1.00", "10.99", "0.00"}) {
			t.Errorf("paid by is as it was paid: %+v", got)
		}
	}
	s.sound(t)
}

// A refund returns bonus first, then gift, then cash, and to the outside what is left.
func TestRefundsReturnWhatCannotBeWithdrawnFirst(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	s.credit(t, customer, "3", "USD")
	s.topUp(t, customer, "100")
	r := s.reserve(t, s.quote(t, ordered(t, customer)))
	s.book(t, customer, "payments", payBody(r.ID, "2.50"))
	s.book(t, customer, "payments", payBody(r.ID, "7.50"))
	if got := s.becomes(t, r.ID, "confirm", "confirmed").PaidBy; got != (tender{"3.00", "1.00", "6.00", "14.99"}) {
		t.Errorf("%+v", got)
	}
	for _, step := range []struct {
		body     string
		returned tender // gift, bonus, cash, external
	}{
		{amountOf("A", "0.60"), tender{"0.00", "0.60", "0.00", "0.00"}},
		{amountOf("A", "1.40"), tender{"1.00", "0.40", "0.00", "0.00"}},
		{chargeOf("shipping", "4.99"), tender{"2.00", "0.00", "2.99", "0.00"}},
		{amountOf("A", "5"), tender{"0.00", "0.00", "3.01", "1.99"}},
		{amountOf("A", "13"), tender{"0.00", "0.00", "0.00", "13.00"}},
	} {
		if f := s.refund(t, r, step.body); f.Returned != step.returned {
			t.Errorf("%s: want %+v, got %+v", step.body, step.returned, f.Returned)
		}
	}
	s.has(t, customer, "3.00", "1.00", "100.00")
	if got := s.redeemed(t, r.ID).PaidBy; got != (tender{"3.00", "1.00", "6.00", "14.99"}) {
		t.Errorf("paid by is as it was paid: %+v", got)
	}
	s.sound(t)
}
