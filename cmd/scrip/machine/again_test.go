// What comes again: retries under a key, and duplicates under another or none.
package machine

import (
	"fmt"
	"net/http"
	"slices"

	"pgregory.net/rapid"
)

// retry makes a request again that was made under a key: what was answered
// comes again, byte for byte; anything else under the key is refused; and after
// a refusal the key is free.
func (m *machine) retry(t *rapid.T) {
	keyed := slices.DeleteFunc(slices.Clone(m.past), func(a asked) bool { return a.key == "" })
	if len(keyed) == 0 {
		return
	}
	if answered := slices.DeleteFunc(slices.Clone(keyed), func(a asked) bool { return m.model.replies[a.key].said.status == 0 }); len(answered) > 0 && !one(t, 4, "refused") {
		keyed = answered
	}
	a := pick(t, keyed, "again")
	before, answered := m.model.replies[a.key]
	switch {
	case !answered:
		m.answer(t, a)
		m.counted.count("retry", "the key was free")
		return
	case before.gone || m.model.now.Sub(before.at) > keptFor:
		return // nobody can tell
	}
	a.op = before.op
	if one(t, 3, "another request") {
		m.retryOther(t, a)
		return
	}
	m.counted.count("retry", "the same bytes")
	if got := m.send(t, m.any(t), a); !got.replayed || got.status != before.said.status || got.body != before.said.body {
		t.Fatalf("%s %s again under %q:\n%d %s (replayed %v), want\n%d %s", a.method, a.path, a.key, got.status, got.body, got.replayed,
			before.said.status, before.said.body)
	}
}

// retryOther makes another request under a key that was answered.
func (m *machine) retryOther(t *rapid.T, a asked) {
	switch even(t, 3, "other") {
	case 0:
		a.body += " "
	case 1:
		a.path += "?"
	default:
		posts := slices.DeleteFunc(slices.Clone(m.past), func(other asked) bool {
			return other.method != http.MethodPost || other.kind == "quote" || other.path == a.path && other.body == a.body
		})
		if len(posts) == 0 {
			return
		}
		a.op = pick(t, posts, "instead").op
	}
	m.counted.count("retry", "422 idempotency.key_reused")
	m.same(t, a, m.send(t, m.any(t), a), refuse(http.StatusUnprocessableEntity, "idempotency.key_reused"))
}

// duplicate makes one of the last requests again, under a new key or none: the
// books are asked twice.
func (m *machine) duplicate(t *rapid.T) {
	if len(m.past) == 0 {
		return
	}
	a := pick(t, m.past[max(0, len(m.past)-6):], "again")
	a.key = ""
	if a.method == http.MethodPost && a.kind != "quote" && rapid.Bool().Draw(t, "with a key") {
		a.key = fmt.Sprint("key ", m.requests)
	}
	m.counted.count("duplicate", a.kind+" "+m.answer(t, a))
}
