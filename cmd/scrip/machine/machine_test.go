// The machine: two sidecars and the model, side by side.
package machine

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"scrip/engine/ledger"
)

// TestTheBooksAgreeWithTheModel lives random histories on each store: no answer
// and no list differs from the model's, no refund exceeds what was paid, and
// the audit of the ledger finds nothing.
func TestTheBooksAgreeWithTheModel(t *testing.T) {
	t.Parallel()
	policies := revisions(t)
	for name, of := range shelves {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all, start := make([]tally, lanes[name]), time.Now()
			share := (*promised + int64(len(all)) - 1) / int64(len(all))
			t.Cleanup(func() {
				if !t.Failed() {
					sumOf(all).report(t, time.Since(start))
				}
			})
			for i := range all {
				all[i] = make(tally)
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					t.Parallel()
					fresh := of(t)
					for all[i].total() < share {
						rapid.Check(t, func(t *rapid.T) { live(t, fresh(t), policies, all[i]) })
					}
				})
			}
		})
	}
}

// machine is one history.
type machine struct {
	world    *world
	sidecars [2]*sidecar
	late     [2]bool // the other one has written since this one looked
	model    *model
	policies []rules
	counted  tally
	requests int
	orders   int
	past     []asked
	quotes   []request
}

// asked is a request that was made, under a key or "".
type asked struct {
	op
	key string
}

// op is a request and what the model makes of it.
type op struct {
	kind         string
	admin        bool
	method, path string
	body         string
	expect       func() answer
}

func live(t *rapid.T, opener func(context.Context) (ledger.Store, error), policies []rules, counted tally) {
	m := &machine{world: newWorld(), model: newModel(&policies[0]), policies: policies, counted: counted}
	m.world.set(epoch)
	m.world.policies.Store(policies[0].snapshot)
	watching := one(t, 8, "watching")
	for i := range m.sidecars {
		m.sidecars[i] = &sidecar{world: m.world, opener: opener}
		defer m.sidecars[i].close(t)
		m.sidecars[i].open(t, watching)
	}
	t.Repeat(map[string]func(*rapid.T){"step": m.step, "": m.compare})
	m.compareAll(t)
	if faults, err := ledger.Verify(context.Background(), m.sidecars[0].store); err != nil || len(faults) > 0 {
		t.Fatalf("the audit says %+v (%v)", faults, err)
	}
}

// any draws one of the sidecars.
func (m *machine) any(t *rapid.T) int { return even(t, 2, "sidecar") }

// catchUp lets a sidecar see what the other one wrote, as it does within a
// second.
func (m *machine) catchUp(at int) {
	m.sidecars[at].book.CatchUp(context.Background())
	m.late[at] = false
}

// ask makes a request that was not answered under its key before.
func (m *machine) ask(t *rapid.T, a asked) {
	outcome := m.answer(t, a)
	m.counted.count(a.kind, outcome)
}

// answer tells what becomes of a request.
func (m *machine) answer(t *rapid.T, a asked) (outcome string) {
	at := m.any(t)
	if a.kind == "quote" && m.late[at] {
		m.catchUp(at)
	}
	got := m.send(t, at, a)
	want := a.expect()
	m.same(t, a, got, want)
	m.settled(at)
	if wrong := m.model.unsound(); wrong != "" {
		t.Fatal(wrong)
	}
	if got.replayed {
		t.Fatalf("%s %s is replayed, and never was under %q", a.method, a.path, a.key)
	}
	if a.key != "" && want.wrote {
		m.model.keep(a.key, a.op, got)
	}
	if m.past = append(m.past, a); len(m.past) > 40 {
		m.past = m.past[1:]
	}
	return strings.TrimSpace(fmt.Sprint(want.status, " ", want.code, want.note))
}

// send makes any request.
func (m *machine) send(t *rapid.T, at int, a asked) said {
	m.requests++
	requestID := fmt.Sprint("request-", m.requests)
	got := m.sidecars[at].do(a.op, a.key, requestID)
	m.model.learn(got.body)
	m.model.request, m.model.by = requestID, "data"
	if a.admin {
		m.model.by = "admin"
	}
	if a.method != http.MethodGet && a.kind != "quote" && got.status < 300 {
		m.late[1-at] = true
	}
	t.Logf("%d: %s %s %s %q -> %d %s", at, a.method, a.path, a.body, a.key, got.status, got.body)
	return got
}

// settled notes that a sidecar wrote when it was only asked to look: it wrote
// down that holds had ended.
func (m *machine) settled(at int) {
	m.late[1-at] = m.late[1-at] || m.model.settled
	m.model.settled = false
}

// bearer is what a gift card is redeemed with: whoever has it redeems.
type bearer struct{ number, code string }

// learn reads the ids of what an answer shows as made, and what else is random.
func (m *model) learn(body string) {
	var made struct {
		ID      string
		Coupons []struct{ ID string }
		Items   []struct{ ID, Number, Code string }
	}
	m.given, m.secrets = nil, nil
	if json.Unmarshal([]byte(body), &made) != nil {
		return
	}
	if made.ID != "" { // a quote, whose coupons are older
		m.given = []string{made.ID}
		return
	}
	for _, c := range made.Coupons {
		m.given = append(m.given, c.ID)
	}
	for _, c := range made.Items {
		m.given, m.secrets = append(m.given, c.ID), append(m.secrets, bearer{c.Number, c.Code})
	}
}

// same holds what a sidecar said against what the model says.
func (m *machine) same(t *rapid.T, a asked, got said, want answer) {
	t.Helper()
	told, err := m.told(got, want)
	if expected := m.expected(want); err != nil || got.status != want.status || told != expected || got.wait != seconds(want.wait) {
		t.Fatalf("%s %s %s\nthe sidecar: %d %s\nas compared: %s (%v)\nthe model:   %d %s", a.method, a.path, a.body, got.status, got.body, told, err, want.status, expected)
	}
}

// seconds are those of Retry-After: none too few.
func seconds(wait time.Duration) string {
	if wait == 0 {
		return ""
	}
	return fmt.Sprint(int64((wait + time.Second - 1) / time.Second))
}

// told is what a sidecar said, in the form that is compared.
func (m *machine) told(got said, want answer) (string, error) {
	if want.code != "" {
		p, err := read[problem](got.body)
		plain := problem{Status: p.Status, Code: p.Code, RequestID: p.RequestID, Needed: p.Needed, Available: p.Available}
		if want.faults != nil {
			for _, f := range p.Errors {
				plain.Errors = append(plain.Errors, fault{Pointer: f.Pointer, Refundable: f.Refundable})
			}
		}
		if want.reasons != nil {
			plain.Reasons = codes(p.Reasons)
		}
		return write(plain), err
	}
	if want.body == nil {
		return got.body, nil
	}
	if _, quote := want.body.(quoteBody); quote {
		q, err := read[quoteBody](got.body)
		return write(q.plain()), err
	}
	like := reflect.New(reflect.TypeOf(want.body))
	d := json.NewDecoder(strings.NewReader(got.body))
	d.DisallowUnknownFields()
	err := d.Decode(like.Interface())
	return write(like.Elem().Interface()), err
}

func (m *machine) expected(want answer) string {
	switch {
	case want.code != "":
		return write(problem{Status: want.status, Code: want.code, RequestID: m.model.request, Errors: want.faults, Reasons: want.reasons,
			Needed: want.needed, Available: want.available})
	case want.body == nil:
		return ""
	}
	return write(want.body)
}
