// Gift cards from their issue to the wallet: what they look like, who sees their codes, and that each is redeemed once
// (Contract §7).
package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

type giftCard struct {
	ID         string  `json:"id"`
	Number     string  `json:"number"`
	Code       string  `json:"code"`
	Amount     string  `json:"amount"`
	Currency   string  `json:"currency"`
	ExpiresAt  *string `json:"expires_at"`
	Status     string  `json:"status"`
	CustomerID *string `json:"customer_id"`
}

const cardsPath = "/admin/v1/gift-cards"

// tryCards asks for cards with the members, written as JSON without the braces.
func (s *sidecar) tryCards(t testing.TB, members string) answer {
	t.Helper()
	return s.admin(t, http.MethodPost, cardsPath, "{"+members+"}")
}

func (s *sidecar) cards(t testing.TB, members string) []giftCard {
	t.Helper()
	var out struct{ Items []giftCard }
	s.tryCards(t, members).want(t, http.StatusCreated).into(t, &out)
	return out.Items
}

// card issues one to nobody in particular.
func (s *sidecar) card(t testing.TB, amount, currency string) giftCard {
	t.Helper()
	return s.cards(t, fmt.Sprintf(`"amount":%q,"currency":%q`, amount, currency))[0]
}

func claimCall(customer, number, code, key string) call {
	return call{path: walletPath(customer) + "/gift-cards", body: fmt.Sprintf(`{"number":%s,"code":%s}`, quoted(number), quoted(code)), key: key}
}

func (s *sidecar) claim(t testing.TB, customer, number, code string) answer {
	t.Helper()
	return s.do(t, claimCall(customer, number, code, ""))
}

// credit redeems a new card for the customer.
func (s *sidecar) credit(t testing.TB, customer, amount, currency string) giftCard {
	t.Helper()
	c := s.card(t, amount, currency)
	s.claim(t, customer, c.Number, c.Code).want(t, http.StatusCreated)
	return c
}

// luhn tells whether the last digit is the check digit (ISO/IEC 7812-1).
func luhn(number string) bool {
	sum := 0
	for i := range len(number) {
		digit := int(number[len(number)-1-i]-'0') * (1 + i%2)
		sum += digit/10 + digit%10
	}
	return sum%10 == 0
}

var (
	cardNumber = regexp.MustCompile(`^[0-9]{16}$`)
	cardCode   = regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{20}$`)
)

// fault says what is wrong with a card that was just issued.
func (c giftCard) fault() error {
	if !strings.HasPrefix(c.ID, "crd_") || !cardNumber.MatchString(c.Number) || !luhn(c.Number) || !cardCode.MatchString(c.Code) || c.Status != "active" {
		return fmt.Errorf("%+v", c)
	}
	return nil
}

func TestCardsAreIssued(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	c := s.card(t, "50", "USD")
	if err := c.fault(); err != nil || c.Amount != "50.00" || c.Currency != "USD" || c.ExpiresAt != nil || c.CustomerID != nil {
		t.Errorf("%v: %+v", err, c)
	}
	owner := unique("c")
	many := s.cards(t, `"amount":7,"currency":"JPY","count":30,"expires_at":"2999-12-31","customer_id":`+quoted(owner))
	seen := map[string]bool{}
	for _, c := range many {
		if err := c.fault(); err != nil || c.Amount != "7" || deref(c.ExpiresAt, "") != "3000-01-01T00:00:00Z" || deref(c.CustomerID, "") != owner {
			t.Errorf("%v: %+v", err, c)
		}
		seen[c.ID], seen[c.Number], seen[c.Code] = true, true, true
	}
	if len(many) != 30 || len(seen) != 90 {
		t.Errorf("%d cards, of which %d ids, numbers and codes differ", len(many), len(seen))
	}
	if c := s.cards(t, `"amount":"1","currency":"USD","customer_id":null,"expires_at":null`)[0]; c.ExpiresAt != nil || c.CustomerID != nil {
		t.Errorf("%+v", c)
	}
}

func TestCardsOutsideTheRangeAreRefused(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, sum := range []string{`"amount":"1","currency":"USD"`, `"amount":"5000.00","currency":"USD"`, `"amount":1,"currency":"JPY"`, `"amount":"5000.000","currency":"KWD"`} {
		s.cards(t, sum)
	}
	for _, sum := range []string{`"amount":"0.99","currency":"USD"`, `"amount":"5000.01","currency":"USD"`, `"amount":5001,"currency":"JPY"`, `"amount":"0.999","currency":"KWD"`} {
		s.tryCards(t, sum).refusal(t, http.StatusUnprocessableEntity, "gift_card.amount")
	}
	for members, at := range map[string]string{
		`"amount":"0","currency":"USD"`:                               "/amount",
		`"amount":"1.001","currency":"USD"`:                           "/amount",
		`"currency":"USD"`:                                            "/amount",
		`"amount":"5"`:                                                "/currency",
		`"amount":"5","currency":"XAU"`:                               "/currency",
		`"amount":"5","currency":"USD","count":0`:                     "/count",
		`"amount":"5","currency":"USD","count":1000001`:               "/count",
		`"amount":"5","currency":"USD","count":null`:                  "/count",
		`"amount":"5","currency":"USD","customer_id":""`:              "/customer_id",
		`"amount":"5","currency":"USD","expires_at":"2020-01-01"`:     "/expires_at",
		`"amount":"5","currency":"USD","expires_at":"tomorrow"`:       "/expires_at",
		`"amount":"5","currency":"USD","code":"00000000000000000000"`: "/code",
	} {
		s.tryCards(t, members).invalid(t, at)
	}
}

// Only the owner lists and reveals; lists have no codes.
func TestOnlyTheOwnerSeesACode(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	owner, other := unique("c"), unique("c")
	c := s.cards(t, `"amount":"5","currency":"USD","customer_id":`+quoted(owner))[0]
	var shown giftCard
	reveal := func(customer, id string) answer { return s.get(t, "/v1/customers/"+customer+"/gift-cards/"+id+"/code") }
	reveal(owner, c.ID).want(t, http.StatusOK).into(t, &shown)
	if shown.Code != c.Code || shown.Number != c.Number {
		t.Errorf("issued %+v, revealed %+v", c, shown)
	}
	reveal(other, c.ID).refusal(t, http.StatusNotFound, "gift_card.not_found")
	reveal(owner, "crd_0").refusal(t, http.StatusNotFound, "gift_card.not_found")
	reveal(owner, s.card(t, "5", "USD").ID).refusal(t, http.StatusNotFound, "gift_card.not_found")
	s.claim(t, other, c.Number, c.Code).want(t, http.StatusCreated) // a bearer's
	list := func(customer string) answer { return s.get(t, "/v1/customers/"+customer+"/gift-cards") }
	if a := list(owner); strings.Contains(string(a.body), c.Code) || strings.Contains(string(a.body), `"code"`) {
		t.Errorf("a list with codes: %s", a.body)
	}
	listed := collect[giftCard](t, "/v1/customers/"+owner+"/gift-cards?limit=1", func(path string) answer { return s.get(t, path) })
	if len(listed) != 1 || listed[0].ID != c.ID || listed[0].Status != "redeemed" || deref(listed[0].CustomerID, "") != owner {
		t.Errorf("%+v", listed)
	}
	if listed := list(other); !strings.Contains(string(listed.body), `"items":[]`) {
		t.Errorf("who redeemed it does not own it: %s", listed.body)
	}
	s.checkPaging(t, "/v1/customers/"+owner+"/gift-cards", false)
	s.checkPaging(t, cardsPath, true)
}

func TestRevokingACard(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	revoke := func(id string) answer { return s.admin(t, http.MethodPost, cardsPath+"/"+id+"/revoke", "") }
	c := s.card(t, "5", "USD")
	first := revoke(c.ID).want(t, http.StatusOK)
	if again := revoke(c.ID).want(t, http.StatusOK); string(again.body) != string(first.body) || !strings.Contains(string(first.body), `"status":"revoked"`) {
		t.Errorf("%s, then %s", first.body, again.body)
	}
	customer := unique("c")
	s.claim(t, customer, c.Number, c.Code).refusal(t, http.StatusConflict, "gift_card.revoked")
	revoke(s.credit(t, customer, "5", "USD").ID).refusal(t, http.StatusConflict, "gift_card.redeemed")
	revoke("crd_0").refusal(t, http.StatusNotFound, "gift_card.not_found")
}

func TestACardIsRedeemedOnceHoweverItIsTyped(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	typed := map[string]func(number, code string) (string, string){
		"as it is":   func(n, c string) (string, string) { return n, c },
		"lower case": func(n, c string) (string, string) { return n, strings.ToLower(c) },
		"in groups": func(n, c string) (string, string) {
			return n[:4] + " " + n[4:8] + " " + n[8:12] + " " + n[12:], c[:5] + "-" + c[5:10] + " - " + c[10:]
		},
		"I and O":        func(n, c string) (string, string) { return " " + n, strings.NewReplacer("1", "I", "0", "O").Replace(c) },
		"small l and o":  func(n, c string) (string, string) { return n + " ", strings.NewReplacer("1", "l", "0", "o").Replace(c) },
		"spaces at ends": func(n, c string) (string, string) { return n, " " + c + " " },
	}
	for name, as := range typed {
		customer, c := unique("c"), s.card(t, "12.5", "USD")
		for !strings.Contains(c.Code, "0") || !strings.Contains(c.Code, "1") { // else I, L and O would stand for nothing
			c = s.card(t, "12.5", "USD")
		}
		number, code := as(c.Number, c.Code)
		var got struct {
			Credited, Currency string
			Wallet             wallet
		}
		s.claim(t, customer, number, code).want(t, http.StatusCreated).into(t, &got)
		if got.Credited != "12.50" || got.Currency != "USD" || got.Wallet.of("USD") != (balance{"USD", "0.00", "12.50", "0.00", "12.50", "0.00"}) || got.Wallet.CustomerID != customer {
			t.Errorf("%s: %+v", name, got)
		}
		s.claim(t, customer, c.Number, c.Code).refusal(t, http.StatusConflict, "gift_card.redeemed")
		s.claim(t, unique("c"), c.Number, c.Code).refusal(t, http.StatusConflict, "gift_card.redeemed")
		if now := s.wallet(t, customer).of("USD"); now.Gift != "12.50" {
			t.Errorf("%s: %+v", name, now)
		}
	}
}

func TestAnExpiredCardIsNotRedeemed(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	owner, end := unique("c"), time.Now().Add(time.Second).UTC()
	c := s.cards(t, `"amount":"5","currency":"USD","customer_id":`+quoted(owner)+`,"expires_at":`+quoted(end.Format(time.RFC3339Nano)))[0]
	eventually(t, "the card expires", func() bool {
		return strings.Contains(string(s.get(t, "/v1/customers/"+owner+"/gift-cards?status=expired").body), c.ID)
	})
	if time.Now().Before(end) {
		t.Error("it expired before its instant")
	}
	s.claim(t, owner, c.Number, c.Code).refusal(t, http.StatusConflict, "gift_card.expired")
	today := s.cards(t, `"amount":"5","currency":"USD","expires_at":`+quoted(time.Now().UTC().Format(time.DateOnly)))[0]
	if time.Now().UTC().Format(time.DateOnly) < deref(today.ExpiresAt, "")[:10] { // unless midnight has just passed
		s.claim(t, owner, today.Number, today.Code).want(t, http.StatusCreated) // on its date of expiry it still works
	}
}

var requestID = regexp.MustCompile(`"request_id":"[^"]*"`)

// A wrong number and a wrong code cannot be told apart, whatever they look like.
func TestAWrongNumberAndAWrongCodeAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	c, used := s.card(t, "5", "USD"), s.credit(t, unique("c"), "5", "USD")
	var bodies []string
	for _, typed := range [][2]string{
		{wrongNumber(c.Number), c.Code}, {c.Number, wrongCode(c.Code)}, {used.Number, c.Code}, {c.Number, used.Code}, {used.Number, wrongCode(used.Code)},
		{"x", "y"}, {"é", "'; DROP TABLE gift_cards; --"}, {c.Code, c.Number}, {c.Number + "0", c.Code}, {c.Number, c.Code + "0"}, {c.Number, c.Code[:19]},
	} {
		a := s.claim(t, unique("c"), typed[0], typed[1])
		a.refusal(t, http.StatusNotFound, "gift_card.invalid")
		bodies = append(bodies, requestID.ReplaceAllString(string(a.body), ""))
	}
	if slices.Sort(bodies); bodies[0] != bodies[len(bodies)-1] {
		t.Errorf("%s\n%s", bodies[0], bodies[len(bodies)-1])
	}
	s.claim(t, unique("c"), "", c.Code).invalid(t, "/number")
	s.post(t, walletPath("c")+"/gift-cards", `{"number":"1"}`).invalid(t, "/code")
	s.claim(t, unique("c"), c.Number, c.Code).want(t, http.StatusCreated)
}

// wrongCode has another last character, wrongNumber another first digit.
func wrongCode(code string) string {
	if code[19] == '7' {
		return code[:19] + "8"
	}
	return code[:19] + "7"
}

func wrongNumber(number string) string {
	return string('0'+(number[0]-'0'+1)%10) + number[1:]
}
