// A stock `opa run --server` on the same folder, asked with the inputs that Contract §8 describes, must decide what the
// sidecar decides: whatever it projects, remembers or skips.
package e2e

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"scrip/engine/prove"
)

// buildOPA builds the stock program of the version that the sidecar embeds.
var buildOPA = sync.OnceValues(func() (string, error) {
	program := filepath.Join(scratch, "opa")
	out, err := exec.Command("go", "build", "-o", program, "github.com/open-policy-agent/opa").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building opa: %w\n%s", err, out)
	}
	return program, nil
})

// stockOPA is a running server; it listens on a socket, so that no port is guessed.
type stockOPA struct{ client *http.Client }

func startOPA(t *testing.T, folder string) *stockOPA {
	t.Helper()
	program, err := buildOPA()
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(scratch, unique("opa")+".sock")
	said := newTranscript()
	cmd := exec.Command(program, "run", "--server", "--skip-version-check", "--log-level=error", "--addr=unix://"+socket, folder)
	cmd.Stderr = said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o := &stockOPA{newClient(socket)}
	t.Cleanup(func() {
		o.client.CloseIdleConnections()
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("opa said: %s", said)
		}
	})
	eventually(t, "opa serves", func() bool {
		res, err := o.client.Get("http://" + socketHost + "/health")
		if err != nil {
			return false
		}
		_ = res.Body.Close()
		return res.StatusCode == http.StatusOK
	})
	return o
}

// questions are the inputs of one order's decisions.
type questions struct {
	Order   any   `json:"order"`
	Product []any `json:"product"`
	Coupon  []any `json:"coupon"`
}

// rulings answer them, each sorted.
type rulings struct {
	Order   []reason   `json:"order"`
	Product [][]reason `json:"product"`
	Coupon  [][]reason `json:"coupon"`
}

const batch = `order := data.order.deny with input as input.order
product := [d | some i in input.product; d := data.product.deny with input as i]
coupon := [d | some i in input.coupon; d := data.coupon.deny with input as i]`

func (o *stockOPA) rule(t *testing.T, q questions) rulings {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": batch, "input": q})
	if err != nil {
		t.Fatal(err)
	}
	res, err := o.client.Post("http://"+socketHost+"/v1/query", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	var out struct{ Result []rulings }
	if err := json.Unmarshal(text, &out); err != nil || len(out.Result) != 1 ||
		len(out.Result[0].Product) != len(q.Product) || len(out.Result[0].Coupon) != len(q.Coupon) {
		t.Fatalf("opa answers %d %s (%v) to %s", res.StatusCode, clip(text), err, body)
	}
	return out.Result[0]
}

// trial is one order with everything that may be asked about it.
type trial struct {
	wireRequest
	coupons []coupon
	lines   []wireLine
	ruled   rulings
}

// try asks OPA about the order as a whole, every line without a coupon and with each, and every coupon with its minimum
// spend missed and met: which of the two it is follows from the answers about the lines.
func (m *market) try(t *testing.T, o *stockOPA, r wireRequest) trial {
	t.Helper()
	now := time.Now()
	tr := trial{wireRequest: r, coupons: m.coupons[r.Customer.ID], lines: r.lines()}
	input := func(more ...any) map[string]any {
		in := map[string]any{
			"customer": map[string]any{"id": r.Customer.ID, "blocklisted": m.blocked[r.Customer.ID], "attributes": r.Customer.Attributes},
			"order": map[string]any{"id": r.Order.ID, "type": r.Order.Type, "currency": r.Order.Currency,
				"discounted": len(r.Order.Discounts) > 0, "attributes": r.Order.Attributes},
			"now": now.Unix(),
		}
		for i := 0; i < len(more); i += 2 {
			in[more[i].(string)] = more[i+1]
		}
		return in
	}
	q := questions{Order: input(), Product: []any{}, Coupon: []any{}}
	for c := -1; c < len(tr.coupons); c++ {
		for _, l := range tr.lines {
			line := map[string]any{"id": l.ID, "quantity": l.Quantity, "discounted": len(l.Discounts) > 0, "product": l.Product}
			if c < 0 {
				q.Product = append(q.Product, input("line", line))
			} else {
				q.Product = append(q.Product, input("line", line, "coupon", facts(tr.coupons[c], r, now)))
			}
		}
	}
	for _, c := range tr.coupons {
		for _, met := range []bool{false, true} {
			f := facts(c, r, now)
			f["minimum_spend_met"] = met
			q.Coupon = append(q.Coupon, input("coupon", f))
		}
	}
	tr.ruled = o.rule(t, q)
	return tr
}

// exclusions of a line with the coupon of that place, -1 for none.
func (tr trial) exclusions(coupon, line int) []reason {
	return tr.ruled.Product[(coupon+1)*len(tr.lines)+line]
}

// reasons against a coupon: the order's, or its own.
func (tr trial) reasons(c int) []reason {
	if len(tr.ruled.Order) > 0 {
		return tr.ruled.Order
	}
	base, met := int64(0), 0
	for l, line := range tr.lines {
		if len(tr.exclusions(c, l)) == 0 {
			base += line.minor
		}
	}
	held := tr.coupons[c]
	matches := held.Currency == nil || *held.Currency == tr.Order.Currency
	if minimum, ok := new(big.Rat).SetString(deref(held.MinimumSpend, "0")); ok && matches {
		spent, _ := new(big.Rat).SetString(amount(base, tr.Order.Currency))
		if spent.Cmp(minimum) >= 0 {
			met = 1
		}
	}
	return tr.ruled.Coupon[2*c+met]
}

func deref(p *string, none string) string {
	if p == nil {
		return none
	}
	return *p
}

func (tr trial) place(id string) int {
	return slices.IndexFunc(tr.coupons, func(c coupon) bool { return c.ID == id })
}

func (tr trial) available() (n int) {
	for _, c := range tr.coupons {
		if c.Status == "available" {
			n++
		}
	}
	return n
}

func sameReasons(a, b []reason) bool {
	order := func(x, y reason) int { return cmp.Or(cmp.Compare(x.Code, y.Code), cmp.Compare(x.Message, y.Message)) }
	return slices.Equal(slices.SortedFunc(slices.Values(a), order), slices.SortedFunc(slices.Values(b), order))
}

// compare holds the sidecar's answer against OPA's and counts the codes that it saw.
func (tr trial) compare(t *testing.T, a answer, seen map[string]int) {
	t.Helper()
	same := func(what string, got, want []reason) {
		t.Helper()
		for _, r := range got {
			seen[r.Code]++
		}
		if !sameReasons(got, want) {
			t.Fatalf("%s: the sidecar says %v, opa %v\n%s\n%s", what, got, want, tr.body(), a.body)
		}
	}
	if a.status != http.StatusCreated {
		var p problem
		a.into(t, &p)
		same("the selected coupon", p.Reasons, tr.reasons(tr.place(tr.Select)))
		return
	}
	var q quote
	a.into(t, &q)
	same("the order", q.Denials, tr.ruled.Order)
	if available := tr.available(); len(q.Coupons) != available {
		t.Fatalf("%d of %d available coupons are compared: %s", len(q.Coupons), available, a.body)
	}
	for _, c := range q.Coupons {
		want := tr.reasons(tr.place(c.ID))
		same("coupon "+c.ID, c.Reasons, want)
		if c.Applicable != (len(want) == 0) {
			t.Fatalf("coupon %s: applicable %t, reasons %v", c.ID, c.Applicable, want)
		}
	}
	chosen := tr.place(deref(q.Selection.CouponID, ""))
	for n, line := range q.allLines() {
		want := tr.exclusions(chosen, n)
		same("line "+line.ID, line.Exclusions, want)
		if line.Eligible != (len(want) == 0) {
			t.Fatalf("line %s: eligible %t, exclusions %v", line.ID, line.Eligible, line.Exclusions)
		}
	}
}

func (q quote) allLines() (all []quoteLine) {
	for _, sub := range q.SubOrders {
		all = append(all, sub.Lines...)
	}
	return all
}

func TestAStockOPADecidesTheSame(t *testing.T) {
	t.Parallel()
	shipped := []string{
		"order.type", "order.other_discount", "customer.blocklisted", "product.supplier", "product.combo", "product.video", "product.service",
		"product.pod", "product.virtual", "product.not_ordinary", "product.other_discount", "coupon.not_started", "coupon.expired",
		"coupon.status", "coupon.currency", "coupon.minimum_spend",
	}
	own := []string{"own.tier", "own.abroad", "own.quantity", "own.tag", "own.secret", "own.amount", "own.words"}
	for _, c := range []struct {
		name  string
		files map[string]string
		codes []string
	}{
		{"the shipped policies", nil, shipped},
		{"with an author's own rules", ownRules, append(own, shipped...)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := marketPolicies(t, c.files)
			s, o := start(t, withFlag("policies", dir)), startOPA(t, dir)
			m, seen := openMarket(t, s), map[string]int{}
			for range prove.Count(500, 10_000) {
				r := m.order()
				m.try(t, o, r).compare(t, s.tryQuote(t, r), seen)
			}
			for _, code := range c.codes {
				if seen[code] == 0 {
					t.Errorf("no order met %s: %v", code, seen)
				}
			}
		})
	}
}
