// Gift cards and who tries them, for the tests that ask three sidecars over one
// ledger directly.
package machine

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// issued is a gift card with its code.
type issued struct{ ID, Number, Code string }

// replicas are sidecars over one new ledger, with a clock that stands still.
type replicas struct {
	*testing.T
	world *world
	all   []*sidecar
}

func onOne(t *testing.T, of func(*testing.T) shelf, n int) *replicas {
	t.Helper()
	r, opener := &replicas{T: t, world: newWorld()}, of(t)(t)
	r.world.set(epoch)
	shipped := rules{cards: shippedCards, plans: shippedPlans}
	shipped.load(t, false)
	r.world.policies.Store(shipped.snapshot)
	for range n {
		s := &sidecar{world: r.world, opener: opener}
		s.open(t, false)
		t.Cleanup(func() { s.close(t) })
		r.all = append(r.all, s)
	}
	return r
}

// restart ends a sidecar and starts it again.
func (r *replicas) restart(at int) {
	r.all[at].close(r)
	r.all[at].open(r, false)
}

func (r *replicas) advance(by time.Duration) { r.world.set(r.world.now().Add(by)) }

// cards issues n to one owner.
func (r *replicas) cards(n int) []issued {
	r.Helper()
	got := r.all[0].do(op{admin: true, method: http.MethodPost, path: "/admin/v1/gift-cards",
		body: fmt.Sprintf(`{"amount":"5","currency":"USD","customer_id":"owner","count":%d}`, n)}, "", "issue")
	var out struct{ Items []issued }
	if err := json.Unmarshal([]byte(got.body), &out); err != nil || len(out.Items) != n {
		r.Fatalf("%v: %d %.300s", err, got.status, got.body)
	}
	return out.Items
}

// attempt is a request to redeem, ready to be served.
func attempt(customer, number, code string) *http.Request {
	q := httptest.NewRequest(http.MethodPost, "/v1/wallets/"+customer+"/gift-cards", strings.NewReader(fmt.Sprintf(`{"number":%q,"code":%q}`, number, code)))
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("X-Request-Id", "attempt")
	return q
}

// claim tries to redeem at a sidecar.
func (r *replicas) claim(at int, customer, number, code string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.all[at%len(r.all)].data.ServeHTTP(w, attempt(customer, number, code))
	return w
}

// is expects a status and a code of refusal, "" for none.
func (r *replicas) is(what string, got *httptest.ResponseRecorder, status int, code string) {
	r.Helper()
	if got.Code != status || code != "" && !strings.Contains(got.Body.String(), `"code":"`+code+`"`) {
		r.Errorf("%s: %d %s, want %d %s", what, got.Code, got.Body, status, code)
	}
}
