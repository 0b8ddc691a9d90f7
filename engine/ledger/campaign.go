package ledger

import (
	"time"

	"scrip/engine/money"
	"scrip/engine/pricing"
)

// Campaign issues coupons of one kind. All but Paused and Issued is fixed when
// it is created.
type Campaign struct {
	ID          string
	Name        string
	Terms       Terms
	StartsAt    time.Time // coupons start no earlier; zero: at once
	EndsAt      time.Time // coupons end no later and none is issued from here on; zero: never
	ValidFor    Validity
	Quantity    int64 // coupons ever issued at most; 0: no limit
	PerCustomer int64 // of those, for one customer at most
	Paused      bool
	Issued      int64
	CreatedAt   time.Time
}

// Terms are what a coupon is worth and where: what its campaign says, for all
// of its life.
type Terms struct {
	Percent         money.Percent
	Amount          money.Amount   // counts when Percent is zero
	Currency        money.Currency // the only one it fits; zero: any
	MinimumSpend    money.Amount   // 0: none
	MaximumDiscount money.Amount   // 0: none
	Attributes      string         // a JSON object for policies; "" is empty
}

// Pricing is the part of the terms that arithmetic needs.
func (t *Terms) Pricing() pricing.Terms {
	return pricing.Terms{Percent: t.Percent, Amount: t.Amount, Maximum: t.MaximumDiscount}
}

// Kind is "percent" or "amount", as policies see it.
func (t *Terms) Kind() string {
	if t.Percent.IsZero() {
		return "amount"
	}
	return "percent"
}

// Validity is how long a coupon is valid from its start: the text as the
// client gave it ("720h") and what it means. Zero is no limit.
type Validity struct {
	Text     string
	Duration time.Duration
}

// LastInstant is the last that the books know: the end of what RFC 3339 can
// write. What would last longer lasts until then.
var LastInstant = time.Date(9999, time.December, 31, 23, 59, 59, 999_999_000, time.UTC)

// life is when a coupon issued at the given instant starts and expires
// (Contract §5), to the microsecond; a zero expiry is never.
func (c *Campaign) life(issued time.Time) (starts, expires time.Time) {
	starts = issued
	if c.StartsAt.After(starts) {
		starts = c.StartsAt
	}
	expires = c.EndsAt
	if c.ValidFor.Duration > 0 {
		if end := starts.Add(c.ValidFor.Duration).Truncate(time.Microsecond); expires.IsZero() || end.Before(expires) {
			expires = end
		}
	}
	if expires.After(LastInstant) {
		expires = LastInstant
	}
	return starts, expires
}

// endedAt reports whether the campaign issues nothing any more.
func (c *Campaign) endedAt(now time.Time) bool {
	return !c.EndsAt.IsZero() && !now.Before(c.EndsAt)
}

// WelcomeCampaign is the campaign of a fresh ledger: five percent for every
// newly registered customer (Contract §1, coupons 9).
func WelcomeCampaign(now time.Time) Campaign {
	five, err := money.ParsePercent("5")
	if err != nil {
		panic(err) // a constant
	}
	return Campaign{
		ID:          "welcome",
		Name:        "Welcome 5%",
		Terms:       Terms{Percent: five},
		ValidFor:    Validity{Text: "720h", Duration: 720 * time.Hour},
		PerCustomer: 1,
		CreatedAt:   now,
	}
}
