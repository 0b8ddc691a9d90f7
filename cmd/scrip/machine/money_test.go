// Exact money of the model: integers of minor units, and rationals between.
package machine

import (
	"math/big"
	"slices"
	"strings"
)

// digits are those of ISO 4217.
var digits = map[string]int{"USD": 2, "JPY": 0, "KWD": 3}

func scale(currency string) *big.Rat {
	return new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits[currency])), nil))
}

// text writes minor units with exactly the currency's digits.
func text(units int64, currency string) string {
	return new(big.Rat).Quo(new(big.Rat).SetInt64(units), scale(currency)).FloatString(digits[currency])
}

// exact is a text in minor units, which may be a fraction of them.
func exact(text, currency string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("no amount: " + text)
	}
	return r.Mul(r, scale(currency))
}

// units reads an amount that is not finer than its currency.
func units(text, currency string) int64 {
	r := exact(text, currency)
	if !r.IsInt() {
		panic("too fine: " + text + " " + currency)
	}
	return r.Num().Int64()
}

// halfUp rounds what is not negative: it is the floor of a half more.
func halfUp(r *big.Rat) int64 {
	more := new(big.Rat).Add(r, big.NewRat(1, 2))
	return new(big.Int).Quo(more.Num(), more.Denom()).Int64()
}

// original is what a line costs before everything (Contract §4.1).
func (l *lineIn) original(currency string) int64 {
	price := exact(l.UnitPrice, currency)
	return halfUp(price.Mul(price, new(big.Rat).SetInt64(l.Quantity)))
}

func sum(list []namedAmount, currency string) (all int64) {
	for _, item := range list {
		all += units(item.Amount, currency)
	}
	return all
}

// spread spreads an amount in proportion to weights: floors first, then one
// unit each to the largest remainders, ties to the earlier.
func spread(amount int64, weights []int64) []int64 {
	parts, order, remainders := make([]int64, len(weights)), make([]int, len(weights)), make([]*big.Rat, len(weights))
	var all int64
	for _, w := range weights {
		all += w
	}
	if all == 0 {
		return parts
	}
	left := amount
	for i, w := range weights {
		share := new(big.Rat).Mul(new(big.Rat).SetInt64(amount), big.NewRat(w, all))
		parts[i] = new(big.Int).Quo(share.Num(), share.Denom()).Int64()
		remainders[i], order[i] = share.Sub(share, new(big.Rat).SetInt64(parts[i])), i
		left -= parts[i]
	}
	slices.SortStableFunc(order, func(a, b int) int { return remainders[b].Cmp(remainders[a]) })
	for _, i := range order[:left] {
		parts[i]++
	}
	return parts
}

// price is a text of a number of thousandths of the currency's unit.
func price(thousandths int64) string {
	return strings.TrimSuffix(big.NewRat(thousandths, 1000).FloatString(3), ".000")
}
