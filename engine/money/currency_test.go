package money_test

import (
	"errors"
	"strings"
	"testing"

	"scrip/engine/money"
)

// list is ISO 4217's list one, told by first letter: two digits unless said
// otherwise after a colon.
const list = `
AED AFN ALL AMD AOA ARS AUD AWG AZN
BAM BBD BDT BHD:3 BIF:0 BMD BND BOB BOV BRL BSD BTN BWP BYN BZD
CAD CDF CHE CHF CHW CLF:4 CLP:0 CNY COP COU CRC CUP CVE CZK
DJF:0 DKK DOP DZD
EGP ERN ETB EUR
FJD FKP
GBP GEL GHS GIP GMD GNF:0 GTQ GYD
HKD HNL HTG HUF
IDR ILS INR IQD:3 IRR ISK:0
JMD JOD:3 JPY:0
KES KGS KHR KMF:0 KPW KRW:0 KWD:3 KYD KZT
LAK LBP LKR LRD LSL LYD:3
MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN
NAD NGN NIO NOK NPR NZD
OMR:3
PAB PEN PGK PHP PKR PLN PYG:0
QAR
RON RSD RUB RWF:0
SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL
THB TJS TMT TND:3 TOP TRY TTD TWD TZS
UAH UGX:0 USD USN UYI:0 UYU UYW:4 UZS
VED VES VND:0 VUV:0
WST
XAD XAF:0 XCD XCG XOF:0 XPF:0
YER
ZAR ZMW ZWG`

// digitsByCode is the list as a table.
func digitsByCode() map[string]int {
	table := map[string]int{}
	for entry := range strings.FieldsSeq(list) {
		code, digits, said := strings.Cut(entry, ":")
		table[code] = 2
		if said {
			table[code] = int(digits[0] - '0')
		}
	}
	return table
}

func TestEveryThreeLettersAreACurrencyExactlyIfPublishedWithMinorUnits(t *testing.T) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	table, known := digitsByCode(), 0
	for i := range 26 * 26 * 26 {
		code := string([]byte{letters[i/676], letters[i/26%26], letters[i%26]})
		digits, published := table[code]
		c, err := money.CurrencyOf(code)
		if published != (err == nil) {
			t.Errorf("%s: published %v, got %v", code, published, err)
		}
		if err != nil {
			if !errors.Is(err, money.ErrCurrency) || c != (money.Currency{}) {
				t.Errorf("%s: %q with %+v", code, err, c)
			}
			continue
		}
		known++
		if c.Code() != code || c.Digits() != digits {
			t.Errorf("%s is %q with %d digits, want %d", code, c.Code(), c.Digits(), digits)
		}
	}
	if known != len(table) {
		t.Errorf("%d currencies known, %d published", known, len(table))
	}
}

func TestDigitsAreTheStandardsAndNotThoseOfCashUse(t *testing.T) {
	for code, digits := range map[string]int{
		"USD": 2, "EUR": 2, "JPY": 0, "KWD": 3, "IQD": 3, "CLF": 4, "UYW": 4, "ISK": 0, "UGX": 0,
		"MGA": 2, "MRU": 2, "HUF": 2, "XCG": 2, "ZWG": 2,
	} {
		if got := currency(t, code).Digits(); got != digits {
			t.Errorf("%s has %d digits, want %d", code, got, digits)
		}
	}
}

func TestRefusedAsCurrencies(t *testing.T) {
	for why, codes := range map[string][]string{
		"without minor units": {"XAU", "XAG", "XPD", "XPT", "XXX", "XTS", "XDR", "XSU", "XUA", "XBA", "XBB", "XBC", "XBD"},
		"withdrawn":           {"BGN", "HRK", "ANG", "ZWL", "SLL", "CUC", "MRO", "STD", "VEF", "BYR", "DEM"},
		"not upper case":      {"usd", "Usd", "USd", "jpy"},
		"not a code":          {"", "US", "USDT", " USD", "USD ", "840", "ＵＳＤ", "$"},
	} {
		for _, code := range codes {
			if c, err := money.CurrencyOf(code); !errors.Is(err, money.ErrCurrency) {
				t.Errorf("%q is %s, got %v, %v", code, why, c, err)
			}
		}
	}
}

func TestTheZeroCurrencyIsNone(t *testing.T) {
	if none := (money.Currency{}); none.Code() != "" || none.Digits() != 0 {
		t.Errorf("got %q with %d digits", none.Code(), none.Digits())
	}
}
