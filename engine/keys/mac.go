package keys

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
)

// MAC makes keyed hashes: HMAC-SHA-256 over texts, each with its length.
type MAC struct{ key *[Size]byte } // a pointer: fmt would look through it

func newMAC(key []byte) MAC { return MAC{(*[Size]byte)(key)} }

// Sum is the keyed hash of some texts in their order.
func (m MAC) Sum(texts ...string) []byte {
	mac := hmac.New(sha256.New, m.key[:])
	for _, text := range texts {
		_, _ = mac.Write(binary.AppendUvarint(nil, uint64(len(text)))) // a hash never fails
		_, _ = mac.Write([]byte(text))
	}
	return mac.Sum(nil)
}
