// Policies that an author got wrong or that look at more than the shipped ones (Contract §8). The shipped folder is
// copied and changed; the changes know only the packages' names, the input and what a decision is.
package e2e

import (
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

const shippedPolicies = "../../../policies"

// policyFolder copies the shipped policies without their tests, which know nothing of the changes, and adds files.
func policyFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	err := filepath.WalkDir(shippedPolicies, func(path string, entry fs.DirEntry, err error) error {
		keep := strings.HasSuffix(path, ".rego") || strings.HasSuffix(path, ".json")
		if err != nil || entry.IsDir() || !keep || strings.HasSuffix(path, "_test.rego") {
			return err
		}
		target := filepath.Join(dir, strings.TrimPrefix(path, shippedPolicies))
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.MkdirAll(filepath.Dir(target), 0o700)
		}
		if err == nil {
			err = os.WriteFile(target, text, 0o600)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), text)
	}
	return dir
}

// without drops the rules of one decision, so that a test can write its own or none.
func without(t *testing.T, dir, pkg string) string {
	t.Helper()
	rules, err := filepath.Glob(filepath.Join(dir, pkg, "*.rego"))
	if err != nil || len(rules) == 0 {
		t.Fatalf("%s has no rules: %v", pkg, err)
	}
	for _, file := range rules {
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// denial is a file that adds a rule to the decision "deny" of a package. Its condition stands on line 4.
func denial(pkg, condition string) string {
	return "package " + pkg + "\n\ndeny contains {\"code\": \"author.rule\", \"message\": \"The author's own rule.\"} if {\n\t" + condition + "\n}\n"
}

// typo refers to a field that the order's schema does not have.
const typo = `package order

# METADATA
# schemas:
#   - input: schema.order.input
deny contains {"code": "author.typo", "message": "Never."} if {
	input.order.tipe == "sample"
}
`

func TestFaultyPoliciesAreRefusedAtStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file, text, said string }{
		{"a syntax error", "order/broken.rego", "package order\n\ndeny contains ] if true\n", `broken\.rego:3:\d+`},
		{"a rule that does not end", "coupon/broken.rego", "package coupon\n\ndeny contains {\"code\": \"x\"} if {\n", `broken\.rego:\d+`},
		{"a variable that nothing uses", "order/extra.rego", denial("order", "unused := 1"), `extra\.rego:4:\d+`},
		{"an unknown function", "product/extra.rego", denial("product", "no_such_function(1)"), `extra\.rego:4:\d+`},
		{"a field that the schema does not know", "order/extra.rego", typo, `extra\.rego:7:\d+`},
		{"http.send", "order/extra.rego", denial("order", `http.send({"method": "get", "url": "http://127.0.0.1/"}).status_code == 200`), `extra\.rego:4:\d+`},
		{"a name look-up", "order/extra.rego", denial("order", `count(net.lookup_ip_addr("localhost")) > 0`), `extra\.rego:4:\d+`},
		{"the machine's environment", "grant/extra.rego", "package grant\n\n_env := opa.runtime()\n\ncampaigns contains _env.env.HOME\n", `extra\.rego:3:\d+`},
		{"the clock", "coupon/extra.rego", denial("coupon", "time.now_ns() < 0"), `extra\.rego:4:\d+`},
		{"chance", "product/extra.rego", denial("product", `rand.intn("x", 2) == 1`), `extra\.rego:4:\d+`},
		{"a shift that no deadline stops", "order/extra.rego", denial("order", "bits.lsh(1, 99999999999) < 0"), `extra\.rego:4:\d+`},
		{"data that is no JSON", "order/more/data.json", "{", `data\.json`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := policyFolder(t, map[string]string{c.file: c.text})
			said := refused(t, withFlag("policies", dir))
			if !regexp.MustCompile(c.said).MatchString(said) {
				t.Errorf("want %s in:\n%s", c.said, said)
			}
		})
	}
}

// decisionNames are all decisions of Contract §8.
var decisionNames = []string{
	"order.deny", "product.deny", "coupon.deny", "grant.campaigns",
	"giftcard.issue.deny", "giftcard.redeem.deny", "wallet.topup.bonus_percent", "wallet.withdraw.deny",
}

func TestAMissingDecisionIsRefusedAtStart(t *testing.T) {
	t.Parallel()
	for _, decision := range decisionNames {
		t.Run(decision, func(t *testing.T) {
			pkg := decision[:strings.LastIndexByte(decision, '.')]
			said := refused(t, withFlag("policies", without(t, policyFolder(t, nil), strings.ReplaceAll(pkg, ".", "/"))))
			if !strings.Contains(said, decision) {
				t.Errorf("the message does not name %s:\n%s", decision, said)
			}
		})
	}
}

func TestACopyOfTheShippedFolderDecidesTheSame(t *testing.T) {
	t.Parallel()
	s := start(t, withFlag("policies", policyFolder(t, nil)))
	s.give(t, "c", half)
	if q := s.quote(t, orderOf(t, "c")); q.Totals.CouponDiscount != "10.00" {
		t.Errorf("%+v", q)
	}
	if again := s.quote(t, orderOf(t, "c")); !sameQuote(s.quote(t, orderOf(t, "c")), again) {
		t.Error("the shipped policies do not look at now, so their quotes are shared")
	}
	if q := s.quote(t, orderOf(t, "c", `"dropshipping"`, `"sample"`)); !slices.Equal(codes(q.Denials), []string{"order.type"}) {
		t.Errorf("%+v", q.Denials)
	}
	s.register(t, "d", http.StatusCreated)
}

type decision struct {
	Name       string   `json:"name"`
	DependsOn  []string `json:"depends_on"`
	Remembered *bool    `json:"remembered"`
}

// status is GET /admin/v1/policy (Contract §2).
type status struct {
	Revision    string     `json:"revision"`
	Source      string     `json:"source"`
	ActivatedAt time.Time  `json:"activated_at"`
	Decisions   []decision `json:"decisions"`
	LastError   *struct {
		Message      string   `json:"message"`
		File         string   `json:"file"`
		Line         int      `json:"line"`
		Column       int      `json:"column"`
		FailingTests []string `json:"failing_tests"`
	} `json:"last_error"`
}

func (s *sidecar) policy(t *testing.T) status {
	t.Helper()
	var st status
	s.admin(t, http.MethodGet, "/admin/v1/policy", "").want(t, http.StatusOK).into(t, &st)
	return st
}

func TestThePolicyInForceIsShown(t *testing.T) {
	t.Parallel()
	s := sharedSidecar(t)
	st := s.policy(t)
	if q := s.quote(t, order); q.PolicyRevision != st.Revision || st.Source == "" || st.ActivatedAt.IsZero() || st.LastError != nil {
		t.Errorf("quote of %s, %+v", q.PolicyRevision, st)
	}
	for _, name := range decisionNames {
		shown := func(d decision) bool {
			return strings.HasSuffix(d.Name, name) && d.DependsOn != nil && d.Remembered != nil
		}
		if !slices.ContainsFunc(st.Decisions, shown) {
			t.Errorf("%s is not shown: %+v", name, st.Decisions)
		}
	}
}

func TestReloading(t *testing.T) {
	t.Parallel()
	dir := policyFolder(t, nil)
	s := start(t, withFlag("policies", dir))
	s.give(t, "c", half)
	reload := func() answer { return s.admin(t, http.MethodPost, "/admin/v1/policy/reload", "") }
	before, good := s.quote(t, orderOf(t, "c")), s.policy(t)

	write(t, filepath.Join(dir, "order", "extra.rego"), "package order\n\ndeny contains ] if true\n")
	if a := reload(); !strings.Contains(string(a.body), "extra.rego") {
		t.Errorf("the refusal does not name the file: %s", a.body)
	} else {
		a.refusal(t, http.StatusUnprocessableEntity, "policy.refused")
	}
	st := s.policy(t)
	if st.Revision != good.Revision || st.LastError == nil || !strings.HasSuffix(st.LastError.File, "extra.rego") || st.LastError.Line != 3 || st.LastError.Column < 1 {
		t.Errorf("after a broken file: %+v", st)
	}
	if q := s.quote(t, orderOf(t, "c")); !sameQuote(before, q) {
		t.Error("a policy that was refused changed a quote")
	}

	write(t, filepath.Join(dir, "order", "extra.rego"), denial("order", `input.customer.id == "c"`))
	reload().want(t, http.StatusOK)
	q := s.quote(t, orderOf(t, "c"))
	if !slices.Equal(codes(q.Denials), []string{"author.rule"}) || q.ID == before.ID || q.PolicyRevision == good.Revision {
		t.Errorf("after a good file: %+v", q)
	}
	if st := s.policy(t); st.LastError != nil || st.Revision != q.PolicyRevision {
		t.Errorf("after a good file: %+v", st)
	}
}
