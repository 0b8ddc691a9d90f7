package money_test

import (
	"errors"
	"math"
	"math/big"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"scrip/engine/money"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name, currency, text string
		want                 money.Amount
		err                  error
	}{
		{"zero", "USD", "0", 0, nil},
		{"whole units", "USD", "12", 1200, nil},
		{"fewer places than the currency", "USD", "12.3", 1230, nil},
		{"all its places", "USD", "12.34", 1234, nil},
		{"the smallest unit", "USD", "0.01", 1, nil},
		{"zeros beyond the currency are not finer", "USD", "1.500000", 150, nil},
		{"a place beyond the currency", "USD", "1.505", 0, money.ErrTooFine},
		{"a place beyond zeros", "USD", "1.000001", 0, money.ErrTooFine},
		{"no minor unit", "JPY", "1235", 1235, nil},
		{"no minor unit, zeros", "JPY", "1235.0", 1235, nil},
		{"no minor unit, a fraction", "JPY", "0.5", 0, money.ErrTooFine},
		{"three places", "KWD", "1.234", 1234, nil},
		{"four places", "CLF", "0.0001", 1, nil},
		{"the most digits there are", "CLF", "999999999999.9999", 9_999_999_999_999_999, nil},
		{"the most digits, no minor unit", "JPY", "999999999999", 999_999_999_999, nil},
		{"13 integer digits", "USD", "1000000000000", 0, money.ErrSyntax},
		{"7 fraction digits", "USD", "0.0000000", 0, money.ErrSyntax},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := currency(t, c.currency).Parse(c.text)
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("%s %q: got %d, %v, want %d, %v", c.currency, c.text, got, err, c.want, c.err)
			}
		})
	}
}

// malformed are texts outside the grammar, whatever is read from them.
var malformed = []string{
	"", ".", "-1", "+1", "-0", "01", "00", "00.5", "1.", ".5", "1..2", "1.2.3", "1,5", "1e3", "1E3", "0x1", "1_000",
	"NaN", "Inf", "1e400", " 1", "1 ", "1\n", "1\x00", "١", "１", "1/2", "1:", "0./", "0.:", "1.2a",
	strings.Repeat("9", 400), "0." + strings.Repeat("0", 7),
}

func TestMalformedMoneyIsRefusedEverywhere(t *testing.T) {
	for _, text := range malformed {
		_, amount := currency(t, "USD").Parse(text)
		_, price := money.ParseUnitPrice(text)
		_, percent := money.ParsePercent(text)
		for what, err := range map[string]error{"amount": amount, "unit price": price, "percentage": percent} {
			if !errors.Is(err, money.ErrSyntax) {
				t.Errorf("%q as %s: %v", text, what, err)
			}
		}
	}
}

func TestErrorsCanBeShownToTheClientAndDoNotRepeatWhatWasSent(t *testing.T) {
	usd := currency(t, "USD")
	_, err := usd.Parse("1.505")
	if want := `has more decimal places than its currency: USD has 2`; err.Error() != want {
		t.Errorf("got %s, want %s", err, want)
	}
	const sent = "CANARY0CANARY0CANARY"
	_, amount := usd.Parse(sent)
	_, price := money.ParseUnitPrice(sent)
	_, percentage := money.ParsePercent(sent)
	_, code := money.CurrencyOf(sent)
	for _, err := range []error{amount, price, percentage, code} {
		if err == nil || strings.Contains(err.Error(), sent[:7]) {
			t.Errorf("got %v", err)
		}
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct {
		name, currency string
		amount         money.Amount
		want           string
	}{
		{"zero", "USD", 0, "0.00"},
		{"less than a tenth", "USD", 5, "0.05"},
		{"less than one", "USD", 50, "0.50"},
		{"one", "USD", 100, "1.00"},
		{"below zero", "USD", -100, "-1.00"},
		{"just below zero", "USD", -1, "-0.01"},
		{"no minor unit", "JPY", 1235, "1235"},
		{"no minor unit, zero", "JPY", 0, "0"},
		{"three places", "KWD", 7, "0.007"},
		{"four places", "CLF", 12345, "1.2345"},
		{"the largest", "USD", math.MaxInt64, "92233720368547758.07"},
		{"the smallest", "USD", math.MinInt64, "-92233720368547758.08"},
		{"the smallest, no minor unit", "JPY", math.MinInt64, "-9223372036854775808"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := currency(t, c.currency).Format(c.amount); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestAppendKeepsWhatIsThere(t *testing.T) {
	if got := string(currency(t, "USD").Append([]byte("USD "), 1235)); got != "USD 12.35" {
		t.Errorf("got %q", got)
	}
}

func TestEveryAmountHasTheTextOfItsRational(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := money.Amount(rapid.Int64().Draw(t, "amount"))
		for _, c := range oneOfEachDigits(t) {
			text := c.Format(a)
			if want := written(a, c.Digits()); text != want {
				t.Fatalf("%s %d is written %s, want %s", c.Code(), a, text, want)
			}
			if rational(text) == nil {
				continue // a sign or more digits than a client may send
			}
			if back, err := c.Parse(text); back != a || err != nil {
				t.Fatalf("%s %s is read as %d, %v, want %d", c.Code(), text, back, err, a)
			}
		}
	})
}

func TestSumsAreExactOrOverflow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		amounts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) money.Amount {
			return money.Amount(rapid.Int64().Draw(t, "amount"))
		}), 0, 6).Draw(t, "amounts")
		exact, fits := new(big.Int), true
		for _, a := range amounts {
			exact.Add(exact, big.NewInt(int64(a)))
			fits = fits && exact.IsInt64()
		}
		got, err := money.Sum(amounts...)
		switch {
		case fits && (err != nil || int64(got) != exact.Int64()):
			t.Fatalf("got %d, %v, want %s", got, err, exact)
		case !fits && (got != 0 || !errors.Is(err, money.ErrOverflow)):
			t.Fatalf("got %d, %v, want an overflow", got, err)
		}
	})
}

func TestAddAtTheEdges(t *testing.T) {
	const most, least = money.Amount(math.MaxInt64), money.Amount(math.MinInt64)
	for _, c := range []struct {
		name       string
		a, b, want money.Amount
		err        error
	}{
		{"nothing to the most", most, 0, most, nil},
		{"nothing to the least", least, 0, least, nil},
		{"up to the most", most - 1, 1, most, nil},
		{"down to the least", least + 1, -1, least, nil},
		{"the most and the least", most, least, -1, nil},
		{"over the most", most, 1, 0, money.ErrOverflow},
		{"below the least", least, -1, 0, money.ErrOverflow},
		{"the most twice", most, most, 0, money.ErrOverflow},
		{"the least twice", least, least, 0, money.ErrOverflow},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := money.Add(c.a, c.b); got != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %d, %v, want %d, %v", got, err, c.want, c.err)
			}
		})
	}
}

// oneOfEachDigits are currencies of 0, 2, 3 and 4 digits.
func oneOfEachDigits(t interface{ Fatal(...any) }) (list []money.Currency) {
	for _, code := range []string{"JPY", "USD", "KWD", "CLF"} {
		c, err := money.CurrencyOf(code)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

// FuzzParse: in every currency, a text is read as exactly its rational times
// 10^digits, or refused for the one reason that holds; what was read is
// written as the same value and read again as the same amount.
func FuzzParse(f *testing.F) {
	for _, text := range append(malformed, "0", "0.00", "12.34", "1.500000", "1.505", "999999999999.999999", "0.000001", "10.0") {
		f.Add(text)
	}
	var all []money.Currency
	for code := range digitsByCode() {
		all = append(all, currency(f, code))
	}
	f.Fuzz(func(t *testing.T, text string) {
		value := rational(text)
		for _, c := range all {
			a, err := c.Parse(text)
			if value == nil {
				if !errors.Is(err, money.ErrSyntax) || a != 0 {
					t.Fatalf("%s %q: %d, %v", c.Code(), text, a, err)
				}
				continue
			}
			units := scaled(value, c.Digits())
			if !units.IsInt() {
				if !errors.Is(err, money.ErrTooFine) || a != 0 {
					t.Fatalf("%s %q: %d, %v", c.Code(), text, a, err)
				}
				continue
			}
			if err != nil || units.Num().Cmp(big.NewInt(int64(a))) != 0 {
				t.Fatalf("%s %q: %d, %v, want %s", c.Code(), text, a, err, units.Num())
			}
			again := c.Format(a)
			if b, err := c.Parse(again); b != a || err != nil || again != value.FloatString(c.Digits()) {
				t.Fatalf("%s %q is written %q and read as %d, %v", c.Code(), text, again, b, err)
			}
		}
	})
}

func BenchmarkParse(b *testing.B) {
	usd := currency(b, "USD")
	b.ReportAllocs()
	for b.Loop() {
		if a, err := usd.Parse("12345.67"); a != 1_234_567 || err != nil {
			b.Fatal(a, err)
		}
	}
}
