package money_test

import (
	"flag"
	"math/big"
	"os"
	"regexp"
	"strconv"
	"testing"

	"scrip/engine/money"
	"scrip/engine/prove"
)

// TestMain sets how many cases a property runs; -rapid.checks still overrides.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", strconv.Itoa(prove.Count(1_000, 100_000))); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// grammar is Contract §3's, told once more.
var grammar = regexp.MustCompile(`^(0|[1-9][0-9]{0,11})(\.[0-9]{1,6})?$`)

// rational reads a decimal text exactly, or nil if the contract refuses it.
func rational(text string) *big.Rat {
	if !grammar.MatchString(text) {
		return nil
	}
	value, _ := new(big.Rat).SetString(text)
	return value
}

// scaled is value × 10^digits.
func scaled(value *big.Rat, digits int) *big.Rat {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	return new(big.Rat).Mul(value, new(big.Rat).SetInt(power))
}

// halfUp is the floor of value + ½.
func halfUp(value *big.Rat) *big.Int {
	up := new(big.Rat).Add(value, big.NewRat(1, 2))
	return new(big.Int).Div(up.Num(), up.Denom())
}

// written is the text of minor units, by way of a rational.
func written(a money.Amount, digits int) string {
	power := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)
	return new(big.Rat).SetFrac(big.NewInt(int64(a)), power).FloatString(digits)
}

func currency(t testing.TB, code string) money.Currency {
	t.Helper()
	c, err := money.CurrencyOf(code)
	if err != nil {
		t.Fatal(err)
	}
	return c
}
