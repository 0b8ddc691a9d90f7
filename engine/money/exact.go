package money

import (
	"fmt"

	"github.com/shopspring/decimal"
)

// UnitPrice is the exact price of one unit; it may be finer than its currency
// ("0.0375" a screw). The zero value is a price of zero.
type UnitPrice struct{ exact decimal.Decimal }

// ParseUnitPrice reads a unit price of the contract's grammar, zero included,
// or fails with [ErrSyntax].
func ParseUnitPrice(text string) (UnitPrice, error) {
	coefficient, scale, err := scan(text)
	if err != nil {
		return UnitPrice{}, err
	}
	return UnitPrice{decimal.New(coefficient, -scale)}, nil
}

// Times is round_half_up(price × quantity) in minor units of c (Contract §4,
// arithmetic 1). The product is exact before the rounding; one that no Amount
// can hold fails with [ErrOverflow].
func (p UnitPrice) Times(quantity int64, c Currency) (Amount, error) {
	return minorUnits(p.exact.Mul(decimal.NewFromInt(quantity)).Shift(c.digits))
}

// String is the shortest exact decimal: equal prices have equal texts.
func (p UnitPrice) String() string { return p.exact.String() }

// Percent is an exact percentage above 0 and at most 100. The zero value is 0
// percent, which no client can send.
type Percent struct{ exact decimal.Decimal }

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
		return Percent{}, fmt.Errorf("%q %w", text, ErrPercent)
	}
	return Percent{p}, nil
}

// Of is round_half_up(base × percent / 100); base is not negative, so the
// result is between 0 and base (Contract §4, arithmetic 3).
func (p Percent) Of(base Amount) Amount {
	return Amount(decimal.NewFromInt(int64(base)).Mul(p.exact).Shift(-2).Round(0).IntPart())
}

// IsZero reports whether this is the zero Percent, which stands for none.
func (p Percent) IsZero() bool { return p.exact.IsZero() }

// String is the shortest exact decimal: "5", "2.5".
func (p Percent) String() string { return p.exact.String() }

// minorUnits rounds half up; decimal rounds half away from zero, which is the
// same for what is not negative.
func minorUnits(exact decimal.Decimal) (Amount, error) {
	n := exact.Round(0).BigInt()
	if !n.IsInt64() {
		return 0, fmt.Errorf("product %w", ErrOverflow)
	}
	return Amount(n.Int64()), nil
}
