package keys

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func TestABoxOpensWhatItSealed(t *testing.T) {
	box := parsed(t, plain).Replies()
	for _, text := range []string{"", "x", "a reply", strings.Repeat("long ", 100_000), "\x00\xff"} {
		for _, context := range []string{"", "key", strings.Repeat("k", 255), "\x00"} {
			sealed := box.Seal([]byte(text), context)
			got, err := parsed(t, plain).Replies().Open(sealed, context)
			if err != nil || string(got) != text {
				t.Errorf("%.20q for %.20q opens as %.20q (%v)", text, context, got, err)
			}
			if len(text) > 1 && bytes.Contains(sealed, []byte(text)) {
				t.Errorf("%.20q stands in the clear in what was sealed", text)
			}
		}
	}
}

func TestABoxIsBoundToItsContextAndKey(t *testing.T) {
	box := parsed(t, plain).Replies()
	sealed := box.Seal([]byte("a reply"), "key")
	for _, context := range []string{"", "Key", "key ", "key\x00", "ke", "another"} {
		wantSealed(t, box, sealed, context)
	}
	wantSealed(t, parsed(t, other).Replies(), sealed, "key")
	wantSealed(t, newBox(parsed(t, plain).derive(purposeFingerprint)), sealed, "key")
	// Context and content are told apart: moving a byte over is another thing.
	wantSealed(t, box, box.Seal([]byte("ba"), "a"), "ab")
}

func TestTamperingIsNoticed(t *testing.T) {
	box := parsed(t, plain).Replies()
	sealed := box.Seal([]byte("a reply"), "key")
	for i := range sealed {
		for bit := range 8 {
			forged := bytes.Clone(sealed)
			forged[i] ^= 1 << bit
			wantSealed(t, box, forged, "key")
		}
		wantSealed(t, box, sealed[:i], "key")
		wantSealed(t, box, sealed[i+1:], "key")
	}
	wantSealed(t, box, nil, "key")
	wantSealed(t, box, append(bytes.Clone(sealed), 0), "key")
	wantSealed(t, box, append([]byte{0}, sealed...), "key")
}

func wantSealed(t *testing.T, box Box, sealed []byte, context string) {
	t.Helper()
	if got, err := box.Open(sealed, context); !errors.Is(err, ErrSealed) || got != nil {
		t.Errorf("opened for %q as %q (%v)", context, got, err)
	}
}

// The same text sealed twice looks different: equal replies tell nothing.
func TestSealingTwiceDiffers(t *testing.T) {
	box := parsed(t, plain).Replies()
	seen := make(map[string]bool)
	for range 1_000 {
		sealed := string(box.Seal([]byte("a reply"), "key"))
		if seen[sealed] || seen[sealed[:12]] {
			t.Fatal("two seals are equal or share a nonce")
		}
		seen[sealed], seen[sealed[:12]] = true, true
	}
}

// kept is "a reply" sealed for "key" by an earlier version: ledgers hold such.
const kept = "3a9ebfbb01576fdb0c9648130bb40544a2df55090cb9210a71991b77e02796e6672534"

func TestWhatLedgersHoldStillOpens(t *testing.T) {
	sealed, err := hex.DecodeString(kept)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := parsed(t, plain).Replies().Open(sealed, "key"); err != nil || string(got) != "a reply" {
		t.Errorf("opens as %q (%v)", got, err)
	}
}

// Whatever lies in the ledger, opening it fails or gives what was sealed.
func FuzzBoxOpen(f *testing.F) {
	box := parsed(f, plain).Replies()
	genuine, err := hex.DecodeString(kept)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(genuine, "key")
	f.Add(genuine, "other")
	f.Add(genuine[:27], "key")
	f.Add([]byte(nil), "")
	f.Add(make([]byte, 28), "key")
	f.Fuzz(func(t *testing.T, sealed []byte, context string) {
		before := bytes.Clone(sealed)
		got, err := box.Open(sealed, context)
		if !bytes.Equal(sealed, before) {
			t.Error("opening changed what was sealed")
		}
		if err == nil && (!bytes.Equal(sealed, genuine) || context != "key" || string(got) != "a reply") {
			t.Errorf("forged: %x opens for %q as %q", sealed, context, got)
		}
		if err != nil && (!errors.Is(err, ErrSealed) || got != nil) {
			t.Errorf("fails with %v and %q", err, got)
		}
		again := box.Seal(sealed, context)
		if plain, err := box.Open(again, context); err != nil || !bytes.Equal(plain, sealed) {
			t.Errorf("sealed again: %q (%v)", plain, err)
		}
	})
}

func TestABoxTakesAKeyOfItsSizeOnly(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a box was made with a key of another size")
		}
	}()
	newBox(make([]byte, Size-1))
}
