// A sidecar without sockets: the handlers of both listeners over a ledger that
// others may share, and what several of them have in common.
package machine

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"pgregory.net/rapid"

	"scrip/cmd/scrip/httpapi"
	"scrip/engine"
	"scrip/engine/keys"
	"scrip/engine/ledger"
	"scrip/engine/policy"
	"scrip/engine/secret"
)

const (
	quoteTTL   = 15 * time.Minute
	holdTTL    = 30 * time.Minute
	adminToken = "admin"
	masterKey  = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
)

// world is what sidecars share: time, policies and a cache of quotes.
type world struct {
	micros   atomic.Int64
	policies atomic.Pointer[policy.Snapshot]

	mu     sync.Mutex
	quotes map[string]*engine.Quote
}

func newWorld() *world { return &world{quotes: make(map[string]*engine.Quote)} }

func (w *world) now() time.Time    { return time.UnixMicro(w.micros.Load()) } // local: the books make it UTC
func (w *world) set(now time.Time) { w.micros.Store(now.UnixMicro()) }

// Current, LastError and Reload are the policies' side of the world.
func (w *world) Current() *policy.Snapshot    { return w.policies.Load() }
func (w *world) LastError() error             { return nil }
func (w *world) Reload(context.Context) error { return nil }

// Known is the cache's side: it forgets nothing by itself.
func (w *world) Known(key string, now time.Time) (*engine.Quote, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	q, ok := w.quotes[key]
	return q, ok && now.Before(q.ExpiresAt)
}

// Find is what is known: all share this cache.
func (w *world) Find(_ context.Context, key string, now time.Time) (*engine.Quote, bool) {
	return w.Known(key, now)
}

// Keep keeps the first.
func (w *world) Keep(_ context.Context, key string, q *engine.Quote, now time.Time) *engine.Quote {
	if old, ok := w.Known(key, now); ok {
		return old
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.quotes[key] = q
	return q
}

func (w *world) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	clear(w.quotes)
}

// sidecar is one process, so to speak.
type sidecar struct {
	world       *world
	opener      func(context.Context) (ledger.Store, error)
	store       ledger.Store
	book        *ledger.Book
	data, admin http.Handler
	unwatch     func()
}

var log = slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelError + 1}))

// open starts a sidecar, of which nothing is left but what is in the ledger.
// Watching, it also looks for others' writes by itself, and reads ahead.
func (s *sidecar) open(t rapid.TB, watching bool) {
	master, err := keys.Parse(masterKey)
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if s.store, err = s.opener(ctx); err != nil {
		t.Fatal(err)
	}
	if s.book, err = ledger.Open(ctx, s.store, master, s.world.now); err != nil {
		t.Fatal(errors.Join(err, s.store.Close()))
	}
	s.unwatch = func() {}
	if watching {
		s.watch(ctx)
	}
	s.book.CatchUp(ctx)
	api := &httpapi.API{
		Engine: &engine.Engine{Policies: s.world, Books: s.book, Quotes: s.world, Clock: s.world.now, TTL: quoteTTL, Log: log},
		Book:   s.book, Policies: s.world, HoldTTL: holdTTL, Log: log, AdminToken: secret.Of(adminToken), Metrics: httpapi.NewMetrics(),
	}
	s.data, s.admin = api.Data(), api.Admin()
}

func (s *sidecar) watch(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var watching sync.WaitGroup
	watching.Go(func() { s.book.Watch(ctx) })
	s.unwatch = func() {
		cancel()
		watching.Wait()
	}
}

func (s *sidecar) close(t rapid.TB) {
	if s.store == nil {
		return
	}
	s.unwatch()
	if err := s.store.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	s.store = nil
}

// said is what a sidecar answers.
type said struct {
	status   int
	body     string
	replayed bool
	wait     string // Retry-After
}

// do sends a request with its id, under a key if that is not "".
func (s *sidecar) do(o op, key, requestID string) said {
	r := httptest.NewRequest(o.method, o.path, strings.NewReader(o.body))
	r.Header.Set("X-Request-Id", requestID)
	if o.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	handler := s.data
	if o.admin {
		handler = s.admin
		r.Header.Set("Authorization", "Bearer "+adminToken)
	}
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	return said{w.Code, w.Body.String(), w.Header().Get("Idempotency-Replayed") == "true", w.Header().Get("Retry-After")}
}
