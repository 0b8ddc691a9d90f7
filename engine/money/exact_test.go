package money_test

import (
	"errors"
	"math"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"scrip/engine/money"
)

func TestUnitPriceTimesQuantity(t *testing.T) {
	for _, c := range []struct {
		name, currency, price string
		quantity              int64
		want                  money.Amount
		err                   error
	}{
		{"the contract's line A", "USD", "12.35", 2, 2470, nil},
		{"free of charge", "USD", "0", 1_000_000, 0, nil},
		{"exactly half a unit rounds up", "USD", "0.005", 1, 1, nil},
		{"just below half rounds down", "USD", "0.004999", 1, 0, nil},
		{"rounded once, after the product", "USD", "0.005", 3, 2, nil},
		{"half of an even unit rounds up too", "USD", "0.025", 1, 3, nil},
		{"fine prices count in bulk", "USD", "0.000001", 1_000_000, 100, nil},
		{"no minor unit", "JPY", "0.5", 1, 1, nil},
		{"four places", "CLF", "0.00005", 1, 1, nil},
		{"more than an amount holds", "USD", "999999999999.999999", 1_000_000, 0, money.ErrOverflow},
		{"the largest quantity", "JPY", "1", math.MaxInt64, math.MaxInt64, nil},
		{"one over the largest", "JPY", "1.000001", math.MaxInt64, 0, money.ErrOverflow},
		{"below zero", "USD", "0.000001", -1, 0, money.ErrOverflow},
		{"the smallest quantity", "CLF", "1", math.MinInt64, 0, money.ErrOverflow},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := money.ParseUnitPrice(c.price)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := p.Times(c.quantity, currency(t, c.currency)); got != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %d, %v, want %d, %v", got, err, c.want, c.err)
			}
		})
	}
}

func TestEqualUnitPricesHaveEqualTexts(t *testing.T) {
	for text, want := range map[string]string{"1": "1", "1.0": "1", "1.500000": "1.5", "0.000": "0", "0.0375": "0.0375", "100": "100"} {
		if p, err := money.ParseUnitPrice(text); err != nil || p.String() != want {
			t.Errorf("%s is %s (%v), want %s", text, p, err, want)
		}
	}
	if p, err := money.ParseUnitPrice("0.0375"); err != nil || p.Millionths() != 37_500 {
		t.Errorf("%d millionths (%v)", p.Millionths(), err)
	}
	if zero := (money.UnitPrice{}); zero.String() != "0" {
		t.Errorf("the zero price is %s", zero)
	}
}

func TestParsePercent(t *testing.T) {
	for _, c := range []struct {
		name, text, want string
		err              error
	}{
		{"the welcome coupon's", "5", "5", nil},
		{"a fraction", "2.5", "2.5", nil},
		{"the smallest", "0.0001", "0.0001", nil},
		{"everything", "100", "100", nil},
		{"everything, with zeros", "100.000000", "100", nil},
		{"zeros beyond four places are not finer", "12.500000", "12.5", nil},
		{"nothing", "0", "0", money.ErrPercent},
		{"nothing, with zeros", "0.0000", "0", money.ErrPercent},
		{"more than everything", "100.0001", "0", money.ErrPercent},
		{"far more", "999999999999", "0", money.ErrPercent},
		{"five places", "0.00005", "0", money.ErrPercent},
		{"six places", "5.000001", "0", money.ErrPercent},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := money.ParsePercent(c.text)
			if p.String() != c.want || !errors.Is(err, c.err) || p.IsZero() != (c.want == "0") {
				t.Errorf("got %s (zero: %v), %v, want %s, %v", p, p.IsZero(), err, c.want, c.err)
			}
		})
	}
}

func TestPercentOf(t *testing.T) {
	for _, c := range []struct {
		name, percent string
		base, want    money.Amount
	}{
		{"the contract's example", "5", 12499, 625},
		{"exactly half a unit rounds up", "50", 1, 1},
		{"half of an even unit rounds up too", "50", 5, 3},
		{"just below half rounds down", "49.9999", 1, 0},
		{"nothing of nothing", "100", 0, 0},
		{"all of it", "100", 12345, 12345},
		{"all of the most", "100", math.MaxInt64, math.MaxInt64},
		{"nearly all of the most", "99.9999", math.MaxInt64, 9_223_362_813_482_738_952},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := money.ParsePercent(c.percent)
			if err != nil {
				t.Fatal(err)
			}
			if got := p.Of(c.base); got != c.want {
				t.Errorf("%s percent of %d is %d, want %d", c.percent, c.base, got, c.want)
			}
		})
	}
	if got := (money.Percent{}).Of(100); got != 0 {
		t.Errorf("the zero percentage of 100 is %d", got)
	}
}

// decimals draws texts of the grammar.
var decimals = rapid.StringMatching(`(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?`)

func TestUnitPriceTimesIsTheRationalProductRoundedHalfUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := decimals.Draw(t, "price")
		quantity := rapid.OneOf(rapid.Int64Range(1, 1_000_000), rapid.Int64Min(0)).Draw(t, "quantity")
		checkTimes(t, text, quantity)
	})
}

// checkTimes holds a unit price × quantity against rationals in all digits.
func checkTimes(t interface {
	Fatalf(string, ...any)
	Fatal(...any)
}, text string, quantity int64,
) {
	p, err := money.ParseUnitPrice(text)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range oneOfEachDigits(t) {
		product := new(big.Rat).Mul(scaled(rational(text), c.Digits()), new(big.Rat).SetInt64(quantity))
		want := halfUp(product)
		got, err := p.Times(quantity, c)
		switch {
		case want.IsInt64() && (err != nil || int64(got) != want.Int64()):
			t.Fatalf("%s %s × %d: got %d, %v, want %s", c.Code(), text, quantity, got, err, want)
		case !want.IsInt64() && (got != 0 || !errors.Is(err, money.ErrOverflow)):
			t.Fatalf("%s %s × %d: got %d, %v, want an overflow", c.Code(), text, quantity, got, err)
		}
	}
}

// FuzzUnitPrice: refused outside the grammar, else exact and, as its shortest
// text, the same price.
func FuzzUnitPrice(f *testing.F) {
	for _, text := range append(malformed, "0", "0.005", "12.35", "999999999999.999999") {
		f.Add(text, int64(3))
	}
	f.Fuzz(func(t *testing.T, text string, quantity int64) {
		p, err := money.ParseUnitPrice(text)
		value := rational(text)
		if value == nil {
			if !errors.Is(err, money.ErrSyntax) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if short := rational(p.String()); err != nil || short == nil || short.Cmp(value) != 0 {
			t.Fatalf("%q is %s, %v", text, p, err)
		}
		checkTimes(t, text, quantity&math.MaxInt64)
	})
}

// FuzzPercent: accepted exactly if above 0, at most 100 and a multiple of
// 0.0001; what it makes of a base is the rational product rounded half up.
func FuzzPercent(f *testing.F) {
	for _, text := range append(malformed, "0", "0.0001", "0.00005", "5", "12.500000", "100", "100.000001", "33.3333") {
		f.Add(text, int64(12499))
	}
	f.Add("99.9999", int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, text string, base int64) {
		base &= math.MaxInt64
		p, err := money.ParsePercent(text)
		value := rational(text)
		if value == nil {
			if !errors.Is(err, money.ErrSyntax) {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if value.Sign() == 0 || value.Cmp(big.NewRat(100, 1)) > 0 || !scaled(value, 4).IsInt() {
			if !errors.Is(err, money.ErrPercent) || !p.IsZero() {
				t.Fatalf("%q: %s, %v", text, p, err)
			}
			return
		}
		if short := rational(p.String()); err != nil || p.IsZero() || short == nil || short.Cmp(value) != 0 {
			t.Fatalf("%q is %s, %v", text, p, err)
		}
		part := new(big.Rat).Mul(value, big.NewRat(base, 100))
		if want := halfUp(part); int64(p.Of(money.Amount(base))) != want.Int64() {
			t.Fatalf("%s percent of %d is %d, want %s", text, base, p.Of(money.Amount(base)), want)
		}
	})
}

func TestFraction(t *testing.T) {
	for _, c := range []struct {
		whole money.Amount
		k, n  int64
		want  money.Amount
		err   error
	}{
		{10, 1, 3, 3, nil}, {10, 2, 3, 7, nil}, {10, 3, 3, 10, nil}, {10, 0, 3, 0, nil}, {5, 1, 2, 3, nil}, {0, 1, 2, 0, nil},
		{money.Limit, 999_999, 1_000_000, 999_999_000_000_000, nil}, {math.MaxInt64, 7, 7, math.MaxInt64, nil},
		{10, 1, 0, 0, money.ErrOverflow}, {10, 4, 3, 0, money.ErrOverflow}, {10, -1, 3, 0, money.ErrOverflow}, {-1, 1, 3, 0, money.ErrOverflow},
	} {
		if got, err := money.Fraction(c.whole, c.k, c.n); got != c.want || !errors.Is(err, c.err) {
			t.Errorf("%d × %d / %d is %d, %v; want %d, %v", c.whole, c.k, c.n, got, err, c.want, c.err)
		}
	}
}

func TestAPercentageOfLessThanNothingIsNothing(t *testing.T) {
	p, err := money.ParsePercent("5")
	if got := p.Of(-100); err != nil || got != 0 {
		t.Errorf("%d, %v", got, err)
	}
}
