// 64 clients over three sidecars want the same money at the same instant, on both stores with the same code (Contract
// §7): a card is redeemed once, nothing is paid, withdrawn or refunded twice, and all the others are told why.
package e2e

import (
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"scrip/engine/prove"
)

func TestMoneyIsMovedOnceByManyAtOnce(t *testing.T) {
	t.Parallel()
	for name, ledger := range fleets {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opts := ledger(t)
			f := startFleet(t, opts...)
			hasty := f.another(t, append(opts, withFlag("hold-ttl", "1s"))...)
			for _, c := range []struct {
				name   string
				rounds int
				race   func(*testing.T, int)
			}{
				{"a card wanted by 64 customers", prove.Count(2, 1_000), func(t *testing.T, _ int) { f.claimAtOnce(t, clients) }},
				{"a card wanted 64 times by one", prove.Count(2, 1_000), func(t *testing.T, _ int) { f.claimAtOnce(t, 1) }},
				{"a card redeemed or revoked", prove.Count(2, 500), f.claimOrRevoke},
				{"an order paid 64 times", prove.Count(1, 100), f.payOneAtOnce},
				{"64 orders paid by one wallet", prove.Count(1, 100), f.payManyAtOnce},
				{"withdrawn 64 times", prove.Count(1, 100), f.withdrawAtOnce},
				{"refunded 64 times", prove.Count(1, 100), f.refundAtOnce},
				{"paid until the hold ends", prove.Count(2, 40), func(t *testing.T, n int) { f.payUntilTheEnd(t, hasty, n%2 == 1) }},
			} {
				t.Run(c.name, func(t *testing.T) {
					for n := 0; n < c.rounds && !t.Failed(); n++ {
						c.race(t, n)
					}
					t.Logf("%s: %d times by %d clients", name, c.rounds, clients)
				})
			}
			f.sound(t, opts)
		})
	}
}

// repeated is the same call from every client.
func repeated(c call) []call { return slices.Repeat([]call{c}, clients) }

// claimAtOnce has so many customers want one card.
func (f fleet) claimAtOnce(t *testing.T, customers int) {
	t.Helper()
	c, who, calls := f[0].card(t, "5", "USD"), make([]string, customers), make([]call, clients)
	for i := range who {
		who[i] = unique("c")
	}
	for i := range calls {
		calls[i] = claimCall(who[i%customers], c.Number, c.Code, "")
	}
	var won struct{ Wallet wallet }
	for _, a := range f.won(t, calls, 1, http.StatusConflict, "gift_card.redeemed") {
		a.into(t, &won)
	}
	credited := 0
	for i, customer := range who {
		switch w := f[i%len(f)].wallet(t, customer); {
		case customer == won.Wallet.CustomerID && w.of("USD").Gift == "5.00":
			credited++
		case len(w.Balances) > 0:
			t.Errorf("%s did not win and has %+v", customer, w)
		}
	}
	if credited != 1 {
		t.Errorf("%d wallets have the credit", credited)
	}
}

// claimOrRevoke has half of the clients revoke a card that the others redeem: one of the two has happened to it.
func (f fleet) claimOrRevoke(t *testing.T, _ int) {
	t.Helper()
	c, customer, calls := f[0].card(t, "5", "USD"), unique("c"), make([]call, clients)
	for i := range calls {
		if calls[i] = claimCall(customer, c.Number, c.Code, ""); i%2 == 0 {
			calls[i] = call{path: cardsPath + "/" + c.ID + "/revoke", admin: true}
		}
	}
	told := map[string]int{}
	for i, a := range f.rush(t, calls) {
		told[fmt.Sprint([]string{"revoke ", "redeem "}[i%2], a.status, " ", a.code())]++
	}
	redeemed := map[string]int{"redeem 201 ": 1, "redeem 409 gift_card.redeemed": clients/2 - 1, "revoke 409 gift_card.redeemed": clients / 2}
	revoked := map[string]int{"redeem 409 gift_card.revoked": clients / 2, "revoke 200 ": clients / 2}
	credit := "5.00"
	want := redeemed
	if told["revoke 200 "] > 0 {
		want, credit = revoked, ""
	}
	if fmt.Sprint(told) != fmt.Sprint(want) || f[1].wallet(t, customer).of("USD").Gift != credit {
		t.Errorf("%v, then %+v", told, f[1].wallet(t, customer))
	}
}

// funded is a new customer with 10.00 of gift credit, a top-up and its bonus.
func (f fleet) funded(t *testing.T, topUp string) (customer string) {
	t.Helper()
	customer = unique("c")
	f[0].credit(t, customer, "10", "USD")
	f[1].topUp(t, customer, topUp)
	return customer
}

func (f fleet) payOneAtOnce(t *testing.T, _ int) {
	t.Helper()
	customer := f.funded(t, "100")
	r := f[0].reserve(t, f[0].quote(t, ordered(t, customer)))
	f.won(t, repeated(call{path: walletPath(customer) + "/payments", body: payBody(r.ID, "")}), 1, http.StatusConflict, "payment.nothing_owed")
	f[2].has(t, customer, "0.00", "0.00", "86.01") // of 24.99
	f[1].journal(t, customer, "USD")
}

func (f fleet) payManyAtOnce(t *testing.T, _ int) {
	t.Helper()
	customer, calls := f.funded(t, "500"), make([]call, clients)
	for i := range calls {
		r := f[i%3].reserve(t, f[i%3].quote(t, ordered(t, customer)))
		calls[i] = call{path: walletPath(customer) + "/payments", body: payBody(r.ID, "")}
	}
	f.won(t, calls, 20, http.StatusConflict, "wallet.insufficient_funds") // 24.99 each of 520.00
	f[2].has(t, customer, "0.00", "0.00", "20.20")
	f[1].journal(t, customer, "USD")
}

func (f fleet) withdrawAtOnce(t *testing.T, _ int) {
	t.Helper()
	customer := f.funded(t, "1000")
	f.won(t, repeated(call{path: walletPath(customer) + "/withdrawals", body: sumBody("30", "USD")}), 33, http.StatusConflict, "wallet.not_withdrawable")
	left := till{purse: purse{gift: 1_000, bonus: 2_000, cash: 100_000}}
	for range 33 {
		_, left = left.withdraw(3_000)
	}
	f[2].has(t, customer, "10.00", amount(int64(left.bonus), "USD"), "10.00")
	f[1].journal(t, customer, "USD")
}

func (f fleet) refundAtOnce(t *testing.T, _ int) {
	t.Helper()
	customer := f.funded(t, "100")
	r := f[0].reserve(t, f[0].quote(t, ordered(t, customer)))
	f[1].book(t, customer, "payments", payBody(r.ID, "15")) // 10.00 gift, 1.00 bonus, 4.00 cash
	f[2].becomes(t, r.ID, "confirm", "confirmed")
	var returned purse
	var bad error
	external := 0
	refunding := call{path: redemptionPath(r.ID) + "/refunds", body: amountOf("A", "1")}
	for _, a := range f.won(t, repeated(refunding), 20, http.StatusUnprocessableEntity, "refund.exceeds_paid") {
		var one refund
		a.into(t, &one)
		returned = returned.plus(one.Returned.purse(&bad))
		external += cents(&bad, one.Returned.External)
	}
	if bad != nil || returned != (purse{gift: 1000, bonus: 100, cash: 400}) || external != 500 {
		t.Errorf("%v: %+v and %d came back", bad, returned, external)
	}
	f[2].has(t, customer, "10.00", "1.00", "100.00")
	f[1].journal(t, customer, "USD")
}

// payUntilTheEnd has everybody pay a cent after the other until the hold ends; then all of it is back at that instant,
// unless the order was confirmed just before.
func (f fleet) payUntilTheEnd(t *testing.T, hasty *sidecar, confirm bool) {
	t.Helper()
	customer := f.funded(t, "100")
	r := hasty.reserve(t, hasty.quote(t, ordered(t, customer)))
	var paid atomic.Int64
	var gone sync.WaitGroup
	for i := range clients {
		gone.Go(func() {
			for {
				a, err := f[i%3].send(call{path: walletPath(customer) + "/payments", body: payBody(r.ID, "0.01")})
				if err == nil && a.status == http.StatusCreated {
					paid.Add(1)
					continue
				}
				if code := a.code(); err != nil || code != "redemption.not_reserved" {
					t.Errorf("%v: %d %s", err, a.status, a.body)
				}
				return
			}
		})
	}
	confirmed := false
	if confirm {
		eventually(t, "the hold is about to end", func() bool { return time.Until(r.ExpiresAt) < 30*time.Millisecond })
		a := f[0].step(t, r.ID, "confirm")
		if confirmed = a.status == http.StatusOK; !confirmed {
			a.refusal(t, http.StatusConflict, "redemption.expired")
		}
	}
	gone.Wait()
	f.holdsAfter(t, customer, r.ID, int(paid.Load()), confirmed)
}

// holdsAfter expects that the wallet has all that it had, or so many cents less.
func (f fleet) holdsAfter(t *testing.T, customer, redemptionID string, paid int, confirmed bool) {
	t.Helper()
	full, status := purse{gift: 1_000, bonus: 100, cash: 10_000}, "expired"
	drawn := full.draw(paid)
	left := full
	if confirmed {
		left, status = full.plus(drawn.negative()), "confirmed"
	}
	var bad error
	for _, s := range f {
		if w := s.wallet(t, customer).purse(&bad); w != left || bad != nil {
			t.Errorf("%s, paid were %d cents: want %+v, got %+v (%v)", status, paid, left, w, bad)
		}
		if r := s.redeemed(t, redemptionID); r.Status != status || r.PaidBy.purse(&bad) != drawn || bad != nil {
			t.Errorf("want %s, paid by %+v, got %+v (%v)", status, drawn, r, bad)
		}
	}
	f[0].journal(t, customer, "USD")
}
