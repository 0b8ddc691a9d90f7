package money

import (
	"fmt"
	"math/bits"

	"github.com/shopspring/decimal"
)

// UnitPrice is the exact price of one unit, in millionths of the currency's
// unit: it may be finer than its currency ("0.0375" a screw). The zero value is
// a price of zero.
type UnitPrice struct{ millionths int64 }

// ParseUnitPrice reads a unit price of the contract's grammar, zero included,
// or fails with [ErrSyntax].
func ParseUnitPrice(text string) (UnitPrice, error) {
	coefficient, scale, err := scan(text)
	if err != nil {
		return UnitPrice{}, err
	}
	for ; scale < maxFractionDigits; scale++ {
		coefficient *= 10 // 12 integer digits and 6 more: no overflow
	}
	return UnitPrice{coefficient}, nil
}

// Times is round_half_up(price × quantity) in minor units of c (Contract §4,
// arithmetic 1). The product is exact before the rounding; one that no Amount
// can hold, or a quantity below zero, fails with [ErrOverflow].
func (p UnitPrice) Times(quantity int64, c Currency) (Amount, error) {
	divisor := int64(1)
	for range maxFractionDigits - c.digits {
		divisor *= 10
	}
	return mulDivRound(p.millionths, quantity, divisor)
}

// UnitPriceOf is the price of so many millionths of the currency's unit.
func UnitPriceOf(millionths int64) UnitPrice { return UnitPrice{millionths} }

// Millionths is the price in millionths of the currency's unit.
func (p UnitPrice) Millionths() int64 { return p.millionths }

// String is the shortest exact decimal: equal prices have equal texts.
func (p UnitPrice) String() string { return decimal.New(p.millionths, -maxFractionDigits).String() }

// Percent is an exact percentage above 0 and at most 100, in ten-thousandths of
// a percent. The zero value is 0 percent, which no client can send.
type Percent struct{ tenThousandths int64 }

const maxPercentDigits = 4

var hundred = decimal.NewFromInt(100)

// ParsePercent reads a percentage: above 0, at most 100, at most 4 decimal
// places by value. It fails with [ErrSyntax] or [ErrPercent].
func ParsePercent(text string) (Percent, error) {
	coefficient, scale, err := scan(text)
	if err != nil {
		return Percent{}, err
	}
	p := decimal.New(coefficient, -scale)
	if !p.IsPositive() || p.GreaterThan(hundred) || !p.Equal(p.Truncate(maxPercentDigits)) {
		return Percent{}, ErrPercent
	}
	return Percent{p.Shift(maxPercentDigits).IntPart()}, nil
}

// wholePercent is 100 percent in ten-thousandths of a percent.
const wholePercent = 1_000_000

// Of is round_half_up(base × percent / 100); base is not negative, so the
// result is between 0 and base (Contract §4, arithmetic 3).
func (p Percent) Of(base Amount) Amount {
	part, err := mulDivRound(int64(base), p.tenThousandths, wholePercent)
	if err != nil {
		return 0 // base is negative: nothing of nothing
	}
	return part
}

// IsZero reports whether this is the zero Percent, which stands for none.
func (p Percent) IsZero() bool { return p.tenThousandths == 0 }

// String is the shortest exact decimal: "5", "2.5".
func (p Percent) String() string { return decimal.New(p.tenThousandths, -maxPercentDigits).String() }

// Fraction is round_half_up(whole × k / n) for 0 ≤ k ≤ n and n ≥ 1, so between
// 0 and whole; anything else fails with [ErrOverflow].
func Fraction(whole Amount, k, n int64) (Amount, error) {
	if n < 1 || k > n {
		return 0, fmt.Errorf("%d of %d parts %w", k, n, ErrOverflow)
	}
	return mulDivRound(int64(whole), k, n)
}

// mulDivRound is round_half_up(a × b / divisor), the product being exact in 128
// bits and the divisor above zero. Operands below zero, and a result that no Amount can hold, fail with
// [ErrOverflow].
func mulDivRound(a, b, divisor int64) (Amount, error) {
	if a < 0 || b < 0 {
		return 0, fmt.Errorf("product %w", ErrOverflow)
	}
	high, low := bits.Mul64(uint64(a), uint64(b))       // #nosec G115 -- not negative
	low, carry := bits.Add64(low, uint64(divisor)/2, 0) // #nosec G115 -- above zero
	if high += carry; high >= uint64(divisor) {         // #nosec G115
		return 0, fmt.Errorf("product %w", ErrOverflow)
	}
	quotient, _ := bits.Div64(high, low, uint64(divisor)) // #nosec G115
	if quotient > maxAmount {
		return 0, fmt.Errorf("product %w", ErrOverflow)
	}
	return Amount(quotient), nil // #nosec G115 -- checked
}

const maxAmount = 1<<63 - 1
