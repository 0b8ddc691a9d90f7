// Money and percentages between text and exact numbers: a Rat while anything
// may still be fractional, an Int once it counts minor units.

package oracle

import (
	"fmt"
	"math/big"
	"regexp"
)

// grammar is Contract §3's: 1 to 12 integer digits, optionally a point and 1
// to 6 digits; no sign, no exponent, no leading zeros.
var grammar = regexp.MustCompile(`^(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$`)

// half is what rounding half up adds before it cuts.
var half = big.NewRat(1, 2)

// exact reads a decimal text as it stands. It panics on any other text: tests
// ask the oracle about valid orders only.
func exact(text string) *big.Rat {
	require(grammar.MatchString(text), "%q is not a decimal of Contract §3", text)
	value, ok := new(big.Rat).SetString(text)
	require(ok, "%q is not a number", text)
	return value
}

// power is 10^digits.
func power(digits int) *big.Int {
	return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
}

// inMinorUnits scales a value in currency units to minor units, still exact.
func inMinorUnits(value *big.Rat, digits int) *big.Rat {
	return new(big.Rat).Mul(value, new(big.Rat).SetInt(power(digits)))
}

// minorUnits reads an amount that must not be finer than its currency, judged
// by value (Contract §3).
func minorUnits(text string, digits int) *big.Int {
	value := inMinorUnits(exact(text), digits)
	require(value.IsInt(), "%q is finer than %d digits", text, digits)
	return new(big.Int).Set(value.Num())
}

// floor cuts a value that is not negative to its integer part.
func floor(value *big.Rat) *big.Int {
	return new(big.Int).Quo(value.Num(), value.Denom())
}

// roundHalfUp rounds a value that is not negative to the nearest integer, a
// half upwards.
func roundHalfUp(value *big.Rat) *big.Int {
	return floor(new(big.Rat).Add(value, half))
}

// format writes minor units with exactly the currency's digits.
func format(units *big.Int, digits int) string {
	return new(big.Rat).SetFrac(units, power(digits)).FloatString(digits)
}

// sum adds money texts, in minor units.
func sum(texts []string, digits int) *big.Int {
	total := new(big.Int)
	for _, text := range texts {
		total.Add(total, minorUnits(text, digits))
	}
	return total
}

// smaller is the lesser of two.
func smaller(a, b *big.Int) *big.Int {
	if a.Cmp(b) < 0 {
		return a
	}
	return b
}

// require panics unless what must hold holds.
func require(holds bool, message string, args ...any) {
	if !holds {
		panic("oracle: " + fmt.Sprintf(message, args...))
	}
}
