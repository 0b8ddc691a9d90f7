// Where policies come from: the embedded set, folders with links and bounds, and data files that are merged as the stock
// tools merge them.
package policy

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"scrip/policies"
)

func TestTheEmbeddedPoliciesLoad(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 1, 1, 1, 0, 0, 0, time.FixedZone("later", 3600))
	s, err := Load(t.Context(), Folder("built in", policies.FS), Options{Timeout: patience, Memo: true}, at)
	if err != nil {
		t.Fatal(err)
	}
	if s.Source != "built in" || !s.ActivatedAt.Equal(at) || s.ActivatedAt.Location() != time.UTC || len(s.Revision) != 16 {
		t.Errorf("%+v", s)
	}
	want := []Dependency{
		{Name: OrderDeny, DependsOn: []string{"customer.blocklisted", "customer.id", "order.discounted", "order.type"}, Remembered: true},
		{Name: ProductDeny, DependsOn: []string{"line.discounted", "line.product.type"}, Remembered: true},
		{Name: CouponDeny, DependsOn: []string{"coupon.currency_matches", "coupon.minimum_spend_met", "coupon.owned", "coupon.status", "coupon.window"}, Remembered: true},
		{Name: GrantCampaigns, DependsOn: []string{}, Remembered: true},
		{Name: GiftCardIssueDeny, DependsOn: []string{"amount_minor", "currency", "digits"}},
		{Name: GiftCardRedeemDeny, DependsOn: []string{"card.status"}, Remembered: true},
		{Name: TopUpBonusPercent, DependsOn: []string{"amount_minor", "currency", "digits"}},
		{Name: WithdrawDeny, DependsOn: []string{"amount_minor", "wallet.cash_minor"}},
	}
	if got := s.Dependencies(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("dependencies %v, want %v", got, want)
	}
	for path, sees := range map[string]bool{"coupon": true, "coupon.window": true, "coupon.id": false, "coupon.window.x": true, "now": false, "line": false} {
		if s.LooksAt(CouponDeny, path) != sees {
			t.Errorf("looks at %s: %t", path, !sees)
		}
	}
	blocked := true
	reasons, err := s.OrderDenials(t.Context(), &Facts{Customer: Customer{ID: "c", Blocklisted: &blocked}, Order: &Order{Type: "sample", Discounted: true}})
	if err != nil || len(reasons) != 3 || reasons[0].Code != "customer.blocklisted" || reasons[1].Code != "order.other_discount" || reasons[2].Code != "order.type" {
		t.Errorf("%v, %v", reasons, err)
	}
	if ids, err := s.Grants(t.Context(), &Facts{}); err != nil || !slices.Equal(ids, []string{"welcome"}) {
		t.Errorf("grants %q, %v", ids, err)
	}
}

// The same content has the same revision wherever it lies; another name or another byte is another one.
func TestARevisionNamesTheContent(t *testing.T) {
	t.Parallel()
	revision := func(files map[string]string) string { return loaded(t, patience, files).Revision }
	base := revision(map[string]string{"a.json": `{"x":1}`})
	dir := t.TempDir()
	if err := os.CopyFS(dir, folder(map[string]string{"a.json": `{"x":1}`, "README.md": "not a policy", ".hidden.rego": "not rego"})); err != nil {
		t.Fatal(err)
	}
	onDisk, err := Load(t.Context(), Folder(dir, os.DirFS(dir)), Options{Timeout: time.Second, Memo: true}, time.Now().Add(time.Hour))
	if err != nil || onDisk.Revision != base {
		t.Errorf("in memory %s, on disk %+v, %v", base, onDisk, err)
	}
	seen := map[string]string{base: "base"}
	for name, files := range map[string]map[string]string{
		"another byte": {"a.json": `{"x":2}`}, "a space": {"a.json": `{"x":1} `}, "another name": {"b.json": `{"x":1}`}, "another folder": {"x/a.json": `{"x":1}`},
		"a test more": {"a.json": `{"x":1}`, "order/x_test.rego": "package order_test"}, "a schema more": {"a.json": `{"x":1}`, "schemas/x/input.json": "{}"},
		"a file less": nil,
	} {
		r := revision(files)
		if other, ok := seen[r]; ok {
			t.Errorf("%s has the revision of %s", name, other)
		}
		seen[r] = name
	}
}

// Kubernetes mounts a ConfigMap as links into ..data, itself a link that is swapped.
func TestAFolderAsKubernetesMountsIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	publish := func(version, data string) *Snapshot {
		t.Helper()
		for name, f := range folder(map[string]string{"order/data.json": data, "order/own.rego": denial("order", "input.order.type == data.order.bad")}) {
			file := filepath.Join(dir, version, name)
			if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, f.Data, 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		next := filepath.Join(dir, "..data_tmp")
		if err := errors.Join(os.Symlink(version, next), os.Rename(next, filepath.Join(dir, "..data"))); err != nil {
			t.Fatal(err)
		}
		linkIntoData(t, dir)
		s, err := Load(t.Context(), Folder(dir, os.DirFS(dir)), Options{Timeout: patience, Memo: true}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	first := publish("..2026_01", `{"bad":"sample"}`)
	second := publish("..2026_02", `{"bad":"gift"}`)
	if first.Revision == second.Revision {
		t.Error("the swap is not seen")
	}
	for s, bad := range map[*Snapshot]string{first: "sample", second: "gift"} {
		reasons, err := s.OrderDenials(t.Context(), &Facts{Order: &Order{Type: bad}})
		if err != nil || len(reasons) != 1 {
			t.Errorf("%s: %v, %v", bad, reasons, err)
		}
	}
}

func TestBoundsOfAFolder(t *testing.T) {
	t.Parallel()
	many := func(n int) map[string]string {
		files := make(map[string]string)
		for i := range n - len(decisionNames) {
			files[fmt.Sprintf("many/%d.json", i)] = fmt.Sprintf(`{"k%d":1}`, i)
		}
		return files
	}
	deep := func(n int) map[string]string { return map[string]string{strings.Repeat("d/", n) + "x.json": "{}"} }
	large := func(n int) map[string]string {
		return map[string]string{"x.json": `{"x":"` + strings.Repeat("x", n-len(`{"x":""}`)) + `"}`}
	}
	for name, c := range map[string]struct {
		files map[string]string
		fault string
	}{
		"as many files as fit": {many(maxFiles), ""}, "a file too many": {many(maxFiles + 1), "more than 2000 files"},
		"as deep as allowed": {deep(maxDepth), ""}, "too deep": {deep(maxDepth + 1), strings.Repeat("d/", maxDepth) + "d: more than 16 folders deep"},
		"as large as allowed": {large(maxFileBytes), ""}, "too large": {large(maxFileBytes + 1), "x.json: larger than 4194304 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Load(t.Context(), Folder("test", folder(c.files)), Options{Timeout: patience, Memo: true}, time.Now())
			var refused *RefusedError
			switch {
			case c.fault == "" && err != nil:
				t.Error(err)
			case c.fault != "" && (!errors.As(err, &refused) || len(refused.Faults) != 1 || refused.Faults[0] != (Fault{Message: c.fault})):
				t.Errorf("%v, want %s", err, c.fault)
			}
		})
	}
}

// brokenFS fails where it is told to.
type brokenFS struct {
	fs.FS
	bad string
}

var errDisk = errors.New("disk on fire")

func (b brokenFS) Open(name string) (fs.File, error) {
	if name == b.bad {
		return nil, errDisk
	}
	return b.FS.Open(name)
}

func (b brokenFS) Stat(name string) (fs.FileInfo, error) {
	if b.bad == "stat "+name {
		return nil, errDisk
	}
	return fs.Stat(b.FS, name)
}

func TestAFolderThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{".", "order", "order/base.rego", "stat order/base.rego"} {
		_, err := Load(t.Context(), Folder("test", brokenFS{folder(nil), bad}), Options{Timeout: patience, Memo: true}, time.Now())
		var refused *RefusedError
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), errDisk.Error()) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if _, err := Load(t.Context(), Folder("test", os.DirFS(filepath.Join(t.TempDir(), "nowhere"))), Options{Timeout: patience, Memo: true}, time.Now()); err == nil {
		t.Error("a folder that does not exist loads")
	}
}

func TestDataFilesAreMergedAsStockToolsDo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		files map[string]string
		want  string
	}{
		{"none", nil, `{}`},
		{"a folder is a path", map[string]string{"a/b/any.json": `{"x":1}`, "a/other.json": `{"y":2}`}, `{"a":{"b":{"x":1},"y":2}}`},
		{"the root", map[string]string{"data.json": `{"a":{"x":1}}`, "a/data.json": `{"y":2}`, "z.json": `{"a":{"z":3}}`}, `{"a":{"x":1,"y":2,"z":3}}`},
		{"objects of two files", map[string]string{"a/1.json": `{"o":{"x":{"p":1}}}`, "a/2.json": `{"o":{"x":{"q":2},"y":3}}`}, `{"a":{"o":{"x":{"p":1,"q":2},"y":3}}}`},
		{"YAML beside JSON", map[string]string{"a/1.json": `{"x":1}`, "a/2.yaml": "y: [yes, 0x10, 2020-01-01]\n", "a/3.yml": "z:\n  1: one\n"},
			`{"a":{"x":1,"y":["yes",16,"2020-01-01"],"z":{"1":"one"}}}`},
		{"numbers keep their text", map[string]string{"n.json": `{"n":[1.0,1,0.1,12345678901234567890,1e400]}`}, `{"n":[1.0,1,0.1,12345678901234567890,1e400]}`},
		{"null and nothing set nothing", map[string]string{"a/1.json": `null`, "a/2.yaml": "", "a/3.json": `{"x":1}`}, `{"a":{"x":1}}`},
		{"of one key twice the last", map[string]string{"a/1.json": `{"x":1,"x":2}`}, `{"a":{"x":2}}`},
		{"tests, schemas and hidden files are no data", map[string]string{
			"schemas/s.json": `{"x":1}`, ".git/a.json": `{"x":1}`, "a/.b.json": `{"x":1}`, "..data/c.json": `{`, "x_test.rego": "broken", "x.txt": "{}"}, `{}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := fstest.MapFS{}
			for name, text := range c.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			files, err := readFolder(root)
			if err != nil {
				t.Fatal(err)
			}
			_, store, err := compile(files, true)
			if err != nil {
				t.Fatal(err)
			}
			if got := everything(t, store); got.Compare(ast.MustParseTerm(c.want).Value) != 0 || got.String() != ast.MustParseTerm(c.want).String() {
				t.Errorf("data is %v, want %s", got, c.want)
			}
		})
	}
}
