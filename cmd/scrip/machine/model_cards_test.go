// The model of gift cards (Contract §7): issued, revoked, redeemed, and who may
// not try any more.
package machine

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"
)

// card is a gift card. Its number and code are random: the model learns them
// from the answer to its issue, as it does with ids.
type card struct {
	cardBody
	units            int64
	created, expires time.Time
	revoked, spent   bool
}

// cardIn asks for gift cards.
type cardIn struct {
	Amount     string  `json:"amount"`
	Currency   string  `json:"currency"`
	CustomerID *string `json:"customer_id"`
	ExpiresAt  *string `json:"expires_at"`
	Count      int     `json:"count,omitempty"`
}

// end is when the cards end: a date is worth all of that day.
func (in *cardIn) end() time.Time {
	if in.ExpiresAt == nil {
		return time.Time{}
	}
	if day, err := time.Parse(time.DateOnly, *in.ExpiresAt); err == nil {
		return day.AddDate(0, 0, 1)
	}
	return instant(in.ExpiresAt)
}

func (m *model) issueCards(in cardIn) answer {
	amount, end := units(in.Amount, in.Currency), in.end()
	least, most := m.rules.cardRange(in.Currency)
	switch {
	case amount < least || amount > most:
		return refuse(http.StatusUnprocessableEntity, "gift_card.amount")
	case !end.IsZero() && !end.After(m.now):
		return refuse(http.StatusUnprocessableEntity, "request.invalid")
	}
	body := cardsBody{Items: []cardBody{}}
	for range max(1, in.Count) {
		k := &card{units: amount, created: m.now, expires: end}
		k.ID = m.id("crd_")
		k.Number, k.Code = m.secret()
		k.Amount, k.Currency, k.CustomerID, k.ExpiresAt = text(amount, in.Currency), in.Currency, in.CustomerID, stamp(end)
		m.cards = append(m.cards, k)
		shown := m.showCard(k)
		shown.Code = k.Code
		body.Items = append(body.Items, shown)
	}
	return done(http.StatusCreated, true, body)
}

// secret takes the next number and code that the books gave. Those that are
// not new, or cannot be, are told apart.
func (m *model) secret() (number, code string) {
	if len(m.secrets) == 0 {
		return "there is none", "there is none"
	}
	number, code = m.secrets[0].number, m.secrets[0].code
	m.secrets = m.secrets[1:]
	used := slices.ContainsFunc(m.cards, func(k *card) bool { return k.Number == number || k.Code == code })
	switch {
	case used || len(number) != 16 || strings.Trim(number, "0123456789") != "" || !checked(number):
		return "not a new number: " + number, code
	case len(code) != 20 || strings.Trim(code, "0123456789ABCDEFGHJKMNPQRSTVWXYZ") != "":
		return number, "not a code: " + code
	}
	return number, code
}

// checked tells whether the last digit is the Luhn digit of the others: every
// second from the right is doubled, and the sum of all digits ends in 0.
func checked(number string) bool {
	sum := 0
	for i := range number {
		digit := int(number[len(number)-1-i]-'0') * (1 + i%2)
		sum += digit%10 + digit/10
	}
	return sum%10 == 0
}

func (m *model) cardStatus(k *card) string {
	switch {
	case k.spent:
		return "redeemed"
	case k.revoked:
		return "revoked"
	case !k.expires.IsZero() && !m.now.Before(k.expires):
		return "expired"
	}
	return "active"
}

// showCard shows a card without its code.
func (m *model) showCard(k *card) cardBody {
	body := k.cardBody
	body.Code, body.Status = "", m.cardStatus(k)
	return body
}

func (m *model) card(id string) *card {
	at := slices.IndexFunc(m.cards, func(k *card) bool { return k.ID == id })
	if at < 0 {
		return nil
	}
	return m.cards[at]
}

// cardsOf lists the cards that a customer owns, in a status, "" for all.
func (m *model) cardsOf(customer, status string) []cardBody {
	var own []*card
	for _, k := range m.cards {
		if k.CustomerID != nil && *k.CustomerID == customer && (status == "" || m.cardStatus(k) == status) {
			own = append(own, k)
		}
	}
	slices.SortFunc(own, func(a, b *card) int { return cmp.Or(a.created.Compare(b.created), cmp.Compare(a.ID, b.ID)) })
	list := []cardBody{}
	for _, k := range own {
		list = append(list, m.showCard(k))
	}
	return list
}

func (m *model) revokeCard(id string) answer {
	k := m.card(id)
	switch {
	case k == nil:
		return refuse(http.StatusNotFound, "gift_card.not_found")
	case k.spent:
		return refuse(http.StatusConflict, "gift_card.redeemed")
	}
	changed := !k.revoked
	k.revoked = true
	return done(http.StatusOK, changed, m.showCard(k))
}

// reveal shows a card's code to its owner.
func (m *model) reveal(customer, id string) answer {
	k := m.card(id)
	if k == nil || k.CustomerID == nil || *k.CustomerID != customer {
		return refuse(http.StatusNotFound, "gift_card.not_found")
	}
	return done(http.StatusOK, false, codeBody{k.ID, k.Number, k.Code})
}

// redeem moves a card's credit into a wallet, for whoever has its number and
// code as they may be typed.
func (m *model) redeem(customer, number, code string) answer {
	number, code = strings.ReplaceAll(number, " ", ""), strings.Map(asRead, code)
	tries := []*failures{m.failuresOf("customer " + customer), m.failuresOf("number " + number)}
	if until := latest(tries, m.now); m.now.Before(until) {
		no := refuse(http.StatusTooManyRequests, "gift_card.too_many_attempts")
		no.wait = min(until.Sub(m.now), 15*time.Minute) // the clock may have been set back since
		return no
	}
	at := slices.IndexFunc(m.cards, func(k *card) bool { return k.Number == number && k.Code == code })
	if at < 0 {
		for _, f := range tries {
			f.add(m.now)
		}
		return refuse(http.StatusNotFound, "gift_card.invalid")
	}
	k := m.cards[at]
	if status := m.cardStatus(k); status != "active" {
		return refuse(http.StatusConflict, "gift_card."+status)
	}
	for _, f := range tries {
		*f = failures{}
	}
	k.spent = true
	m.writeDown(paidFor(customer))
	m.book(customer, k.Currency, purse{gift: k.units}, map[string]int64{"gift_cards": -k.units},
		entryBody{ID: k.ID, CreatedAt: stamp(m.now), Kind: "gift_card", Reference: k.ID})
	return done(http.StatusCreated, true, creditBody{k.Amount, k.Currency, m.showWallet(customer)})
}

// asRead reads a character of a code as it may be typed.
func asRead(typed rune) rune {
	switch typed {
	case ' ', '-':
		return -1
	case 'i', 'I', 'l', 'L':
		return '1'
	case 'o', 'O':
		return '0'
	}
	if 'a' <= typed && typed <= 'z' {
		return typed - 'a' + 'A'
	}
	return typed
}

// failures are attempts in a row that found no card.
type failures struct {
	count int
	last  time.Time
}

func (m *model) failuresOf(what string) *failures {
	if m.failed[what] == nil {
		m.failed[what] = new(failures)
	}
	return m.failed[what]
}

// until is when attempts are let in again, after ten of them. A clock that was
// set back by more than a minute since the last has forgotten them for now.
func (f *failures) until(now time.Time) (t time.Time) {
	if f.count == 10 && !now.Before(f.last.Add(-time.Minute)) {
		t = f.last.Add(15 * time.Minute)
	}
	return t
}

// add counts another one; after a lock a new row begins.
func (f *failures) add(now time.Time) {
	f.count, f.last = f.count%10+1, now
}

func latest(tries []*failures, now time.Time) (until time.Time) {
	for _, f := range tries {
		if end := f.until(now); end.After(until) {
			until = end
		}
	}
	return until
}
