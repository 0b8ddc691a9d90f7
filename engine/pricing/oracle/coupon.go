// The coupons of an order: what each would give, in which order they stand,
// and which one is taken (Contract §4, steps 1 to 3 and the selection rules).

package oracle

import (
	"math/big"
	"sort"
)

// offer is what a coupon comes to on an order: reasons why not, or a discount
// in minor units. With any reason the discount is zero.
type offer struct {
	coupon   Coupon
	reasons  []string
	discount *big.Int
}

func (o offer) applicable() bool { return len(o.reasons) == 0 }

// original is step 1: unit price times quantity, rounded half up.
func original(l Line, digits int) *big.Int {
	price := inMinorUnits(exact(l.UnitPrice), digits)
	quantity := new(big.Rat).SetInt64(l.Quantity)
	return roundHalfUp(new(big.Rat).Mul(price, quantity))
}

// base is step 2: the originals of the lines eligible for that coupon.
func base(o Order, couponID string) *big.Int {
	total := new(big.Int)
	for _, s := range o.SubOrders {
		for _, l := range s.Lines {
			if l.Eligible(couponID) {
				total.Add(total, original(l, o.Digits))
			}
		}
	}
	return total
}

// deduction is step 3: D of a coupon whose currency fits.
func deduction(c Coupon, base *big.Int, digits int) *big.Int {
	var d *big.Int
	if c.Percent != "" {
		fraction := new(big.Rat).Quo(exact(c.Percent), big.NewRat(100, 1))
		d = roundHalfUp(new(big.Rat).Mul(new(big.Rat).SetInt(base), fraction))
	} else {
		d = smaller(minorUnits(c.Amount, digits), base)
	}
	if c.MaximumDiscount != "" {
		d = smaller(d, minorUnits(c.MaximumDiscount, digits))
	}
	return d
}

// weigh finds what one coupon comes to. A denied order gives every coupon the
// order's reasons and no others; a wrong currency is the only reason about
// amounts, since amounts of two currencies cannot be compared.
func weigh(o Order, c Coupon, denied bool) offer {
	none := new(big.Int)
	if denied {
		return offer{c, []string{ReasonDenied}, none}
	}
	spent := base(o, c.ID)
	var reasons []string
	fits := c.Currency == "" || c.Currency == o.Currency
	if !fits {
		reasons = append(reasons, ReasonCurrency)
	}
	if fits && c.MinimumSpend != "" && spent.Cmp(minorUnits(c.MinimumSpend, o.Digits)) < 0 {
		reasons = append(reasons, ReasonMinimumSpend)
	}
	if c.Refused {
		reasons = append(reasons, ReasonRefused)
	}
	if len(reasons) > 0 {
		return offer{c, reasons, none}
	}
	return offer{c, nil, deduction(c, spent, o.Digits)}
}

// before orders two offers best first: applicable ones by discount, highest
// first, then earliest expiry (none: last), then id; then the rest by id.
func before(a, b offer) bool {
	if a.applicable() != b.applicable() {
		return a.applicable()
	}
	if a.applicable() {
		if order := a.discount.Cmp(b.discount); order != 0 {
			return order > 0
		}
		aEnds, bEnds := a.coupon.ExpiresAt, b.coupon.ExpiresAt
		if aEnds.IsZero() != bEnds.IsZero() {
			return bEnds.IsZero()
		}
		if !aEnds.Equal(bEnds) {
			return aEnds.Before(bEnds)
		}
	}
	return a.coupon.ID < b.coupon.ID
}

// ranked weighs every coupon and sorts them best first.
func ranked(o Order, coupons []Coupon, denied bool) []offer {
	var offers []offer
	for _, c := range coupons {
		offers = append(offers, weigh(o, c, denied))
	}
	sort.Slice(offers, func(i, j int) bool { return before(offers[i], offers[j]) })
	return offers
}

// choose takes a coupon from ranked offers as `select` says. It answers the
// offer, nil for none, and selection.by, "" where the request is refused. A
// coupon asked for by id stands even when it gives nothing.
func choose(offers []offer, sel string) (*offer, string) {
	switch sel {
	case "none":
		return nil, "none"
	case "best":
		if len(offers) > 0 && offers[0].applicable() && offers[0].discount.Sign() > 0 {
			return &offers[0], "default"
		}
		return nil, "unavailable"
	}
	for i := range offers {
		if offers[i].coupon.ID == sel && offers[i].applicable() {
			return &offers[i], "customer"
		}
	}
	return nil, ""
}
