// Random coupons for a drawn order, aimed at that order's own amounts.

package oracle

import "time"

// ends are few, so that expiries tie; the zero time never expires.
var ends = []time.Time{
	{},
	time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC),
	time.Date(2999, 1, 1, 0, 0, 1, 0, time.UTC),
	time.Date(3000, 6, 30, 12, 0, 0, 0, time.UTC),
}

// couponIDs draws 0 to 8 ids in no order, some alike up to case or length.
func (d draft) couponIDs() []string {
	ids := []string{"cpn_1", "cpn_10", "cpn_2", "cpn_A", "cpn_a", "cpn_aa", "cpn_b", "cpn_Z"}
	d.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	return ids[:d.IntN(len(ids)+1)]
}

// coupons draws one for each id; some repeat the one before, so that
// discounts tie.
func (d draft) coupons(o Order, ids []string) []Coupon {
	var coupons []Coupon
	for i, id := range ids {
		c := d.coupon(o, id)
		if i > 0 && d.chance(25) {
			c = coupons[i-1]
			c.ID = id
		}
		if d.chance(70) {
			c.ExpiresAt = ends[d.IntN(len(ends))]
		}
		c.Refused = d.chance(8)
		coupons = append(coupons, c)
	}
	return coupons
}

// coupon draws a percentage or an amount, with or without limits, in the
// order's currency or, sometimes, in another.
func (d draft) coupon(o Order, id string) Coupon {
	at := d
	if d.chance(12) {
		other := currencies[d.IntN(len(currencies))]
		at.code, at.digits = other.code, other.digits
	}
	near := min(base(o, id).Int64(), at.mostUnits()-1)
	c := Coupon{ID: id}
	if d.chance(60) {
		c.Percent = d.percent()
	} else {
		c.Amount = at.text(at.around(near))
	}
	if d.chance(30) {
		c.MinimumSpend = at.text(at.around(near))
	}
	if d.chance(30) {
		c.MaximumDiscount = at.text(at.around(near))
	}
	if c.Amount != "" || c.MinimumSpend != "" || c.MaximumDiscount != "" || d.chance(20) {
		c.Currency = at.code
	}
	return c
}

// percent draws from above 0 to 100, with up to 4 fraction digits.
func (d draft) percent() string {
	switch d.IntN(4) {
	case 0:
		return []string{"5", "10", "12.5", "50", "100", "0.0001", "99.9999", "33.3333"}[d.IntN(8)]
	case 1:
		return decimal(1+d.Int64N(100), 0)
	}
	return decimal(1+d.Int64N(1_000_000), 4)
}

// around draws an amount above zero, in minor units, that matters beside one
// of near: itself, one more, one less, a part of it, or a few units.
func (d draft) around(near int64) int64 {
	drawn := []int64{near, near + 1, near - 1, d.upTo(near), d.upTo(near / 10), 1 + d.upTo(70)}
	return max(1, drawn[d.IntN(len(drawn))])
}
