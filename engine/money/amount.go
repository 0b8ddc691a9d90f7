package money

import (
	"errors"
	"fmt"
	"strconv"
)

// Amount is a sum of money in minor units of a currency that is known beside
// it: 1235 of USD is 12.35, 1235 of JPY is 1235.
type Amount int64

// Limit is the bound on an order: originals and charges together stay below
// 10^15 minor units (Contract §3).
const Limit Amount = 1_000_000_000_000_000

// What can be wrong with money that a client sends. Errors wrap one of these
// and their texts may be shown to the client. None repeats what was sent: it may
// have been meant for another field.
var (
	ErrSyntax   = errors.New("is not an amount: 1 to 12 digits without leading zeros, optionally a point and 1 to 6 digits")
	ErrTooFine  = errors.New("has more decimal places than its currency")
	ErrCurrency = errors.New("is not an ISO 4217 currency with minor units")
	ErrOverflow = errors.New("is out of range")
	ErrPercent  = errors.New("is not a percentage above 0 and at most 100 with at most 4 decimal places")
)

// Add is a + b, or [ErrOverflow].
func Add(a, b Amount) (Amount, error) {
	sum := a + b
	if (sum > a) != (b > 0) {
		return 0, fmt.Errorf("%d + %d %w", a, b, ErrOverflow)
	}
	return sum, nil
}

// Sum adds up amounts, or fails with [ErrOverflow].
func Sum(amounts ...Amount) (total Amount, err error) {
	for _, a := range amounts {
		if total, err = Add(total, a); err != nil {
			return 0, err
		}
	}
	return total, nil
}

// Parse reads an amount of this currency from decimal text of the contract's
// grammar. Trailing zeros do not count as finer: "1.500" is an amount of USD,
// "1.505" fails with [ErrTooFine], anything malformed with [ErrSyntax].
func (c Currency) Parse(text string) (Amount, error) {
	coefficient, scale, err := scan(text)
	if err != nil {
		return 0, err
	}
	for ; scale > c.digits; scale-- {
		if coefficient%10 != 0 {
			return 0, fmt.Errorf("%w: %s has %d", ErrTooFine, c.code, c.digits)
		}
		coefficient /= 10
	}
	// At most 12 integer digits and 4 of the currency: no overflow.
	for ; scale < c.digits; scale++ {
		coefficient *= 10
	}
	return Amount(coefficient), nil
}

// Format writes an amount with exactly the currency's digits: "0.05", "-1.00".
func (c Currency) Format(a Amount) string {
	return string(c.Append(nil, a))
}

// Append is [Currency.Format] onto dst.
func (c Currency) Append(dst []byte, a Amount) []byte {
	magnitude := uint64(a) // #nosec G115 -- two's complement, negated below
	if a < 0 {
		dst = append(dst, '-')
		magnitude = -magnitude
	}
	var scale uint64 = 1
	for range c.digits {
		scale *= 10
	}
	dst = strconv.AppendUint(dst, magnitude/scale, 10)
	if c.digits == 0 {
		return dst
	}
	point := len(dst)
	dst = strconv.AppendUint(dst, scale+magnitude%scale, 10) // a one before the digits keeps their zeros …
	dst[point] = '.'                                         // … and gives its place to the point
	return dst
}

const (
	maxIntegerDigits  = 12
	maxFractionDigits = 6
)

// scan reads the contract's decimal grammar: text = coefficient × 10^-scale.
// Its 18 digits at most fit an int64.
func scan(text string) (coefficient int64, scale int32, err error) {
	integer, fraction, pointed := cut(text)
	switch {
	case len(integer) < 1 || len(integer) > maxIntegerDigits,
		len(integer) > 1 && integer[0] == '0',
		pointed && (len(fraction) < 1 || len(fraction) > maxFractionDigits):
		return 0, 0, ErrSyntax
	}
	for _, part := range [2]string{integer, fraction} {
		for i := range len(part) {
			digit := part[i] - '0'
			if digit > 9 {
				return 0, 0, ErrSyntax
			}
			coefficient = coefficient*10 + int64(digit)
		}
	}
	return coefficient, int32(len(fraction)), nil // #nosec G115 -- at most 6
}

func cut(text string) (integer, fraction string, pointed bool) {
	for i := range len(text) {
		if text[i] == '.' {
			return text[:i], text[i+1:], true
		}
	}
	return text, "", false
}
