package pricing

import (
	"cmp"
	"strings"
	"time"

	"scrip/engine/money"
)

// Terms say what a coupon is worth: a percentage of the base or an amount.
type Terms struct {
	Percent money.Percent
	Amount  money.Amount // counts when Percent is zero
	Maximum money.Amount // the most it deducts, 0 for no maximum
}

// Discount is what the coupon deducts from the order when the given lines are
// eligible (arithmetic 3): percent × base rounded half up, or the amount, at
// most its maximum and at most what the lines still cost.
func (t Terms) Discount(o Order, eligible []bool) money.Amount {
	base := o.Base(eligible)
	discount := min(t.Amount, base)
	if !t.Percent.IsZero() {
		discount = t.Percent.Of(base)
	}
	if t.Maximum > 0 {
		discount = min(discount, t.Maximum)
	}
	return min(discount, o.room(eligible))
}

// Candidate is a coupon in the running for an order.
type Candidate struct {
	ID         string
	Applicable bool
	Discount   money.Amount
	ExpiresAt  time.Time // zero: never
}

// Compare orders candidates best first (Contract §4): applicable ones by
// discount, highest first, then by earliest expiry (never comes last), then by
// id; after them the rest by id. It fits [slices.SortFunc].
func Compare(a, b Candidate) int {
	if a.Applicable != b.Applicable {
		if a.Applicable {
			return -1
		}
		return 1
	}
	if a.Applicable {
		if c := cmp.Or(cmp.Compare(b.Discount, a.Discount), compareExpiry(a.ExpiresAt, b.ExpiresAt)); c != 0 {
			return c
		}
	}
	return strings.Compare(a.ID, b.ID)
}

func compareExpiry(a, b time.Time) int {
	switch {
	case a.IsZero() && b.IsZero():
		return 0
	case a.IsZero():
		return 1
	case b.IsZero():
		return -1
	}
	return a.Compare(b)
}
