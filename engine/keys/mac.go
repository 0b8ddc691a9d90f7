package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"

	"scrip/engine/secret"
)

// MAC makes keyed hashes: HMAC-SHA-256 over texts, each with its length.
type MAC struct{ key secret.Text }

func newMAC(key []byte) MAC { return MAC{secret.Of(string(key))} }

// Sum is the keyed hash of some texts in their order.
func (m MAC) Sum(texts ...string) []byte {
	mac := hmac.New(sha256.New, []byte(m.key.Reveal()))
	for _, text := range texts {
		_, _ = mac.Write(binary.AppendUvarint(nil, uint64(len(text)))) // a hash never fails
		_, _ = mac.Write([]byte(text))
	}
	return mac.Sum(nil)
}
