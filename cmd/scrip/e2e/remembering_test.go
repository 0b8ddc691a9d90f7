// Decisions that are remembered and decisions that are made anew, each by a sidecar of its own on the same books, give
// the same answers; so do quotes from the cache.
package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"scrip/engine/prove"
)

// plainAnswer hides what differs between two askings of the same: ids of quotes and requests, and times.
func plainAnswer(t *testing.T, a answer) []byte {
	t.Helper()
	var body map[string]json.RawMessage
	a.into(t, &body)
	for _, name := range []string{"id", "created_at", "expires_at", "request_id"} {
		delete(body, name)
	}
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestRememberedDecisionsAnswerTheSame(t *testing.T) {
	t.Parallel()
	dir := marketPolicies(t, ownRules)
	on := start(t, withFlag("policies", dir), withFlag("decision-memo", "on"))
	m := openMarket(t, on)
	off := start(t, withFlag("policies", dir), withFlag("decision-memo", "off"), withData(on.dir))
	for s, remembers := range map[*sidecar]bool{on: true, off: false} {
		for _, d := range s.policy(t).Decisions {
			if of := remembers && !slices.Contains(d.DependsOn, "input.amount_minor"); *d.Remembered != of {
				t.Errorf("%s is remembered: %t", d.Name, *d.Remembered)
			}
		}
	}
	quotes := 0
	for i := range prove.Count(200, 2_000) {
		r := m.order()
		fresh, kept := off.tryQuote(t, r), on.tryQuote(t, r)
		if want, got := plainAnswer(t, fresh), plainAnswer(t, kept); fresh.status != kept.status || !bytes.Equal(want, got) {
			t.Fatalf("order %s\nmade anew:  %d %s\nremembered: %d %s", r.body(), fresh.status, want, kept.status, got)
		}
		if kept.status != http.StatusCreated {
			continue
		}
		quotes++
		if i%4 == 0 { // from the cache, each its own
			for s, first := range map[*sidecar]answer{on: kept, off: fresh} {
				if again := s.tryQuote(t, r); !bytes.Equal(again.body, first.body) {
					t.Fatalf("order %s\nfirst %s\nagain %s", r.body(), first.body, again.body)
				}
			}
		}
	}
	if quotes < 100 {
		t.Errorf("only %d quotes were compared", quotes)
	}
}
