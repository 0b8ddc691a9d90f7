package pricing

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"scrip/engine/money"
)

// Distribution says which sub-order and which line bears how much of a
// coupon's discount. Both lists add up to the discount exactly.
type Distribution struct {
	SubOrders []money.Amount
	Lines     []money.Amount
}

// Distribute shares a discount out (arithmetic 4 and 5): to the sub-orders in
// proportion to their eligible originals, inside each equally over its
// eligible lines, none above its price. It fails if the discount is more than
// the eligible lines can bear, which [Terms.Discount] never gives.
func (o Order) Distribute(discount money.Amount, eligible []bool) (Distribution, error) {
	bearable := make([]money.Amount, len(o.Lines)) // by line; 0 for those that take no part
	weights := make([]money.Amount, len(o.SubOrders))
	next := 0
	for s, n := range o.SubOrders {
		for i := next; i < next+n; i++ {
			if eligible[i] {
				bearable[i] = o.Lines[i].left()
				weights[s] += bearable[i]
			}
		}
		next += n
	}
	parts, err := Apportion(discount, weights)
	if err != nil {
		return Distribution{}, err
	}
	lines := make([]money.Amount, 0, len(o.Lines))
	for s, n := range o.SubOrders {
		shares, err := Split(parts[s], bearable[len(lines):len(lines)+n])
		if err != nil {
			return Distribution{}, err
		}
		lines = append(lines, shares...)
	}
	return Distribution{SubOrders: parts, Lines: lines}, nil
}

// Apportion shares a total out in proportion to weights by largest remainder:
// everyone gets the floor of the exact share, then the units left over go one
// each to the largest fractions, ties to the earlier. No share exceeds its
// weight. It fails if the total or a weight is negative, if the total is above
// the sum of the weights, or if that sum is not below 2^63.
func Apportion(total money.Amount, weights []money.Amount) ([]money.Amount, error) {
	sum, err := money.Sum(weights...)
	if err != nil {
		return nil, err
	}
	if total < 0 || total > sum || len(weights) > 0 && slices.Min(weights) < 0 {
		return nil, fmt.Errorf("apportion %d by weights of %d: %w", total, sum, money.ErrOverflow)
	}
	shares := make([]money.Amount, len(weights))
	if total == 0 {
		return shares, nil
	}
	fractions := make([]uint64, len(weights)) // numerators over sum
	order := make([]int, len(weights))
	left := total
	for i, w := range weights {
		// No operand is negative, and high < sum because total ≤ sum.
		high, low := bits.Mul64(uint64(total), uint64(w))                    // #nosec G115
		floor, fraction := bits.Div64(high, low, uint64(sum))                // #nosec G115
		shares[i], fractions[i], order[i] = money.Amount(floor), fraction, i // #nosec G115 -- at most w
		left -= shares[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(fractions[b], fractions[a]) })
	for _, i := range order[:left] {
		shares[i]++
	}
	return shares, nil
}

// Split shares a part equally over lines, none above its cap: lines whose cap
// is at most the equal share are filled, what is left is split equally over
// the rest, and so on; when it does not divide, the earliest lines of the rest
// get one unit more. A cap of zero takes no part. It fails if the part or a cap
// is negative, or if the part is above the sum of the caps.
func Split(part money.Amount, caps []money.Amount) ([]money.Amount, error) {
	shares := make([]money.Amount, len(caps))
	smallestFirst := make([]int, len(caps))
	for i := range caps {
		smallestFirst[i] = i
	}
	slices.SortStableFunc(smallestFirst, func(a, b int) int { return cmp.Compare(caps[a], caps[b]) })
	left, rest := part, smallestFirst
	for len(rest) > 0 && caps[rest[0]] <= left/money.Amount(len(rest)) {
		shares[rest[0]] = caps[rest[0]]
		left -= caps[rest[0]]
		rest = rest[1:]
	}
	if part < 0 || len(rest) == 0 && left > 0 || len(caps) > 0 && caps[smallestFirst[0]] < 0 {
		return nil, fmt.Errorf("split %d over caps that do not hold it: %w", part, money.ErrOverflow)
	}
	slices.Sort(rest) // back to the order of the request
	for n, i := range rest {
		shares[i] = left / money.Amount(len(rest))
		if money.Amount(n) < left%money.Amount(len(rest)) {
			shares[i]++
		}
	}
	return shares, nil
}
