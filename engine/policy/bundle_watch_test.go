// A bundle that is watched, on a server that changes it, fails and comes back.
package policy

import (
	"context"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/bundle"

	"scrip/policies"
)

// A bundle is replaced on its server while it is watched: sound ones come into force, others do not, whatever happens between.
func TestAWatchedBundleIsFollowed(t *testing.T) {
	t.Parallel()
	private, public := rsaKeys(t)
	sign := bundle.NewSigningConfig(private, "RS256", "")
	server := serve(t, built(t, folder(nil), sign))
	source := Bundle(server.URL, BundleOptions{Poll: time.Millisecond, Key: &BundleKey{Key: public, Algorithm: "RS256"}})
	active, err := Activate(t.Context(), func(ctx context.Context) (*Snapshot, error) {
		return Load(ctx, source, Options{Timeout: patience, Memo: true, Tests: true}, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		active.Watch(ctx, source, slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() { cancel(); <-ended })
	denies := func(kind string) bool {
		reasons, err := active.Current().OrderDenials(t.Context(), &Facts{Order: &Order{Type: kind}})
		return err == nil && len(reasons) > 0
	}
	release := func(kind string) fs.FS {
		return folder(map[string]string{"order/x.rego": denial("order", `input.order.type == "`+kind+`"`)})
	}
	server.puts(built(t, release("one"), sign))
	soon(t, "the first release", func() bool { return denies("one") })
	server.puts(built(t, release("unsigned"), nil))
	soon(t, "an unsigned one is refused", func() bool {
		return active.LastError() != nil && strings.Contains(active.LastError().Error(), ".signatures.json")
	})
	if !denies("one") || denies("unsigned") {
		t.Error("the last good one is not in force")
	}
	server.puts(built(t, release("two"), sign))
	soon(t, "the second release", func() bool { return denies("two") && active.LastError() == nil })
	server.mu.Lock()
	server.failing = 5
	server.mu.Unlock()
	soon(t, "the server has failed", func() bool { return server.count(http.StatusInternalServerError) == 5 })
	soon(t, "the failure is over", func() bool { return active.LastError() == nil })
	if !denies("two") {
		t.Error("the last good one is not in force")
	}
}

// A change is seen, then read once more to be loaded. If the server fails just then, it must not be taken for refused.
func TestAServerThatFailsBetweenTwoReadingsLosesNothing(t *testing.T) {
	t.Parallel()
	good, better := built(t, folder(nil), nil), built(t, policies.FS, nil)
	server := serve(t, good)
	source := Bundle(server.URL, BundleOptions{Poll: time.Millisecond})
	loads := 0
	active, err := Activate(t.Context(), func(ctx context.Context) (*Snapshot, error) {
		if loads++; loads == 2 {
			server.mu.Lock()
			server.failing = 1
			server.mu.Unlock()
		}
		return Load(ctx, source, Options{Timeout: patience}, time.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	first := active.Current().Revision
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		active.Watch(ctx, source, slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() { cancel(); <-ended })
	server.puts(better)
	soon(t, "the better one", func() bool { return active.Current().Revision != first && active.LastError() == nil })
	if active.Reloads().Refused != 1 {
		t.Errorf("%+v: the failure between was not met", active.Reloads())
	}
}
