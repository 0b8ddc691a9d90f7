// Codes are random, read as people type them, and shown to nobody; numbers
// carry their check digit.
package ledger_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"scrip/engine/ledger"
)

func TestCodesAreTwentyCharactersOfCrockfordsBase32(t *testing.T) {
	t.Parallel()
	shape, seen, used := regexp.MustCompile(`^[0-9A-HJKMNP-TV-Z]{20}$`), make(map[string]bool), make(map[rune]int)
	for range 1_000 {
		text := ledger.NewCode().Reveal()
		if !shape.MatchString(text) || seen[text] {
			t.Fatalf("code %q", text)
		}
		seen[text] = true
		for _, r := range text {
			used[r]++
		}
	}
	for r, n := range used { // 625 of each are to be expected
		if n < 400 || n > 900 || len(used) != 32 {
			t.Errorf("%q was used %d times, %d characters in all", r, n, len(used))
		}
	}
}

func TestCodesAreReadAsTheyAreTyped(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]string{
		"0123456789ABCDEFGHJK": "0123456789ABCDEFGHJK", "mnpqrstvwxyz": "MNPQRSTVWXYZ", "ilo-ILO": "110110",
		" ab-cd  ef-": "ABCDEF", "": "", "- -": "", "U": "U", "ä?": "Ä?",
	} {
		if got := ledger.TypedCode(typed).Reveal(); got != want {
			t.Errorf("%q is read as %q, want %q", typed, got, want)
		}
	}
	if got := ledger.TypedNumber(" 1234 5678 "); got != "12345678" {
		t.Errorf("number %q", got)
	}
	if got := (ledger.Code{}).Reveal(); got != "" {
		t.Errorf("no code is %q", got)
	}
}

func TestCodesAreShownToNobody(t *testing.T) {
	t.Parallel()
	const secret = "CANARY0CANARY0CANARY"
	code := ledger.TypedCode(secret)
	type holder struct {
		Public  ledger.Code
		private ledger.Code
		deep    struct{ list []ledger.Code }
		boxed   any
	}
	h := holder{code, code, struct{ list []ledger.Code }{[]ledger.Code{code}}, code}
	var logged strings.Builder
	for _, log := range []*slog.Logger{slog.New(slog.NewTextHandler(&logged, nil)), slog.New(slog.NewJSONHandler(&logged, nil))} {
		log.Info("x", "code", code, "pointer", &code, "holder", h, "list", []ledger.Code{code},
			"claim", ledger.CardClaim{Secret: code}, "card", ledger.IssuedCard{Secret: code})
	}
	for _, value := range []any{code, &code, h, &h, []ledger.Code{code}, map[string]ledger.Code{"a": code}, ledger.IssuedCard{Secret: code}} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d", "%T"} {
			fmt.Fprintf(&logged, verb+"\n", value)
		}
		text, err := json.Marshal(value)
		if err != nil {
			t.Error(err)
		}
		logged.Write(text)
	}
	logged.WriteString(fmt.Errorf("with %v", code).Error() + fmt.Sprint(code) + fmt.Sprintln(&h))
	told := strings.ToUpper(logged.String())
	if strings.Contains(told, secret) || strings.Contains(told, strings.ToUpper(fmt.Sprintf("%x", secret))) {
		t.Errorf("the code is in\n%s", logged.String())
	}
	if fmt.Sprint(code) != "[redacted]" || fmt.Sprintf("%#v", code) != "[redacted]" || code.GoString() != "[redacted]" || code.String() != "[redacted]" {
		t.Errorf("%v %#v", code, code)
	}
}

func TestCheckDigitsAreThoseOfLuhn(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"79927398713", "4111111111111111", "5500005555555559", "378282246310005", "6011000990139424", "00", "18"} {
		body := number[:len(number)-1]
		if got := ledger.Luhn([]byte(body)); got != number[len(number)-1] {
			t.Errorf("the check digit of %s is %c", body, got)
		}
	}
	digits := make(map[byte]int)
	for range 500 {
		number := ledger.NewNumber()
		if len(number) != 16 || number[0] == '0' || strings.Trim(number, "0123456789") != "" || ledger.Luhn([]byte(number[:15])) != number[15] {
			t.Fatalf("number %q", number)
		}
		for i := 1; i < 15; i++ {
			digits[number[i]]++
		}
	}
	for digit, n := range digits { // 700 of each are to be expected
		if n < 550 || n > 850 || len(digits) != 10 {
			t.Errorf("%c was used %d times", digit, n)
		}
	}
}
