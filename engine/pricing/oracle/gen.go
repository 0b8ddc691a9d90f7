// Random orders that Contract §3 accepts, drawn so that the corners of §4 come
// up often: ties, caps, halves, zeros, bounds met exactly and missed by one.
// Integers here only choose texts; no money is computed with them.

package oracle

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strings"
)

// minorBound keeps Σ original + charges below 10^15 minor units (Contract §3).
const minorBound = 1_000_000_000_000_000

var currencies = []struct {
	code   string
	digits int
}{
	{"JPY", 0}, {"KRW", 0}, {"USD", 2}, {"EUR", 2}, {"KWD", 3}, {"IQD", 3}, {"CLF", 4}, {"UYW", 4},
}

// draft is an order while it is drawn. budget is the most, in minor units,
// that one line's original or one charge may come to.
type draft struct {
	*rand.Rand
	code   string
	digits int
	budget int64
}

// RandomOrder draws an order of up to 60 lines in 1 to 6 sub-orders, up to 8
// coupons, and a `select`. An order with a discount of its own is denied.
func RandomOrder(rng *rand.Rand) (Order, []Coupon, string) {
	currency := currencies[rng.IntN(len(currencies))]
	d := draft{Rand: rng, code: currency.code, digits: currency.digits}
	lines := 1 + rng.IntN(60)
	if d.chance(40) {
		lines = 1 + rng.IntN(6)
	}
	charges := rng.IntN(4)
	d.budget = (minorBound - 1) / int64(lines+charges)
	ids := d.couponIDs()
	o := Order{Currency: d.code, Digits: d.digits, SubOrders: d.subOrders(lines, ids)}
	for range charges {
		o.Charges = append(o.Charges, d.text(d.upTo(d.pick(0, 10, 2000, min(d.budget, d.mostUnits())))))
	}
	if d.chance(8) {
		left := new(big.Int)
		for _, s := range o.SubOrders {
			for _, l := range s.Lines {
				left.Add(left, original(l, d.digits)).Sub(left, sum(l.Discounts, d.digits))
			}
		}
		o.Discounts = d.discounts(left.Int64())
	}
	coupons := d.coupons(o, ids)
	return o, coupons, d.selection(ids)
}

// selection is `select`: mostly the best, sometimes none or one by its id.
func (d draft) selection(couponIDs []string) string {
	switch {
	case d.chance(15):
		return "none"
	case len(couponIDs) > 0 && d.chance(35):
		return couponIDs[d.IntN(len(couponIDs))]
	}
	return "best"
}

// subOrders deals lines to 1 to 6 sub-orders, none empty. Some orders repeat
// one price throughout and deal evenly, so that shares and remainders tie;
// some ask the coupon for each line's eligibility, most do not.
func (d draft) subOrders(lines int, couponIDs []string) []SubOrder {
	subs := make([]SubOrder, 1+d.IntN(min(6, lines)))
	uniform, byCoupon := d.chance(20), d.chance(40)
	excluded := d.pick(0, 0, 10, 30, 60)
	var l Line
	for i := range lines {
		if i == 0 || !uniform {
			l.UnitPrice, l.Quantity = d.price()
		}
		l.ID = fmt.Sprintf("L%d", i+1)
		l.Discounts = nil
		if d.chance(10) {
			l.Discounts = d.discounts(original(l, d.digits).Int64())
		}
		l.Eligible = d.eligibility(len(l.Discounts) > 0, excluded, byCoupon, couponIDs)
		s := i % len(subs)
		if i >= len(subs) && !uniform {
			s = d.IntN(len(subs))
		}
		subs[s].Lines = append(subs[s].Lines, l)
	}
	for i := range subs {
		subs[i].ID = fmt.Sprintf("S%d", i+1)
		if d.chance(6) {
			for j := range subs[i].Lines {
				subs[i].Lines[j].Eligible = func(string) bool { return false }
			}
		}
	}
	return subs
}

// eligibility settles a line's answer for every coupon and for none, excluded
// being the chance in percent that it takes no part.
func (d draft) eligibility(discounted bool, excluded int64, byCoupon bool, couponIDs []string) func(string) bool {
	without := !discounted && !d.chance(excluded)
	with := map[string]bool{"": without}
	for _, id := range couponIDs {
		with[id] = without
		if byCoupon && !discounted {
			with[id] = !d.chance(excluded)
		}
	}
	return func(couponID string) bool { return with[couponID] }
}

// price draws a unit price and quantity whose original is within the budget.
func (d draft) price() (string, int64) {
	switch d.IntN(10) {
	case 0: // free of charge
		return d.text(0), 1 + d.Int64N(1_000_000)
	case 1, 2: // tiny: meets the caps
		return d.text(1 + d.Int64N(5)), 1 + d.Int64N(3)
	case 3: // finer than the currency, down to what rounds to nothing
		return decimal(d.upTo(d.pick(20, 99_999, 99_999_999)), 6), 1 + d.Int64N(1000)
	case 4: // exactly half a minor unit over
		return decimal(10*d.upTo(500)+5, d.digits+1), 1 + 2*d.Int64N(20)
	case 5: // the largest quantities
		return decimal(d.upTo(99_999_999), 6), 1_000_000 - d.upTo(3)
	case 6: // up to the bound of the order
		return d.large()
	}
	return d.text(1 + d.Int64N(20_000)), 1 + d.Int64N(20)
}

// large draws a line of up to the whole budget, and often exactly that.
func (d draft) large() (string, int64) {
	quantity := d.pick(1, 1, 3, 999, 1_000_000)
	most := min(d.budget/quantity, d.mostUnits())
	if d.chance(30) { // in millionths
		for range 6 - d.digits {
			most *= 10
		}
		return decimal(d.upTo(most), 6), quantity
	}
	return d.text(most - d.upTo(d.pick(0, 1, most))), quantity
}

// discounts draws one to three that together leave at least nothing of what is
// left, in minor units; none where nothing is left.
func (d draft) discounts(left int64) []string {
	var texts []string
	for range 1 + d.IntN(3) {
		if left == 0 {
			break
		}
		part := 1 + d.upTo(left-1)
		if d.chance(20) {
			part = left
		}
		part = min(part, d.mostUnits())
		texts = append(texts, d.text(part))
		left -= part
	}
	return texts
}

// text writes minor units as money, sometimes with more or fewer zeros at its
// end than the currency has.
func (d draft) text(units int64) string {
	text := decimal(units, d.digits)
	switch {
	case d.digits > 0 && d.chance(5):
		text = strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
	case d.digits > 0 && d.chance(5):
		text += "00"
	case d.digits == 0 && d.chance(5):
		text += ".0"
	}
	return text
}

// mostUnits is the largest amount of 12 integer digits, in minor units.
func (d draft) mostUnits() int64 {
	return new(big.Int).Sub(power(12+d.digits), big.NewInt(1)).Int64()
}

// decimal writes units of 10^-digits.
func decimal(units int64, digits int) string { return format(big.NewInt(units), digits) }

// chance is true that many times in a hundred.
func (d draft) chance(percent int64) bool { return d.Int64N(100) < percent }

// upTo draws from 0 to most, both included.
func (d draft) upTo(most int64) int64 { return d.Int64N(most + 1) }

// pick draws one of these.
func (d draft) pick(these ...int64) int64 { return these[d.IntN(len(these))] }
