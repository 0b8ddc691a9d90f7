// The steps of gift cards: issued, revoked, redeemed, and guessed at.
package machine

import (
	"net/http"
	"net/url"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// currency draws one as orders have it.
func currency(t *rapid.T) string {
	return pick(t, []string{"USD", "USD", "USD", "USD", "USD", "USD", "JPY", "KWD"}, "currency")
}

// issueCards makes cards that are worth about an order, or as much as a card may
// be, or a little more.
func (m *machine) issueCards(t *rapid.T) {
	in := cardIn{Currency: currency(t), Count: even(t, 4, "count")}
	least, most := m.model.rules.cardRange(in.Currency)
	amount := rapid.Int64Range(least, min(most, 30*least)).Draw(t, "amount")
	if one(t, 4, "at a bound") {
		amount = pick(t, []int64{max(1, least-1), least, most, most + 1}, "bound")
	}
	in.Amount = text(amount, in.Currency)
	if one(t, 2, "owned") {
		in.CustomerID = optional(pick(t, customers, "owner"))
	}
	if one(t, 2, "expires") {
		in.ExpiresAt = stamp(m.model.now.Add(time.Duration(even(t, 30, "hours")-1) * time.Hour))
		if one(t, 3, "on a date") {
			in.ExpiresAt = optional(m.model.now.AddDate(0, 0, even(t, 4, "days")-1).Format(time.DateOnly))
		}
	}
	m.do(t, op{kind: "issue cards", admin: true, method: http.MethodPost, path: "/admin/v1/gift-cards", body: write(in),
		expect: func() answer { return m.model.issueCards(in) }})
}

// drawCard draws one, mostly in a status, or none.
func (m *machine) drawCard(t *rapid.T, status string) *card {
	var fit []*card
	for _, k := range m.model.cards {
		if m.model.cardStatus(k) == status {
			fit = append(fit, k)
		}
	}
	switch {
	case len(m.model.cards) == 0 || one(t, 20, "none"):
		return &card{cardBody: cardBody{ID: "crd_none", Number: "4000000000000002", Code: "00000000000000000000"}}
	case len(fit) > 0 && !one(t, 3, "any"):
		return pick(t, fit, "card")
	}
	return pick(t, m.model.cards, "card")
}

func (m *machine) revokeCard(t *rapid.T) {
	id := m.drawCard(t, "active").ID
	m.do(t, op{kind: "revoke card", admin: true, method: http.MethodPost, path: "/admin/v1/gift-cards/" + id + "/revoke",
		expect: func() answer { return m.model.revokeCard(id) }})
}

// redeem types a number and a code: right, one of them wrong, or another card's;
// now and then at the card's end, or next to it.
func (m *machine) redeem(t *rapid.T) {
	k, who := m.drawCard(t, "active"), m.shopper(t)
	if k.expires.After(m.model.now) && one(t, 8, "at its end") {
		which := even(t, 3, "off by")
		m.counted.count("card", []string{"before", "at", "after"}[which])
		m.set(t, k.expires.Add(time.Duration(which-1)*time.Microsecond))
	}
	number, code := typed(t, k)
	switch even(t, 12, "wrong") {
	case 0:
		code = another(code)
	case 1:
		number = another(number)
	case 2:
		code = m.drawCard(t, "active").Code
	}
	m.redeemAs(t, who, number, code)
}

func (m *machine) redeemAs(t *rapid.T, who, number, code string) {
	m.do(t, op{kind: "redeem", method: http.MethodPost, path: walletOf(who) + "/gift-cards", body: write(map[string]string{"number": number, "code": code}),
		expect: func() answer { return m.model.redeem(who, number, code) }})
}

func walletOf(who string) string { return "/v1/wallets/" + url.PathEscape(who) }

// typed are a card's number and code as people type them.
func typed(t *rapid.T, k *card) (number, code string) {
	number, code = k.Number, k.Code
	switch even(t, 8, "typed") {
	case 0:
		code = strings.ToLower(code)
	case 1:
		code = " " + code[:5] + "-" + code[5:10] + " - " + code[10:] + "-"
	case 2:
		code = strings.NewReplacer("1", "I", "0", "O").Replace(code)
	case 3:
		code = strings.ToLower(strings.NewReplacer("1", "L", "0", "O").Replace(code))
	case 4:
		number = number[:4] + " " + number[4:8] + "  " + number[8:] + " "
	case 5:
		number = number[:4] + "-" + number[4:] // not the same
	}
	return number, code
}

// another is a text with another last character.
func another(text string) string {
	last := "7"
	if strings.HasSuffix(text, last) {
		last = "8"
	}
	return text[:len(text)-1] + last
}

// guess tries wrong codes until it is not let in any more, or not quite: of one
// customer at several cards, or of several at one. Then it may wait.
func (m *machine) guess(t *rapid.T) {
	if !one(t, 2, "really") {
		return
	}
	who, k := pick(t, customers, "customer"), m.drawCard(t, "active")
	alone := rapid.Bool().Draw(t, "one customer")
	for range 7 + even(t, 7, "times") {
		at, by := k, who
		if alone {
			at = m.drawCard(t, "active")
		} else {
			by = pick(t, customers, "customer")
		}
		m.redeemAs(t, by, at.Number, another(at.Code))
	}
	tries := []*failures{m.model.failuresOf("customer " + who), m.model.failuresOf("number " + k.Number)}
	if until := latest(tries, m.model.now); until.After(m.model.now) && !one(t, 3, "at once") {
		which := even(t, 4, "off by")
		m.counted.count("lock", []string{"near", "before", "at", "after"}[which])
		m.set(t, until.Add([]time.Duration{-time.Minute, -time.Microsecond, 0, time.Microsecond}[which]))
	}
	m.redeemAs(t, who, k.Number, k.Code)
}
