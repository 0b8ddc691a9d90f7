// Values in Redis: nobody without the secret makes one, or moves one to another key.
package cache

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"scrip/engine"
)

func TestOnlyAnAuthenticValueIsAQuote(t *testing.T) {
	t.Parallel()
	s, q := newSealer([]byte("secret")), bulk()
	value, err := s.seal("k", q)
	if err != nil {
		t.Fatal(err)
	}
	for i := range value { // each byte counts
		bad := bytes.Clone(value)
		bad[i] ^= 1
		if _, err := s.open("k", bad); !errors.Is(err, errGarbage) {
			t.Fatalf("byte %d changed: %v", i, err)
		}
	}
	for name, open := range map[string]func() (*engine.Quote, error){
		"under another key":      func() (*engine.Quote, error) { return s.open("j", value) },
		"signed by another":      func() (*engine.Quote, error) { return newSealer([]byte("other")).open("k", value) },
		"cut":                    func() (*engine.Quote, error) { return s.open("k", value[:len(value)-1]) },
		"longer":                 func() (*engine.Quote, error) { return s.open("k", append(bytes.Clone(value), 0)) },
		"header only":            func() (*engine.Quote, error) { return s.open("k", value[:headerBytes]) },
		"nothing":                func() (*engine.Quote, error) { return s.open("k", nil) },
		"authentic but no quote": func() (*engine.Quote, error) { return s.open("k", signed(s, "k", []byte{0x80})) },
		"authentic and too long": func() (*engine.Quote, error) { return s.open("k", signed(s, "k", make([]byte, maxValueBytes))) },
	} {
		if q, err := open(); !errors.Is(err, errGarbage) || q != nil {
			t.Errorf("%s: %+v, %v", name, q, err)
		}
	}
}

// signed is any payload as we would sign it.
func signed(s *sealer, key string, payload []byte) []byte {
	value := append(make([]byte, headerBytes), payload...)
	value[0] = version
	s.mac(value[1:1], key, payload)
	return value
}

// A key and a quote cannot run into each other: moving bytes between them changes the signature.
func TestTheSignatureTellsKeyFromQuote(t *testing.T) {
	t.Parallel()
	s := newSealer([]byte("secret"))
	if bytes.Equal(signed(s, "ab", []byte("c"))[:headerBytes], signed(s, "a", []byte("bc"))[:headerBytes]) {
		t.Error("two pairs of key and quote have one signature")
	}
}

func TestAQuoteThatIsTooLargeIsNotWritten(t *testing.T) {
	t.Parallel()
	q := bulk()
	q.CustomerID = strings.Repeat("x", maxValueBytes)
	if _, err := newSealer(nil).seal("k", q); !errors.Is(err, errTooLarge) {
		t.Errorf("got %v", err)
	}
}

func BenchmarkSeal(b *testing.B) {
	s, q := newSealer([]byte("secret")), bulk()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.seal("scrip:q1:{4f0k2j9d8s7a6b5c4d3e2f1g}", q); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkOpen(b *testing.B) {
	s := newSealer([]byte("secret"))
	value, err := s.seal("k", bulk())
	if err != nil {
		b.Fatal(err)
	}
	b.ReportMetric(float64(len(value)), "bytes")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.open("k", value); err != nil {
			b.Fatal(err)
		}
	}
}
