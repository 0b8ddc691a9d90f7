// One order from request to answer.

package oracle

import "math/big"

// Price answers what Contract §4 says about an order, the customer's coupons
// and `select`: "best", "none" or a coupon id. denied says that policy lets
// the order use no coupon; an order with a discount of its own never may.
// It panics on money that Contract §3 refuses and on any broken invariant.
func Price(o Order, coupons []Coupon, sel string, denied bool) Result {
	offers := ranked(o, coupons, denied || len(o.Discounts) > 0)
	chosen, by := choose(offers, sel)
	couponID, d := "", new(big.Int)
	if chosen != nil {
		couponID, d = chosen.coupon.ID, chosen.discount
	}
	result := distribute(o, couponID, d)
	result.SelectedID = couponID
	result.By = by
	result.NotApplicable = by == ""
	for _, offer := range offers {
		result.Coupons = append(result.Coupons, PricedCoupon{
			ID:         offer.coupon.ID,
			Applicable: offer.applicable(),
			Discount:   format(offer.discount, o.Digits),
			Reasons:    offer.reasons,
		})
	}
	audit(o, result)
	return result
}

// distribute spreads d over sub-orders and lines and adds everything up. With
// couponID "" d is zero and the lines' eligibility is that without a coupon.
func distribute(o Order, couponID string, d *big.Int) Result {
	var eligible []*big.Int
	for _, s := range o.SubOrders {
		alone := Order{Digits: o.Digits, SubOrders: []SubOrder{s}}
		eligible = append(eligible, base(alone, couponID))
	}
	var result Result
	originals, discounts := new(big.Int), sum(o.Discounts, o.Digits)
	for i, part := range apportion(d, eligible) {
		s := o.SubOrders[i]
		result.SubOrders = append(result.SubOrders, priceSubOrder(s, couponID, part, o.Digits))
		for _, l := range s.Lines {
			originals.Add(originals, original(l, o.Digits))
			discounts.Add(discounts, sum(l.Discounts, o.Digits))
		}
	}
	charges := sum(o.Charges, o.Digits)
	payable := new(big.Int).Sub(originals, discounts)
	payable.Sub(payable, d).Add(payable, charges)
	result.Totals = Totals{
		Original:       format(originals, o.Digits),
		Eligible:       format(base(o, couponID), o.Digits),
		OtherDiscounts: format(discounts, o.Digits),
		CouponDiscount: format(d, o.Digits),
		Charges:        format(charges, o.Digits),
		Payable:        format(payable, o.Digits),
	}
	return result
}

// priceSubOrder splits the sub-order's part over its eligible lines and tells
// each line's price (steps 5 and 6).
func priceSubOrder(s SubOrder, couponID string, part *big.Int, digits int) PricedSubOrder {
	var eligible []*big.Int
	for _, l := range s.Lines {
		if l.Eligible(couponID) {
			eligible = append(eligible, original(l, digits))
		}
	}
	shares := splitEqually(part, eligible)
	priced := PricedSubOrder{ID: s.ID, CouponDiscount: format(part, digits)}
	for _, l := range s.Lines {
		share := new(big.Int)
		if l.Eligible(couponID) {
			share, shares = shares[0], shares[1:]
		}
		full, discounts := original(l, digits), sum(l.Discounts, digits)
		payable := new(big.Int).Sub(full, discounts)
		payable.Sub(payable, share)
		priced.Lines = append(priced.Lines, PricedLine{
			ID:             l.ID,
			Original:       format(full, digits),
			OtherDiscounts: format(discounts, digits),
			CouponDiscount: format(share, digits),
			Payable:        format(payable, digits),
			Eligible:       l.Eligible(couponID),
		})
	}
	return priced
}
