// The oracle's own audit: what must hold of every answer, read back from its
// texts. It knows nothing of how the numbers came about.

package oracle

import (
	"math/big"
	"strings"
)

// audit panics unless the answer keeps Contract §4's promises: nothing is ever
// negative, the parts add up to the totals exactly, shares are fair and never
// above their line, and the coupon taken is one that may be.
func audit(o Order, r Result) {
	require(len(r.SubOrders) == len(o.SubOrders), "sub-orders were lost")
	var originals, eligible, lineDiscounts, shares, payables []string
	for i, s := range r.SubOrders {
		require(len(s.Lines) == len(o.SubOrders[i].Lines), "lines of %s were lost", s.ID)
		for _, l := range s.Lines {
			auditLine(l, o.Digits)
			originals = append(originals, l.Original)
			lineDiscounts = append(lineDiscounts, l.OtherDiscounts)
			shares = append(shares, l.CouponDiscount)
			payables = append(payables, l.Payable)
			if l.Eligible {
				eligible = append(eligible, l.Original)
			}
		}
		auditSubOrder(s, r.Totals, o.Digits)
	}
	t, own, charges := r.Totals, addUp(o.Discounts), addUp(o.Charges)
	same(addUp(originals), t.Original, o.Digits, "originals")
	same(addUp(eligible), t.Eligible, o.Digits, "eligible originals")
	same(plus(addUp(lineDiscounts), own), t.OtherDiscounts, o.Digits, "other discounts")
	same(addUp(shares), t.CouponDiscount, o.Digits, "shares of the coupon")
	same(charges, t.Charges, o.Digits, "charges")
	same(plus(minus(addUp(payables), own), charges), t.Payable, o.Digits, "payables")
	require(amount(t.CouponDiscount, o.Digits).Cmp(amount(t.Eligible, o.Digits)) <= 0,
		"discount %s is above the eligible %s", t.CouponDiscount, t.Eligible)
	auditSelection(r, o.Digits)
}

// auditLine: payable = original − other_discounts − coupon_discount, and only
// eligible lines have a share, at most their original.
func auditLine(l PricedLine, digits int) {
	full, share := amount(l.Original, digits), amount(l.CouponDiscount, digits)
	same(minus(minus(full, amount(l.OtherDiscounts, digits)), share), l.Payable, digits, "line "+l.ID)
	require(l.Eligible || share.Sign() == 0, "line %s has a share and no part", l.ID)
	require(share.Cmp(full) <= 0, "line %s has a share above its original", l.ID)
}

// auditSubOrder: the part is within one unit of its exact proportion and is
// the sum of its lines' shares; lines not filled differ by at most one unit,
// the earlier never having less, and no filled line has more than they could.
func auditSubOrder(s PricedSubOrder, t Totals, digits int) {
	unit := new(big.Rat).SetFrac(big.NewInt(1), power(digits))
	var shares, eligible []string
	var filled, open []*big.Rat
	for _, l := range s.Lines {
		if !l.Eligible {
			continue
		}
		shares, eligible = append(shares, l.CouponDiscount), append(eligible, l.Original)
		share := amount(l.CouponDiscount, digits)
		if l.CouponDiscount == l.Original {
			filled = append(filled, share)
		} else {
			open = append(open, share)
		}
	}
	same(addUp(shares), s.CouponDiscount, digits, "shares of sub-order "+s.ID)
	if total := amount(t.Eligible, digits); total.Sign() > 0 {
		fair := new(big.Rat).Quo(addUp(eligible), total)
		fair.Mul(fair, amount(t.CouponDiscount, digits))
		gap := minus(fair, amount(s.CouponDiscount, digits))
		require(gap.Abs(gap).Cmp(unit) < 0, "sub-order %s is a unit off its proportion", s.ID)
	}
	if len(open) == 0 {
		return
	}
	first, last := open[0], open[len(open)-1]
	require(minus(first, last).Cmp(unit) <= 0, "shares in %s differ by more than a unit", s.ID)
	for i, share := range open {
		require(i == 0 || share.Cmp(open[i-1]) <= 0, "a later line of %s has more", s.ID)
	}
	for _, share := range filled {
		require(share.Cmp(plus(last, unit)) <= 0, "a filled line of %s has more than an open one", s.ID)
	}
}

// auditSelection: the coupon taken is applicable, its discount is the order's,
// and the default is one that no applicable coupon beats.
func auditSelection(r Result, digits int) {
	taken, best := new(big.Rat), new(big.Rat)
	found := false
	for _, c := range r.Coupons {
		discount := amount(c.Discount, digits)
		require(c.Applicable == (len(c.Reasons) == 0), "coupon %s contradicts its reasons", c.ID)
		require(c.Applicable || discount.Sign() == 0, "inapplicable coupon %s gives", c.ID)
		if discount.Cmp(best) > 0 {
			best = discount
		}
		if c.ID == r.SelectedID {
			require(c.Applicable, "inapplicable coupon %s was taken", c.ID)
			taken, found = discount, true
		}
	}
	same(taken, r.Totals.CouponDiscount, digits, "the coupon taken")
	switch r.By {
	case "default":
		require(found && taken.Sign() > 0 && taken.Cmp(best) == 0, "the default is not the best")
	case "customer":
		require(found, "the customer's coupon is missing")
	case "unavailable":
		require(best.Sign() == 0, "a coupon would have given something")
	}
	require(found == (r.SelectedID != ""), "coupon %q was taken from nowhere", r.SelectedID)
	require(found == (r.By == "default" || r.By == "customer"), "coupon %q taken by %q", r.SelectedID, r.By)
	require(r.NotApplicable == (r.By == ""), "refused and answered at once")
}

// amount reads an amount of the answer: exactly the currency's digits, never a
// sign. Sums may have more integer digits than the grammar of requests.
func amount(text string, digits int) *big.Rat {
	_, fraction, point := strings.Cut(text, ".")
	require(point == (digits > 0) && len(fraction) == digits, "%q has not %d digits", text, digits)
	value, ok := new(big.Rat).SetString(text)
	require(ok, "%q is not a number", text)
	require(value.Sign() >= 0 && text[0] != '-', "%q is negative", text)
	return value
}

// same panics unless the text of the answer is exactly want.
func same(want *big.Rat, text string, digits int, what string) {
	require(want.Cmp(amount(text, digits)) == 0, "%s add up to %s, told as %s",
		what, want.FloatString(digits), text)
}

// addUp is the exact sum of texts.
func addUp(texts []string) *big.Rat {
	total := new(big.Rat)
	for _, text := range texts {
		value, ok := new(big.Rat).SetString(text)
		require(ok, "%q is not a number", text)
		total.Add(total, value)
	}
	return total
}

func plus(a, b *big.Rat) *big.Rat  { return new(big.Rat).Add(a, b) }
func minus(a, b *big.Rat) *big.Rat { return new(big.Rat).Sub(a, b) }
