package policy

// Facts is what a decision may be asked about: the input document of Contract
// §8. A part that is nil is not in the input. Attributes are JSON objects as
// text, "" for an empty one.
type Facts struct {
	Customer Customer
	Order    *Order
	Line     *Line
	Coupon   *Coupon
	Sum      *Sum // of a card or in a wallet: such a decision names no customer
	Card     *Card
	Wallet   *Wallet
	Now      int64 // unix seconds
}

// clone copies the facts with their parts.
func (f *Facts) clone() *Facts {
	c := *f
	c.Customer.Blocklisted = clone(f.Customer.Blocklisted)
	c.Order, c.Line, c.Coupon = clone(f.Order), clone(f.Line), clone(f.Coupon)
	if c.Coupon != nil {
		c.Coupon.MinimumSpendMet = clone(c.Coupon.MinimumSpendMet)
	}
	c.Sum, c.Card, c.Wallet = clone(f.Sum), clone(f.Card), clone(f.Wallet)
	return &c
}

func clone[T any](part *T) *T {
	if part == nil {
		return nil
	}
	c := *part
	return &c
}

// Customer is who orders or registers. Registration leaves Blocklisted out.
type Customer struct {
	ID          string
	Blocklisted *bool
	Attributes  string
}

// Order is the order as a whole.
type Order struct {
	ID, Type, Currency string
	Discounted         bool // it has a discount of its own
	Attributes         string
}

// Line is one product line.
type Line struct {
	ID                string
	Quantity          int64
	Discounted        bool
	ProductID         string
	ProductType       string
	ProductAttributes string
}

// Coupon is a coupon with everything about it that takes exact money or the
// clock worked out.
type Coupon struct {
	ID, CampaignID  string
	Owned           bool
	Status          string // available, reserved, used, expired, revoked
	Window          string // pending, open, ended
	CurrencyMatches bool
	MinimumSpendMet *bool  // not in product.deny: the base rests on its answers
	Kind            string // percent, amount
	Attributes      string
}

// Sum is an amount of money that is issued, redeemed, topped up or withdrawn.
type Sum struct {
	AmountMinor int64  // in minor units
	Digits      int    // of the currency: 10^Digits minor units are one unit
	Currency    string // ISO 4217
}

// Card is a gift card whose number and code are right.
type Card struct {
	Status string // active, redeemed, revoked, expired
}

// Wallet is what a customer holds in the sum's currency, in minor units,
// before the sum is booked.
type Wallet struct {
	CashMinor, GiftMinor, BonusMinor int64
}
