package keys_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"scrip/engine/keys"
)

// known is the master key of 32 bytes "k".
func known(t *testing.T) keys.Master {
	t.Helper()
	m, err := keys.Parse(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte("k"), keys.Size)))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestAKeyIsReadAsItWasWritten(t *testing.T) {
	m := keys.Generate()
	for _, text := range []string{m.Encode(), " " + m.Encode() + "\n", strings.TrimRight(m.Encode(), "=")} {
		if back, err := keys.Parse(text); err != nil || back.Encode() != m.Encode() {
			t.Errorf("%q is not read back: %v", text, err)
		}
	}
}

func TestGeneratedKeysDiffer(t *testing.T) {
	if a, b := keys.Generate(), keys.Generate(); a.Encode() == b.Encode() || !a.IsSet() {
		t.Error("two generated keys are one")
	}
}

func TestWhatIsNoKey(t *testing.T) {
	long := base64.StdEncoding.EncodeToString(make([]byte, keys.Size+1))
	short := base64.StdEncoding.EncodeToString(make([]byte, keys.Size-1))
	for _, text := range []string{"", "secret", long, short, strings.Repeat("!", 43), strings.Repeat("-_", 21) + "-"} {
		m, err := keys.Parse(text)
		if err == nil || m.IsSet() {
			t.Errorf("%q was taken", text)
			continue
		}
		if text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("the error tells the key: %v", err)
		}
	}
}

func TestAKeyNeverPrints(t *testing.T) {
	m := known(t)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("start", "key", m, "in", struct{ Key keys.Master }{m})
	slog.New(slog.NewTextHandler(&log, nil)).Info("start", "key", m, "in", struct{ Key keys.Master }{m})
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%c"} {
		fmt.Fprintf(&log, verb+verb+verb, m, &m, struct{ Key keys.Master }{m})
	}
	fmt.Fprint(&log, m.String(), m.GoString(), m.LogValue())
	for _, tell := range []string{"kkk", "6b6b", "6B6B", "107 107", "0x6b", "a2tra2"} {
		if strings.Contains(log.String(), tell) {
			t.Errorf("a key was told as %q in %s", tell, log.String())
		}
	}
	if !strings.Contains(log.String(), "[redacted]") {
		t.Errorf("nothing says that something was left out: %s", log.String())
	}
}

// TestDerivationIsForever: ledgers hold this fingerprint, so another
// derivation would lock them out.
func TestDerivationIsForever(t *testing.T) {
	if got, want := known(t).Fingerprint(), "09edbd9c6cae728d466595808c84f053"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if known(t).Fingerprint() == keys.Generate().Fingerprint() {
		t.Error("two keys have one fingerprint")
	}
}

func TestWhatIsSealedOpensOnlyWithItsKeyAndContext(t *testing.T) {
	box, plain := known(t).Replies(), []byte("a coupon for c-1001")
	sealed := box.Seal(plain, "POST /v1/x")
	if bytes.Contains(sealed, []byte("coupon")) || bytes.Equal(sealed, box.Seal(plain, "POST /v1/x")) {
		t.Error("sealed bytes tell what they hold")
	}
	if got, err := known(t).Replies().Open(sealed, "POST /v1/x"); err != nil || !bytes.Equal(got, plain) {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := box.Open(sealed, "POST /v1/y"); !errors.Is(err, keys.ErrSealed) {
		t.Errorf("opened in another place: %v", err)
	}
	if _, err := keys.Generate().Replies().Open(sealed, "POST /v1/x"); !errors.Is(err, keys.ErrSealed) {
		t.Errorf("opened with another key: %v", err)
	}
	for i := range sealed {
		tampered := bytes.Clone(sealed)
		tampered[i] ^= 1
		if _, err := box.Open(tampered, "POST /v1/x"); !errors.Is(err, keys.ErrSealed) {
			t.Fatalf("opened with byte %d tampered: %v", i, err)
		}
	}
	for n := range sealed {
		if _, err := box.Open(sealed[:n], "POST /v1/x"); !errors.Is(err, keys.ErrSealed) {
			t.Fatalf("opened when cut to %d bytes: %v", n, err)
		}
	}
}
