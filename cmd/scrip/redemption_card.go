// Redemptions and refunds as cards: what they are about, then what was paid and refunded, line by line.
package main

import "strings"

// redemptionAnswer is a redemption (Contract §6).
type redemptionAnswer struct {
	ID         string  `json:"id"`
	QuoteID    string  `json:"quote_id"`
	OrderID    string  `json:"order_id"`
	CustomerID string  `json:"customer_id"`
	CouponID   *string `json:"coupon_id"`
	Status     string  `json:"status"`
	Currency   string  `json:"currency"`
	Totals     struct {
		CouponDiscount string `json:"coupon_discount"`
		Payable        string `json:"payable"`
	} `json:"totals"`
	Lines     []redeemedLine   `json:"lines"`
	Charges   []redeemedCharge `json:"charges"`
	PaidBy    tenderAnswer     `json:"paid_by"`
	ExpiresAt *string          `json:"expires_at"`
	CreatedAt *string          `json:"created_at"`
}

type redeemedLine struct {
	ID         string `json:"id"`
	Quantity   int64  `json:"quantity"`
	Paid       string `json:"paid"`
	Refunded   string `json:"refunded"`
	Refundable string `json:"refundable"`
}

type redeemedCharge struct {
	ID         string `json:"id"`
	Amount     string `json:"amount"`
	Refunded   string `json:"refunded"`
	Refundable string `json:"refundable"`
}

// tenderAnswer says what money is made of.
type tenderAnswer struct {
	Gift     string `json:"gift"`
	Bonus    string `json:"bonus"`
	Cash     string `json:"cash"`
	External string `json:"external"`
}

// String lists what there is any of: "5.00 gift, 1.00 cash".
func (t tenderAnswer) String() string {
	var parts []string
	for _, part := range []namedTender{{t.Gift, "gift"}, {t.Bonus, "bonus"}, {t.Cash, "cash"}, {t.External, "outside the wallet"}} {
		if part.amount != "" && !isZero(part.amount) {
			parts = append(parts, part.amount+" "+part.name)
		}
	}
	if len(parts) == 0 {
		return "nothing"
	}
	return strings.Join(parts, ", ")
}

type namedTender struct{ amount, name string }

// properties lays out a property a line; the first is what the card is about.
func properties(p painter, pairs ...[2]string) string {
	t := table{titles: []string{"", ""}}
	for i, pair := range pairs {
		made := t.add(pair[0], pair[1])
		made.cells[0].ink = dim
		switch {
		case i == 0:
			made.cells[1].ink = bold
		case pair[0] == "Status":
			made.cells[1].ink = statusInk(pair[1])
		}
	}
	return t.render(p)
}

// card shows one redemption.
func (r *redemptionAnswer) card(p painter) string {
	coupon := "none"
	if r.CouponID != nil {
		coupon = *r.CouponID + ", " + off(r.Totals.CouponDiscount) + " " + r.Currency
	}
	pairs := [][2]string{{"Redemption", r.ID}, {"Status", r.Status}, {"Order", r.OrderID}, {"Customer", r.CustomerID}, {"Quote", r.QuoteID},
		{"Coupon", coupon}, {"To pay", r.Totals.Payable + " " + r.Currency}}
	switch r.Status {
	case "reserved", "expired":
		pairs = append(pairs, [2]string{"Held until", showTime(r.ExpiresAt, "·")})
	case "confirmed":
		pairs = append(pairs, [2]string{"Paid by", r.PaidBy.String()})
	}
	pairs = append(pairs, [2]string{"Created", showTime(r.CreatedAt, "·")})
	return properties(p, pairs...) + "\n" + r.parts(p)
}

// parts lists lines and charges, with what each has got back.
func (r *redemptionAnswer) parts(p painter) string {
	t := table{indent: 2, titles: []string{"Line", ">Quantity", ">Paid", ">Refunded", ">Refundable"}}
	for _, line := range r.Lines {
		t.add(line.ID, number(&line.Quantity), line.Paid, orNothing(line.Refunded), orNothing(line.Refundable))
	}
	for _, charge := range r.Charges {
		t.add("charge "+charge.ID, "", charge.Amount, orNothing(charge.Refunded), orNothing(charge.Refundable))
	}
	return t.render(p)
}

// orNothing is the amount, or a dot for zero.
func orNothing(amount string) string {
	if isZero(amount) {
		return "·"
	}
	return amount
}

// refundAnswer is a refund (Contract §6).
type refundAnswer struct {
	ID           string         `json:"id"`
	RedemptionID string         `json:"redemption_id"`
	Currency     string         `json:"currency"`
	Amount       string         `json:"amount"`
	Lines        []refundedPart `json:"lines"`
	Charges      []refundedPart `json:"charges"`
	Returned     tenderAnswer   `json:"returned"`
	Reason       string         `json:"reason"`
	CreatedAt    *string        `json:"created_at"`
}

type refundedPart struct {
	ID     string `json:"id"`
	Amount string `json:"amount"`
}

// card shows one refund.
func (r *refundAnswer) card(p painter) string {
	reason := r.Reason
	if reason == "" {
		reason = "none given"
	}
	t := table{indent: 2, titles: []string{"Line", ">Refunded"}}
	for _, line := range r.Lines {
		t.add(line.ID, line.Amount)
	}
	for _, charge := range r.Charges {
		t.add("charge "+charge.ID, charge.Amount)
	}
	return properties(p, [2]string{"Refund", r.ID}, [2]string{"Amount", r.Amount + " " + r.Currency}, [2]string{"Redemption", r.RedemptionID},
		[2]string{"Returned", r.Returned.String()}, [2]string{"Reason", reason}, [2]string{"Created", showTime(r.CreatedAt, "·")}) + "\n" + t.render(p)
}
