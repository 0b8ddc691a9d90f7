package ledger

import (
	"crypto/rand"
	"strings"

	"scrip/engine/secret"
)

// codeAlphabet is Crockford's base32: digits and letters without I, L, O, U.
const codeAlphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

// codeLength is how many characters a redeem code has: 100 random bits.
const codeLength = 20

// Code is the secret of a gift card: who has it and the number has the money.
type Code struct{ secret.Text }

func codeOf(text string) Code { return Code{secret.Of(text)} }

// newCode makes a random code.
func newCode() Code {
	random := make([]byte, codeLength)
	_, _ = rand.Read(random) // never fails
	for i, b := range random {
		random[i] = codeAlphabet[b%byte(len(codeAlphabet))] // 32 divides 256: all are alike
	}
	return codeOf(string(random))
}

// readAlike are characters that a typed code may have in place of others, or
// beside them (Contract §7).
var readAlike = strings.NewReplacer("I", "1", "L", "1", "O", "0", " ", "", "-", "")

// TypedCode is a code as somebody typed it. It may be none.
func TypedCode(text string) Code { return codeOf(readAlike.Replace(strings.ToUpper(text))) }

// TypedNumber is a card's number as somebody typed it, in which spaces do not
// matter.
func TypedNumber(text string) string { return strings.ReplaceAll(text, " ", "") }

// numberLength is how many digits a card's number has, the check digit
// included.
const numberLength = 16

// newNumber makes a random card number: 15 digits and their check digit.
func newNumber() string {
	const digits = 10
	number := make([]byte, 0, numberLength)
	for len(number) < numberLength-1 {
		var random [1]byte
		_, _ = rand.Read(random[:])                                       // never fails
		if random[0] < 250 && (random[0]%digits > 0 || len(number) > 0) { // 250: all digits are alike
			number = append(number, '0'+random[0]%digits)
		}
	}
	return string(append(number, luhn(number)))
}

// luhn is the check digit of a number (ISO/IEC 7812-1, annex B).
func luhn(number []byte) byte {
	sum := 0
	for i := range number {
		digit := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			digit *= 2
		}
		sum += digit/10 + digit%10
	}
	return '0' + byte((10-sum%10)%10) // #nosec G115 -- below 10
}
