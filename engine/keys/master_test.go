package keys

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
)

// The key of these tests: bytes that no text has by chance.
const (
	plain = "xN3w3Nfl8/vB0sXG3t/g4eLj5OXm5+jp6uvs7e7v8PE="
	other = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
)

// bytesOf is the secret itself.
func bytesOf(m Master) []byte {
	return []byte(m.Reveal())
}

func parsed(t testing.TB, text string) Master {
	t.Helper()
	m, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestParseTakesWhatEncodeWrites(t *testing.T) {
	want := parsed(t, plain)
	if got := want.Encode(); got != plain {
		t.Errorf("%q is encoded as %q", plain, got)
	}
	for _, text := range []string{plain, strings.TrimRight(plain, "="), " " + plain + "\n", plain + "\r\n"} {
		if got := parsed(t, text); got.Encode() != want.Encode() {
			t.Errorf("%q is another key than %q", text, plain)
		}
	}
}

func TestParseRefusesWhatIsNoKey(t *testing.T) {
	raw, _ := base64.StdEncoding.DecodeString(plain)
	for name, text := range map[string]string{
		"nothing":           "",
		"blanks":            "  \n",
		"only padding":      "====",
		"a password":        "correct horse battery staple",
		"31 bytes":          base64.StdEncoding.EncodeToString(raw[:31]),
		"33 bytes":          base64.StdEncoding.EncodeToString(append(raw[:32:32], 0)),
		"64 bytes":          base64.StdEncoding.EncodeToString(append(raw[:32:32], raw...)),
		"hexadecimal":       hex.EncodeToString(raw),
		"the URL alphabet":  base64.URLEncoding.EncodeToString(bytes.Repeat([]byte{0xfb}, Size)),
		"raw bytes":         string(raw),
		"a blank inside":    plain[:10] + " " + plain[10:],
		"padding inside":    plain[:10] + "=" + plain[10:],
		"two keys":          plain + "\n" + other,
		"a key and remarks": plain + " # master",
	} {
		m, err := Parse(text)
		if err == nil {
			t.Errorf("%s is taken for a key", name)
			continue
		}
		if len(text) > 8 && strings.Contains(err.Error(), text[:8]) {
			t.Errorf("%s: the error tells what was given: %v", name, err)
		}
		if m.IsSet() {
			t.Errorf("%s: a key came with the error", name)
		}
	}
}

func TestGeneratedKeysDiffer(t *testing.T) {
	seen := make(map[string]bool)
	for range 100 {
		m := Generate()
		if seen[m.Encode()] || m.Reveal() == string(make([]byte, Size)) {
			t.Fatal("a generated key came twice or is empty")
		}
		seen[m.Encode()] = true
		if again := parsed(t, m.Encode()); again.Encode() != m.Encode() {
			t.Fatal("a generated key does not survive its own encoding")
		}
	}
}

// spellings are the ways in which the secret could be read from a text.
func spellings(m Master) []string {
	decimal := strings.Trim(fmt.Sprint(bytesOf(m)), "[]")
	hexed := make([]string, Size)
	for i, b := range bytesOf(m) {
		hexed[i] = fmt.Sprintf("0x%x", b)
	}
	return []string{
		m.Encode(), strings.TrimRight(m.Encode(), "="), base64.RawURLEncoding.EncodeToString(bytesOf(m)),
		hex.EncodeToString(bytesOf(m)), strings.ToUpper(hex.EncodeToString(bytesOf(m))), string(bytesOf(m)),
		decimal, strings.Join(hexed, ", "), strings.ReplaceAll(decimal, " ", ", "), strings.ReplaceAll(decimal, " ", ","),
		strings.TrimSuffix(fmt.Sprintf("%q", bytesOf(m))[1:], `"`), strings.Trim(fmt.Sprintf("%b", bytesOf(m)), "[]"),
		strings.Trim(fmt.Sprintf("%o", bytesOf(m)), "[]"), strings.Trim(fmt.Sprintf("%U", bytesOf(m)), "[]"),
		strings.Trim(fmt.Sprintf("%c", bytesOf(m)), "[]"), fmt.Sprintf("% x", bytesOf(m)), fmt.Sprintf("% X", bytesOf(m)),
		strings.Trim(fmt.Sprintf("%08b", bytesOf(m)), "[]"), strings.Trim(fmt.Sprintf("%x", []byte(m.Reveal())), "[]"),
	}
}

// holders keep a master key in every way that code may, and hand it to a log.
func holders(m Master) map[string]any {
	type exported struct{ Key Master }
	type embedded struct{ Master }
	type hidden struct{ key Master }
	return map[string]any{
		"itself":            m,
		"a pointer":         &m,
		"an exported field": exported{m},
		"behind a pointer":  &exported{m},
		"embedded":          embedded{m},
		"a hidden field":    hidden{m},
		"deeply hidden":     []any{&hidden{m}, struct{ in map[int]hidden }{map[int]hidden{1: {m}}}},
		"a MAC":             m.CardLookups(),
		"a list":            []Master{m},
		"a map":             map[string]Master{"x": m},
		"an interface":      []any{m, &m},
	}
}

func TestFormattingNeverTellsTheSecret(t *testing.T) {
	m := parsed(t, plain)
	secrets := spellings(m)
	check := func(how, text string) {
		t.Helper()
		for _, secret := range secrets {
			if strings.Contains(text, secret) {
				t.Errorf("%s tells the secret: %s", how, text)
			}
		}
	}
	for name, holder := range holders(m) {
		for verb := 'A'; verb <= 'z'; verb++ {
			for _, flags := range []string{"", "+", "#", "-", " ", "0", "+#", "40", ".9"} {
				format := "%" + flags + string(verb)
				check(name+" by "+format, fmt.Sprintf(format, holder)) //nolint:govet // whatever the verb
			}
		}
		check(name+" by Println", fmt.Sprintln(holder))
		check(name+" in an error", fmt.Errorf("failed: %w", fmt.Errorf("with %v", holder)).Error())
		text, err := json.Marshal(holder)
		check(name+" in JSON", string(text)+fmt.Sprint(err))
		text, err = xml.Marshal(holder)
		check(name+" in XML", string(text)+fmt.Sprint(err))
		var out bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			log := slog.New(handler)
			log.Info("start", "key", holder)
			log.With("key", holder).WithGroup("group").Error("stop", slog.Any("inner", holder))
		}
		check(name+" in a log", out.String())
	}
}

func TestAKeyPrintsAsRedacted(t *testing.T) {
	m := parsed(t, plain)
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%T"} {
		want := "[redacted]"
		if format == "%T" {
			want = "keys.Master"
		}
		if got := fmt.Sprintf(format, m); got != want {
			t.Errorf("%s prints %q, want %q", format, got, want)
		}
	}
	if m.GoString() != "[redacted]" || m.LogValue().String() != "[redacted]" {
		t.Errorf("GoString %q, LogValue %q", m.GoString(), m.LogValue())
	}
}

func TestPurposesOfOneKeyDiffer(t *testing.T) {
	m, foreign := parsed(t, plain), parsed(t, other)
	derived := map[string]string{
		"the master key":            string(bytesOf(m)),
		"fingerprint":               string(m.derive(purposeFingerprint)),
		"replies":                   string(m.derive(purposeReplies)),
		"idempotency keys":          string(m.derive(purposeKeys)),
		"quotes":                    string(m.QuoteHMAC()),
		"another key's fingerprint": string(foreign.derive(purposeFingerprint)),
		"another key's replies":     string(foreign.derive(purposeReplies)),
		"another key's quotes":      string(foreign.QuoteHMAC()),
		"no purpose":                string(m.derive("")),
	}
	seen := make(map[string]string)
	for name, key := range derived {
		if len(key) != Size {
			t.Errorf("%s has %d bytes, want %d", name, len(key), Size)
		}
		if twin, ok := seen[key]; ok {
			t.Errorf("%s is %s", name, twin)
		}
		seen[key] = name
	}
	if string(m.derive(purposeReplies)) != derived["replies"] {
		t.Error("the same key is derived differently the second time")
	}
}

// The ledger holds the fingerprint: what it is may never change.
func TestFingerprintIsFixedAndTellsNothing(t *testing.T) {
	m := parsed(t, plain)
	want := map[string]string{plain: "0b08ff5fc3be2ee8a233a9b07946b513", other: "dbaae8f621756d026a3ed72f0b6b2bd4"}
	for text, fingerprint := range want {
		if got := parsed(t, text).Fingerprint(); got != fingerprint {
			t.Errorf("the fingerprint is %q, want %q", got, fingerprint)
		}
	}
	sealed := m.Replies().Seal([]byte("x"), "c")
	if _, err := newBox(append([]byte(m.Fingerprint()), m.Fingerprint()...)[:Size]).Open(sealed, "c"); !errors.Is(err, ErrSealed) {
		t.Errorf("the fingerprint opens the box: %v", err)
	}
}
