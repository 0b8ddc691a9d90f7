// A disk that stays full for a while: what writes is refused, quotes go on, and all is well when there is room again.
// Failed syncs are another matter: they end the sidecar.
package e2e

import (
	"net/http"
	"strings"
	"testing"
)

func TestAFullDiskRefusesWritesWhileQuotesGoOn(t *testing.T) {
	t.Parallel()
	s := start(t)
	c := s.give(t, "ann", half)
	q := s.quote(t, ordered(t, "ann"))
	reserving := reserveCall(q.ID, "reserve")
	other := s.quote(t, ordered(t, "bob"))
	held := s.reserve(t, other)
	confirming := stepCall(held.ID, "confirm", "confirm")
	strace := s.attach(t, injection{calls: writes, what: diskFull, when: "1+"})
	for range 3 {
		for _, c := range []call{reserving, confirming, issueCall("welcome", "eve", ""), {path: "/v1/customers/eve/registrations", body: "{}"}} {
			a := s.do(t, c)
			a.refusal(t, http.StatusServiceUnavailable, "ledger.unavailable")
			if a.header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		}
		for _, customer := range []string{"ann", "bob", "nobody " + unique("c")} { // in memory, and read from the ledger
			if got := s.quote(t, ordered(t, customer)); customer == "ann" && got.chosen() != c.ID {
				t.Errorf("quoted %+v", got.Selection)
			}
		}
		if got := s.redeemed(t, held.ID); got.Status != "reserved" {
			t.Errorf("it is %s", got.Status)
		}
		s.get(t, "/healthz").want(t, http.StatusOK)
		if a, err := s.send(call{method: http.MethodGet, path: "/readyz"}); err != nil || a.status != http.StatusServiceUnavailable {
			t.Errorf("on a full disk it says that it is ready: %d %s (%v)", a.status, a.body, err)
		}
	}
	strace.end(t, true)
	s.replays(t, reserving, s.first(t, reserving, http.StatusCreated))
	s.replays(t, confirming, s.first(t, confirming, http.StatusOK))
	s.get(t, "/readyz").want(t, http.StatusOK)
	if len(s.held(t, "eve", "")) != 0 {
		t.Error("what was refused was booked")
	}
	s.kill(t)
	s = start(t, withData(s.dir))
	if out, err := s.cli("ledger", "verify"); err != nil || !strings.Contains(out, "sound") {
		t.Errorf("%v: %s", err, out)
	}
}
