package money

import (
	"strings"
)

// Currency is one ISO 4217 currency with a minor unit. The zero value is no
// currency; get one from [CurrencyOf]. Currencies compare with ==.
type Currency struct {
	code   string
	digits int32
}

// published is ISO 4217 list one as of 2026-01-01, by number of minor-unit
// digits. Codes without minor units (XAU, XDR, XXX, …) are left out: nothing
// can be priced in them.
//
// It is a list of our own because golang.org/x/text/currency carries CLDR's
// digits, which follow cash usage and differ from the standard (IQD 0, for
// one, where ISO says 3).
var published = map[int32]string{
	0: `BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF`,
	2: `AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD
	    BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP
	    DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF
	    IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL
	    MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR
	    NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP
	    SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD
	    USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG`,
	3: `BHD IQD JOD KWD LYD OMR TND`,
	4: `CLF UYW`,
}

var currencies = index(published)

func index(lists map[int32]string) map[string]Currency {
	byCode := make(map[string]Currency)
	for digits, codes := range lists {
		for code := range strings.FieldsSeq(codes) {
			byCode[code] = Currency{code: code, digits: digits}
		}
	}
	return byCode
}

// CurrencyOf finds a currency by its upper-case code. It fails with
// [ErrCurrency] for anything else, codes without minor units included.
func CurrencyOf(code string) (Currency, error) {
	c, ok := currencies[code]
	if !ok {
		return Currency{}, ErrCurrency
	}
	return c, nil
}

// Code is the ISO 4217 code, "" for the zero Currency.
func (c Currency) Code() string { return c.code }

// Digits is the number of decimal digits of the minor unit: 0, 2, 3 or 4.
func (c Currency) Digits() int { return int(c.digits) }
