// What travels of gift cards and wallets, as the contract shows it.
package machine

import (
	"slices"
	"strings"
)

// cardBody is a gift card; its code is shown to whom it is for.
type cardBody struct {
	ID         string  `json:"id"`
	Number     string  `json:"number"`
	Code       string  `json:"code,omitempty"`
	Amount     string  `json:"amount"`
	Currency   string  `json:"currency"`
	ExpiresAt  *string `json:"expires_at"`
	Status     string  `json:"status"`
	CustomerID *string `json:"customer_id"`
}

type cardsBody struct {
	Items []cardBody `json:"items"`
}

type codeBody struct {
	ID     string `json:"id"`
	Number string `json:"number"`
	Code   string `json:"code"`
}

type benefitsBody struct {
	Coupons   []couponBody `json:"coupons"`
	GiftCards []cardBody   `json:"gift_cards"`
	Wallet    walletBody   `json:"wallet"`
}

type walletBody struct {
	CustomerID string        `json:"customer_id"`
	Balances   []balanceBody `json:"balances"`
}

type balanceBody struct {
	Currency     string `json:"currency"`
	Cash         string `json:"cash"`
	Gift         string `json:"gift"`
	Bonus        string `json:"bonus"`
	Total        string `json:"total"`
	Withdrawable string `json:"withdrawable"`
}

type creditBody struct {
	Credited string     `json:"credited"`
	Currency string     `json:"currency"`
	Wallet   walletBody `json:"wallet"`
}

type topUpBody struct {
	ID       string     `json:"id"`
	Amount   string     `json:"amount"`
	Currency string     `json:"currency"`
	Bonus    string     `json:"bonus"`
	Wallet   walletBody `json:"wallet"`
}

type withdrawalBody struct {
	ID             string     `json:"id"`
	Amount         string     `json:"amount"`
	Currency       string     `json:"currency"`
	ForfeitedBonus string     `json:"forfeited_bonus"`
	Wallet         walletBody `json:"wallet"`
}

type drawnBody struct {
	Gift  string `json:"gift"`
	Bonus string `json:"bonus"`
	Cash  string `json:"cash"`
}

type paymentBody struct {
	ID           string     `json:"id"`
	RedemptionID string     `json:"redemption_id"`
	Amount       string     `json:"amount"`
	Currency     string     `json:"currency"`
	Drawn        drawnBody  `json:"drawn"`
	Wallet       walletBody `json:"wallet"`
}

type entryBody struct {
	ID        string    `json:"id"`
	CreatedAt *string   `json:"created_at"`
	Kind      string    `json:"kind"`
	Currency  string    `json:"currency"`
	Postings  []posting `json:"postings"`
	Reference string    `json:"reference"`
}

type posting struct {
	Bucket string `json:"bucket"`
	Amount string `json:"amount"`
}

// plain leaves out of an entry what nobody promises: the order of its postings,
// and the id of a return, which nobody is told.
func (e entryBody) plain() entryBody {
	if strings.HasPrefix(e.ID, "ret_") {
		e.ID = "ret_"
	}
	e.Postings = slices.Clone(e.Postings)
	slices.SortFunc(e.Postings, func(a, b posting) int { return strings.Compare(a.Bucket, b.Bucket) })
	return e
}
