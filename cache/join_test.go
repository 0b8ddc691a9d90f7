// How the tests open a replica.
package cache

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
	"time"
)

var secret = []byte("a secret that replicas share")

// patient is a pace at which only what never comes is too late, however busy the machine is.
var patient = pace{budget: 10 * time.Second, trip: 20 * time.Second}

// join opens a replica of a Redis at an address; it ends with the test.
func join(t testing.TB, address string) *Redis { return joinAs(t, address, secret, patient, nil) }

func joinAs(t testing.TB, address string, secret []byte, p pace, log *journal) *Redis {
	t.Helper()
	at, err := ParseAddress(address)
	if err != nil {
		t.Fatal(err)
	}
	if log == nil {
		log = new(journal)
	}
	return joinWith(t, at, secret, p, slog.New(slog.NewJSONHandler(log, nil)))
}

func joinAt(t testing.TB, at Address) *Redis { return joinWith(t, at, secret, patient, quiet) }

var quiet = slog.New(slog.DiscardHandler)

func joinWith(t testing.TB, at Address, secret []byte, p pace, log *slog.Logger) *Redis {
	t.Helper()
	near, err := NewMemory(MemoryBytes)
	if err != nil {
		t.Fatal(err)
	}
	r := openRedis(t.Context(), at, secret, near, log, p)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// journal is a log that a test can read.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
