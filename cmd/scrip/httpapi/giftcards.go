package httpapi

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"scrip/engine/ledger"
	"scrip/engine/money"
	"scrip/engine/refusal"
)

// cardIn is the body of POST /admin/v1/gift-cards (Contract §7).
type cardIn struct {
	Amount     number        `json:"amount"`
	Currency   string        `json:"currency"`
	CustomerID *string       `json:"customer_id"`
	ExpiresAt  *string       `json:"expires_at"`
	Count      member[int64] `json:"count"`
}

// cardOut is a gift card as it is shown; its code only to whom it is for.
type cardOut struct {
	ID         string            `json:"id"`
	Number     string            `json:"number"`
	Code       string            `json:"code,omitempty"`
	Amount     string            `json:"amount"`
	Currency   string            `json:"currency"`
	ExpiresAt  *string           `json:"expires_at"`
	Status     ledger.CardStatus `json:"status"`
	CustomerID *string           `json:"customer_id"`
}

func showCard(c *ledger.GiftCard, now time.Time) cardOut {
	return cardOut{ID: c.ID, Number: c.Number, Amount: c.Currency.Format(c.Amount), Currency: c.Currency.Code(),
		ExpiresAt: formatInstant(c.ExpiresAt), Status: c.StatusAt(now), CustomerID: optional(c.CustomerID)}
}

// issuedCardsOut is what an issue answers.
type issuedCardsOut struct {
	Items []cardOut `json:"items"`
}

// order checks the body.
func (in *cardIn) order() (ledger.CardOrder, error) {
	var f faults
	order := ledger.CardOrder{Count: 1}
	order.Currency, order.Amount = checkMoney(&f, in.Currency, in.Amount)
	if in.CustomerID != nil {
		order.CustomerID = *in.CustomerID
		f.add(checkID(order.CustomerID), at{name: "customer_id"})
	}
	var err error
	order.ExpiresAt, err = parseEnd(in.ExpiresAt)
	f.add(err, at{name: "expires_at"})
	if in.Count.given {
		if order.Count = int(in.Count.value); in.Count.value < 1 || in.Count.value > ledger.MaxCards {
			f.add(fmt.Errorf("must be a whole number from 1 to %d", ledger.MaxCards), at{name: "count"})
		}
	}
	return order, f.err()
}

// checkMoney reads an amount above zero with its currency beside it.
func checkMoney(f *faults, code string, text number) (money.Currency, money.Amount) {
	currency, err := money.CurrencyOf(code)
	if code == "" {
		err = errRequired
	}
	f.add(err, at{name: "currency"})
	if text == "" {
		f.add(errRequired, at{name: "amount"})
	}
	if err != nil || text == "" {
		return currency, 0
	}
	amount, err := parseAmount(text, currency, aboveZero)
	if err == nil && amount > ledger.MaxBalance {
		err = errors.New("is more than a wallet can hold")
	}
	f.add(err, at{name: "amount"})
	return currency, amount
}

func (a *API) issueCards(c *call) error {
	if done, err := c.replay(); done || err != nil {
		return err
	}
	var in cardIn
	if err := c.decode(&in); err != nil {
		return err
	}
	order, err := in.order()
	if err != nil {
		return err
	}
	if err := a.Engine.CheckCards(c.gin.Request.Context(), order.Amount, order.Currency); err != nil {
		return err
	}
	return c.write(func(e *ledger.Entry) (int, any, error) {
		if !order.ExpiresAt.IsZero() && !order.ExpiresAt.After(e.Now()) {
			return 0, nil, refusal.InvalidRequest(refusal.Fault{Pointer: "/expires_at", Detail: "must be in the future"})
		}
		cards, err := e.IssueCards(order)
		out := issuedCardsOut{Items: make([]cardOut, 0, len(cards))}
		for i := range cards {
			shown := showCard(&cards[i].GiftCard, e.Now())
			shown.Code = cards[i].Secret.Reveal()
			out.Items = append(out.Items, shown)
		}
		return http.StatusCreated, out, err
	})
}

func (a *API) revokeCard(c *call) error {
	return c.act(func(e *ledger.Entry, id string) (int, any, error) {
		card, err := e.RevokeCard(id)
		if err != nil {
			return 0, nil, err
		}
		return http.StatusOK, showCard(&card, e.Now()), nil
	})
}

func (a *API) getCard(c *call) error {
	id, err := c.id("id")
	if err != nil {
		return err
	}
	card, err := a.Book.GiftCard(c.gin.Request.Context(), id)
	if err != nil {
		return err
	}
	return c.reply(http.StatusOK, showCard(&card, a.Book.Now()))
}

// listCards lists all cards; of one customer with ?customer_id=.
func (a *API) listCards(c *call) error {
	page, err := c.page("customer_id", "status")
	if err != nil {
		return err
	}
	customerID, given := c.gin.GetQuery("customer_id")
	if err := checkID(customerID); given && err != nil {
		return refusal.InvalidRequest(refusal.Fault{Parameter: "customer_id", Detail: err.Error()})
	}
	return a.replyCards(c, customerID, page)
}

func (a *API) listCustomerCards(c *call) error {
	customerID, err := c.id("id")
	if err != nil {
		return err
	}
	page, err := c.page("status")
	if err != nil {
		return err
	}
	return a.replyCards(c, customerID, page)
}

func (a *API) replyCards(c *call, customerID string, page page) error {
	status := ledger.CardStatus(c.gin.Query("status"))
	if _, given := c.gin.GetQuery("status"); given && !status.Valid() {
		return refusal.InvalidRequest(refusal.Fault{Parameter: "status", Detail: fmt.Sprintf("must be one of %v", ledger.CardStatuses)})
	}
	cards, now, err := a.Book.GiftCards(c.gin.Request.Context(), customerID, status, page.withOneMore())
	if err != nil {
		return err
	}
	show := func(card ledger.GiftCard) cardOut { return showCard(&card, now) }
	return reply(c, page, cards, show, func(card ledger.GiftCard) ledger.Position {
		return ledger.Position{CreatedAt: card.CreatedAt, ID: card.ID}
	})
}

// codeOut is a card's secret, for its owner.
type codeOut struct {
	ID     string `json:"id"`
	Number string `json:"number"`
	Code   string `json:"code"`
}

func (a *API) revealCode(c *call) error {
	customerID, err := c.id("id")
	if err != nil {
		return err
	}
	id, err := c.id("card_id")
	if err != nil {
		return err
	}
	card, code, err := a.Book.RevealCode(c.gin.Request.Context(), id, customerID)
	if err != nil {
		return err
	}
	c.gin.Header("Cache-Control", "no-store")
	return c.reply(http.StatusOK, codeOut{ID: card.ID, Number: card.Number, Code: code.Reveal()})
}

// benefitsOut is all that a customer has.
type benefitsOut struct {
	Coupons   []couponOut `json:"coupons"`
	GiftCards []cardOut   `json:"gift_cards"`
	Wallet    walletOut   `json:"wallet"`
}

// maxBenefits bounds how many coupons and cards one answer shows: what can be
// used comes first into it.
const maxBenefits = 1_000

func (a *API) showBenefits(c *call) error {
	customerID, err := c.id("id")
	if err != nil {
		return err
	}
	ctx, out := c.gin.Request.Context(), benefitsOut{Coupons: []couponOut{}, GiftCards: []cardOut{}}
	var coupons []ledger.Coupon
	for _, status := range ledger.Statuses {
		found, _, err := a.Book.Coupons(ctx, customerID, status, ledger.Page{Limit: maxBenefits - len(coupons)})
		if err != nil {
			return err
		}
		coupons = append(coupons, found...)
	}
	var cards []ledger.GiftCard
	for _, status := range ledger.CardStatuses {
		found, _, err := a.Book.GiftCards(ctx, customerID, status, ledger.Page{Limit: maxBenefits - len(cards)})
		if err != nil {
			return err
		}
		cards = append(cards, found...)
	}
	balances, err := a.Book.Wallet(ctx, customerID)
	if err != nil {
		return err
	}
	slices.SortFunc(coupons, func(a, b ledger.Coupon) int { return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID)) })
	slices.SortFunc(cards, func(a, b ledger.GiftCard) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	now := a.Book.Now()
	for i := range coupons {
		out.Coupons = append(out.Coupons, showCoupon(&coupons[i], now))
	}
	for i := range cards {
		out.GiftCards = append(out.GiftCards, showCard(&cards[i], now))
	}
	out.Wallet = showWallet(customerID, balances)
	return c.reply(http.StatusOK, out)
}

// keyOut is which key seals the codes of gift cards, and how far the change to
// it has come.
type keyOut struct {
	Key     int64 `json:"key"`
	Sealed  int   `json:"sealed"`
	Pending bool  `json:"pending"`
	Left    int64 `json:"left,omitzero"`
}

// rotateKey lets new codes be sealed under a new key.
func (a *API) rotateKey(c *call) error {
	if err := c.decodeNothing(); err != nil {
		return err
	}
	return c.write(func(e *ledger.Entry) (int, any, error) {
		r, err := e.NextCodeKey()
		return http.StatusOK, keyOut(r), err
	})
}

// resealCodes seals some codes anew that are under an older key.
func (a *API) resealCodes(c *call) error {
	if err := c.decodeNothing(); err != nil {
		return err
	}
	return c.write(func(e *ledger.Entry) (int, any, error) {
		r, err := e.Reseal()
		return http.StatusOK, keyOut(r), err
	})
}
