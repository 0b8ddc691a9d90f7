// Goldens of Contract §4: testdata/NAME.order.json is asked by a customer who holds coupons of the campaigns in
// NAME.coupons.json (a campaign with nothing but an id exists already) and must give exactly NAME.quote.json, where ids,
// times, the revision and messages are masked by "…" and a coupon is named cpn_ and its campaign.
package e2e

import (
	"bytes"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"
)

func TestGoldensGiveExactlyThePrintedNumbers(t *testing.T) {
	t.Parallel()
	s := start(t) // the goldens' customers and campaigns have fixed names
	orders, err := filepath.Glob("testdata/*.order.json")
	if err != nil || len(orders) < 10 {
		t.Fatalf("goldens: %v, %v", orders, err)
	}
	for _, file := range orders {
		name := strings.TrimSuffix(file, ".order.json")
		t.Run(filepath.Base(name), func(t *testing.T) {
			body := read(t, file)
			campaigns := s.prepare(t, name, body)
			a := s.post(t, "/v1/quotes", string(body)).want(t, http.StatusCreated)
			var q quote
			a.into(t, &q)
			if err := q.fault(); err != nil {
				t.Error(err)
			}
			got, want := mask(t, a.body, campaigns), canonical(t, read(t, name+".quote.json"))
			if got != want {
				t.Errorf("got %s\nwant %s", got, want)
			}
		})
	}
}

// prepare issues the coupons of a golden and returns the campaign of each.
func (s *sidecar) prepare(t *testing.T, name string, order []byte) map[string]string {
	t.Helper()
	var asked struct {
		Customer struct{ ID string }
	}
	if err := json.Unmarshal(order, &asked); err != nil {
		t.Fatal(err)
	}
	var campaigns []map[string]json.RawMessage
	if err := json.Unmarshal(read(t, name+".coupons.json"), &campaigns); err != nil {
		t.Fatal(err)
	}
	byCoupon := map[string]string{}
	for _, c := range campaigns {
		var id string
		if err := json.Unmarshal(c["id"], &id); err != nil {
			t.Fatal(err)
		}
		if len(c) > 1 && c["name"] != nil {
			body, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			s.admin(t, http.MethodPost, "/admin/v1/campaigns", string(body)).want(t, http.StatusCreated)
		}
		byCoupon[s.issue(t, id, asked.Customer.ID).ID] = id
	}
	return byCoupon
}

// mask hides what differs from run to run.
func mask(t *testing.T, body []byte, campaigns map[string]string) string {
	t.Helper()
	text := string(body)
	for id, campaign := range campaigns {
		text = strings.ReplaceAll(text, id, "cpn_"+campaign)
	}
	var q map[string]any
	if err := json.Unmarshal([]byte(text), &q); err != nil {
		t.Fatal(err)
	}
	q["id"], q["created_at"], q["expires_at"], q["policy_revision"] = "q_…", "…", "…", "…"
	masked, err := json.Marshal(hideMessages(q))
	if err != nil {
		t.Fatal(err)
	}
	return canonical(t, masked)
}

// hideMessages masks every message that says something, and sorts reasons, which are sets, by code.
func hideMessages(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, member := range v {
			v[name] = hideMessages(member)
		}
		if text, _ := v["message"].(string); text != "" {
			v["message"] = "…"
		}
	case []any:
		for i := range v {
			v[i] = hideMessages(v[i])
		}
		sort.SliceStable(v, func(i, j int) bool {
			a, b := member(v[i], "code"), member(v[j], "code")
			return a != "" && b != "" && a < b
		})
	}
	return v
}

func member(v any, name string) string {
	object, _ := v.(map[string]any)
	text, _ := object[name].(string)
	return text
}

// canonical is the JSON indented with its keys sorted.
func canonical(t *testing.T, body []byte) string {
	t.Helper()
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
