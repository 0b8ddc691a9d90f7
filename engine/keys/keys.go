// Package keys derives every key of scrip from one master key (Contract §2)
// and seals what must not lie in the ledger in the clear.
package keys

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"scrip/engine/secret"
)

// Size is the length of a master key and of every derived key, in bytes.
const Size = 32

// Master is the key that replicas share, kept as a secret: however it is printed
// it shows as [redacted]. The zero value is no key and derives none.
type Master struct{ secret.Text }

// Purposes of derived keys. A purpose is part of the derivation: keys of two
// purposes tell nothing about each other.
const (
	purposeFingerprint = "scrip ledger fingerprint v1"
	purposeReplies     = "scrip idempotent replies v1"
	purposeKeys        = "scrip idempotency keys v1"
	purposeQuotes      = "scrip shared quotes v1"
	purposeLookups     = "scrip gift card lookups v1"
	purposeCodes       = "scrip gift card codes v1 " // and the key's number
)

// Generate makes a new random master key.
func Generate() Master {
	var key [Size]byte
	_, _ = rand.Read(key[:]) // never fails
	return master(key[:])
}

func master(key []byte) Master { return Master{secret.Of(string(key))} }

// Parse reads a master key from base64 (standard alphabet, padding optional).
func Parse(text string) (Master, error) {
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(strings.TrimSpace(text), "="))
	if err != nil || len(key) != Size {
		return Master{}, fmt.Errorf("the master key must be %d bytes in base64, for example from: openssl rand -base64 %d", Size, Size)
	}
	return master(key), nil
}

// Encode is the base64 that [Parse] reads. It is for the key's own file only.
func (m Master) Encode() string { return base64.StdEncoding.EncodeToString([]byte(m.Reveal())) }

// Fingerprint identifies the master key without telling it: replicas and the
// ledger compare it.
func (m Master) Fingerprint() string { return hex.EncodeToString(m.derive(purposeFingerprint)[:16]) }

// Replies is the box for stored responses of idempotent requests.
func (m Master) Replies() Box { return newBox(m.derive(purposeReplies)) }

// IdempotencyKeys is the MAC under which the ledger keeps the keys of idempotent
// requests.
func (m Master) IdempotencyKeys() MAC { return newMAC(m.derive(purposeKeys)) }

// QuoteHMAC is the secret under which replicas sign quotes that they share.
func (m Master) QuoteHMAC() []byte { return m.derive(purposeQuotes) }

// CardLookups is the MAC by which gift cards are found.
func (m Master) CardLookups() MAC { return newMAC(m.derive(purposeLookups)) }

// Codes is a box for the codes of gift cards, one of many by number.
func (m Master) Codes(number int64) Box {
	return newBox(m.derive(purposeCodes + strconv.FormatInt(number, 10)))
}

func (m Master) derive(purpose string) []byte {
	key, err := hkdf.Key(sha256.New, []byte(m.Reveal()), nil, purpose, Size)
	if err != nil {
		panic(err) // only for lengths beyond 255 hashes
	}
	return key
}

// Box seals with AES-256-GCM under a random nonce.
type Box struct{ aead cipher.AEAD }

func newBox(key []byte) Box {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(err) // only for wrong key sizes
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // only for other block sizes
	}
	return Box{aead}
}

// ErrSealed means that sealed bytes were not made by this key for this context.
var ErrSealed = errors.New("sealed under another key or tampered with")

// Seal encrypts plain. context is authenticated with it and must be given
// again to open it: what was sealed for one place does not open in another.
func (b Box) Seal(plain []byte, context string) []byte {
	return b.aead.Seal(nil, nil, plain, []byte(context)) // #nosec G407 -- the AEAD draws its own random nonce
}

// Open decrypts what Seal made with the same context, or fails with [ErrSealed].
func (b Box) Open(sealed []byte, context string) ([]byte, error) {
	plain, err := b.aead.Open(nil, nil, sealed, []byte(context))
	if err != nil {
		return nil, ErrSealed
	}
	return plain, nil
}
