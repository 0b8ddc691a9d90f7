// Money out of the wallet, its journal, and what is booked once however often it is asked for (Contract §7).
package e2e

import (
	"math/big"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestOnlyCashIsWithdrawnAndItsBonusForfeited(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	withdraw := func(amount string) answer {
		return s.post(t, walletPath(customer)+"/withdrawals", sumBody(amount, "USD"))
	}
	withdraw("0.01").short(t, "wallet.not_withdrawable", "", "0.00")
	s.credit(t, customer, "50", "USD")
	withdraw("0.01").short(t, "wallet.not_withdrawable", "", "0.00")
	s.topUp(t, customer, "100")
	withdraw("100.01").short(t, "wallet.not_withdrawable", "", "100.00")
	withdraw("0").invalid(t, "/amount")
	for _, step := range []struct{ amount, forfeited, bonus, cash string }{
		{"0.50", "0.01", "0.99", "99.50"}, // 0.005
		{"49.50", "0.49", "0.50", "50.00"},
		{"0.99", "0.01", "0.49", "49.01"}, // 0.0099
		{"0.49", "0.00", "0.49", "48.52"}, // 0.0048…
		{"48.52", "0.49", "0.00", "0.00"}, // all of it
	} {
		b := s.book(t, customer, "withdrawals", sumBody(step.amount, "USD"))
		if b.ForfeitedBonus != step.forfeited || !strings.HasPrefix(b.ID, "wdr_") {
			t.Errorf("%s: want %s, got %+v", step.amount, step.forfeited, b)
		}
		s.has(t, customer, "50.00", step.bonus, step.cash)
	}
	withdraw("0.01").short(t, "wallet.not_withdrawable", "", "0.00")
	s.sound(t)
}

type journalEntry struct {
	ID        string    `json:"id"`
	CreatedAt time.Time `json:"created_at"`
	Kind      string    `json:"kind"`
	Currency  string    `json:"currency"`
	Postings  []struct {
		Bucket string `json:"bucket"`
		Amount string `json:"amount"`
	} `json:"postings"`
	Reference string `json:"reference"`
}

// journal reads all entries: each adds up to zero, and together the customer's buckets are what the wallet shows.
func (s *sidecar) journal(t *testing.T, customer, currency string) []journalEntry {
	t.Helper()
	all := collect[journalEntry](t, walletPath(customer)+"/entries?limit=5", func(path string) answer { return s.get(t, path) })
	buckets := map[string]*big.Rat{"cash": new(big.Rat), "gift": new(big.Rat), "bonus": new(big.Rat)}
	for i, e := range all {
		sum := new(big.Rat)
		for _, p := range e.Postings {
			amount, ok := new(big.Rat).SetString(p.Amount)
			if !ok || amount.Sign() == 0 {
				t.Fatalf("%+v", e)
			}
			sum.Add(sum, amount)
			if bucket := buckets[p.Bucket]; bucket != nil {
				bucket.Add(bucket, amount)
			}
		}
		if sum.Sign() != 0 || e.Currency != currency || i > 0 && e.CreatedAt.After(all[i-1].CreatedAt) {
			t.Errorf("entry %d adds up to %v: %+v", i, sum, e)
		}
	}
	b, two := s.wallet(t, customer).of(currency), digits[currency]
	if b.Cash != buckets["cash"].FloatString(two) || b.Gift != buckets["gift"].FloatString(two) || b.Bonus != buckets["bonus"].FloatString(two) {
		t.Errorf("the wallet shows %+v, the journal %v", b, buckets)
	}
	return all
}

func TestTheJournalIsNewestFirstAndAddsUp(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	if a := s.get(t, walletPath(customer)+"/entries").want(t, http.StatusOK); !strings.Contains(string(a.body), `"items":[]`) {
		t.Errorf("%s", a.body)
	}
	c := s.credit(t, customer, "3", "USD")
	top := s.book(t, customer, "top-ups", `{"amount":"100","currency":"USD","reference":"bank 7"}`)
	left := s.reserve(t, s.quote(t, ordered(t, customer)))
	s.book(t, customer, "payments", payBody(left.ID, ""))
	s.becomes(t, left.ID, "release", "released")
	r := s.reserve(t, s.quote(t, ordered(t, customer)))
	paid := s.book(t, customer, "payments", payBody(r.ID, "10"))
	s.becomes(t, r.ID, "confirm", "confirmed")
	f := s.refund(t, r, units("A", 1))
	out := s.book(t, customer, "withdrawals", sumBody("5", "USD"))
	all := s.journal(t, customer, "USD")
	var ids, references []string
	for _, e := range all {
		ids, references = append(ids, e.ID), append(references, e.Reference)
	}
	if len(ids) != 7 || ids[0] != out.ID || ids[1] != f.ID || ids[2] != paid.ID || ids[5] != top.ID {
		t.Fatalf("%v", ids)
	}
	if !slices.Equal(references, []string{"", r.ID, r.ID, left.ID, left.ID, "bank 7", c.ID}) {
		t.Errorf("%v", references)
	}
	s.checkPaging(t, walletPath(customer)+"/entries", false)
	s.sound(t)
}

func TestBenefitsAreAllThatACustomerHas(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	path := "/v1/customers/" + customer + "/benefits"
	type benefits struct {
		Coupons   []coupon   `json:"coupons"`
		GiftCards []giftCard `json:"gift_cards"`
		Wallet    wallet     `json:"wallet"`
	}
	var none, got benefits
	s.get(t, path).want(t, http.StatusOK).into(t, &none)
	if none.Coupons == nil || none.GiftCards == nil || none.Wallet.Balances == nil || len(none.Coupons)+len(none.GiftCards)+len(none.Wallet.Balances) != 0 {
		t.Errorf("%+v", none)
	}
	c := s.give(t, customer, half)
	cards := s.cards(t, `"amount":"5","currency":"USD","count":20,"customer_id":`+quoted(customer))
	s.claim(t, customer, cards[0].Number, cards[0].Code).want(t, http.StatusCreated)
	a := s.get(t, path).want(t, http.StatusOK)
	a.into(t, &got)
	if len(got.Coupons) != 1 || got.Coupons[0].ID != c.ID || len(got.GiftCards) != 20 || got.Wallet.of("USD").Gift != "5.00" || strings.Contains(string(a.body), `"code"`) {
		t.Errorf("%s", a.body)
	}
	if !slices.IsSortedFunc(got.GiftCards, func(a, b giftCard) int { return strings.Compare(a.ID, b.ID) }) { // all were issued at one instant
		t.Errorf("not by id: %+v", got.GiftCards)
	}
}

func TestWalletsAnswerARepeatedRequestWithTheSameBytes(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	customer := unique("c")
	c := s.card(t, "5", "USD")
	r := s.reserve(t, s.quote(t, ordered(t, customer)))
	for _, c := range []call{
		{path: cardsPath, admin: true, body: `{"amount":"5","currency":"USD","count":3}`},
		claimCall(customer, c.Number, c.Code, ""),
		{path: walletPath(customer) + "/top-ups", body: sumBody("100", "USD")},
		{path: walletPath(customer) + "/payments", body: payBody(r.ID, "")},
		{path: walletPath(customer) + "/withdrawals", body: sumBody("1", "USD")},
	} {
		c.key = unique("key")
		first := s.first(t, c, http.StatusCreated)
		s.replays(t, c, first)
		s.topUp(t, customer, "1") // what has changed since then does not matter
		s.replays(t, c, first)
		c.body = strings.Replace(c.body, "{", "{ ", 1)
		s.do(t, c).refusal(t, http.StatusUnprocessableEntity, "idempotency.key_reused")
	}
	if all := s.journal(t, customer, "USD"); len(all) != 4+5 {
		t.Errorf("%d entries", len(all))
	}
}
