// How money is written, and what each currency's digits are (Contract §3).
package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// notMoney breaks the grammar wherever an amount stands, as text or as a number.
var notMoney = []string{
	`"-1.50"`, `"+1.50"`, `"1e2"`, `"1E2"`, `"1,50"`, `".50"`, `"1."`, `""`, `" 1.50"`, `"1.50 "`, `"01.50"`, `"00"`, `"00.10"`, `"1.0000001"`,
	`"1.5000000"`, `"1234567890123"`, `"0.1.2"`, `"NaN"`, `"Infinity"`, `"1e400"`, `"0x10"`, `"1_000"`, `"１"`, `"٣"`, `"$1"`, `"1.50USD"`, `"-0"`,
	`-1.50`, `1e2`, `1E2`, `1.5e1`, `1e400`, `1e-400`, `1.0000001`, `1234567890123`, `-0`, `-0.0`,
	`NaN`, `Infinity`, `01.50`, `.5`, `1.`, `+1`, `0x10`,
	`true`, `[]`, `{}`, `["1.50"]`, `{"amount":"1.50"}`, `null`,
}

func TestWhatIsNotMoneyIsRefused(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, text := range notMoney {
		t.Run(text, func(t *testing.T) {
			// A literal that is not even JSON is a syntax error; where that points is the parser's affair.
			isJSON := json.Valid([]byte(text))
			for pointer, body := range map[string]string{
				aLine + "/unit_price":         orderOf(t, "c", `"10.00"`, text),
				"/order/charges/0/amount":     orderOf(t, "c", `"4.99"`, text),
				"/order/discounts/0/amount":   orderOf(t, "c", `"discounts":[]`, `"discounts":[{"id":"d","amount":`+text+`}]`),
				aLine + "/discounts/0/amount": orderOf(t, "c", `"quantity":2`, `"quantity":2,"discounts":[{"id":"d","amount":`+text+`}]`),
			} {
				if isJSON {
					s.post(t, "/v1/quotes", body).invalid(t, pointer+"*")
				} else {
					s.post(t, "/v1/quotes", body).invalid(t)
				}
			}
		})
	}
}

func TestMoneyIsReadExactly(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, c := range []struct{ currency, price, quantity, original string }{
		{"USD", `"0"`, "2", "0.00"},
		{"USD", `"0.00"`, "2", "0.00"},
		{"USD", `0`, "2", "0.00"},
		{"USD", `"12.35"`, "2", "24.70"},
		{"USD", `12.35`, "2", "24.70"},
		{"USD", `"12.350"`, "2", "24.70"},
		{"USD", `"12.350000"`, "2", "24.70"},
		{"USD", `100`, "1", "100.00"},
		{"USD", `"0.005"`, "1", "0.01"}, // half up
		{"USD", `"0.004999"`, "1", "0.00"},
		{"USD", `"0.015"`, "7", "0.11"}, // rounded once, after the product: 0.105
		{"USD", `0.000001`, "1000000", "1.00"},
		{"USD", `"1.000001"`, "3", "3.00"},
		{"USD", `9007199254740.993`, "1", ""}, // 13 digits
		{"USD", `900719925474.0993`, "1", "900719925474.10"},
		{"USD", `"999999999999.99"`, "10", "9999999999999.90"},
		{"JPY", `"99.5"`, "3", "299"}, // 298.5
		{"JPY", `"0.499999"`, "1", "0"},
		{"KWD", `"0.3335"`, "3", "1.001"}, // 1.0005
		{"CLF", `"0.00005"`, "1", "0.0001"},
		{"KWD", `"999999999999.999"`, "1", "999999999999.999"}, // the largest sum: 10^15 − 1
		{"CLF", `"99999999999.9999"`, "1", "99999999999.9999"},
	} {
		t.Run(c.currency+" "+c.price+" × "+c.quantity, func(t *testing.T) {
			body := orderOf(t, "c", `"USD"`, quoted(c.currency), `"10.00"`, c.price, `"quantity":2`, `"quantity":`+c.quantity,
				`{"id":"shipping","amount":"4.99"}`, "")
			if c.original == "" {
				s.post(t, "/v1/quotes", body).invalid(t, aLine+"/unit_price")
				return
			}
			if q := s.quote(t, body); q.Totals.Original != c.original || q.Totals.Payable != c.original {
				t.Errorf("want %s, got %+v", c.original, q.Totals)
			}
		})
	}
}

func TestCurrenciesHaveTheDigitsOfISO4217(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for currency, n := range digits { // among them those where CLDR has others: HUF, TWD, COP, IDR, IQD, …
		t.Run(currency, func(t *testing.T) {
			want := "7"
			if n > 0 {
				want += "." + strings.Repeat("0", n)
			}
			q := s.quote(t, orderOf(t, "c", `"USD"`, quoted(currency), `"4.99"`, `"7"`, `"10.00"`, `"3.5"`))
			if q.Totals.Charges != want || q.Totals.Original != want {
				t.Errorf("want %s, got %+v", want, q.Totals)
			}
		})
	}
}

// Only unit_price may be finer than the currency. Fineness is judged by value: "1.500" is not finer than "1.50".
func TestAmountsFinerThanTheCurrencyAreRefused(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, c := range []struct {
		currency, fine, finer string
	}{
		{"USD", "1.500", "1.505"}, {"USD", "1.010000", "1.000001"}, {"JPY", "1.0", "1.5"}, {"KWD", "1.5050", "1.5055"},
		{"IQD", "1.500000", "1.0001"}, {"CLF", "1.50500", "1.00005"}, {"HUF", "1.050", "1.005"},
	} {
		for _, where := range []struct{ name, pointer, old, change string }{
			{"charge", "/order/charges/0/amount", `"amount":"4.99"`, `"amount":%s`},
			{"order discount", "/order/discounts/0/amount", `"discounts":[]`, `"discounts":[{"id":"d","amount":%s}]`},
			{"line discount", aLine + "/discounts/0/amount", `"quantity":2`, `"quantity":2,"discounts":[{"id":"d","amount":%s}]`},
		} {
			t.Run(fmt.Sprintf("%s %s %s", c.currency, where.name, c.finer), func(t *testing.T) {
				body := func(amount string) string {
					text := orderOf(t, "c", `"USD"`, quoted(c.currency), where.old, fmt.Sprintf(where.change, amount))
					return strings.Replace(text, `"4.99"`, `"4"`, 1)
				}
				s.quote(t, body(quoted(c.fine)))
				s.quote(t, body(c.fine)) // the same as a number
				s.post(t, "/v1/quotes", body(quoted(c.finer))).invalid(t, where.pointer)
				s.post(t, "/v1/quotes", body(c.finer)).invalid(t, where.pointer)
			})
		}
	}
}

func TestDiscountsAreAboveZeroAndChargesMayBeZero(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	for _, zero := range []string{`"0"`, `"0.00"`, `0`, `0.000000`} {
		s.post(t, "/v1/quotes", orderOf(t, "c", `"discounts":[]`, `"discounts":[{"id":"d","amount":`+zero+`}]`)).invalid(t, "/order/discounts/0/amount")
		s.post(t, "/v1/quotes", orderOf(t, "c", `"quantity":2`, `"quantity":2,"discounts":[{"id":"d","amount":`+zero+`}]`)).invalid(t, aLine+"/discounts/0/amount")
		if q := s.quote(t, orderOf(t, "c", `"4.99"`, zero)); q.Totals.Charges != "0.00" || q.Totals.Payable != "20.00" {
			t.Errorf("a charge of %s: %+v", zero, q.Totals)
		}
	}
}
