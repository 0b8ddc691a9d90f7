// A policy folder is edited while it is in force: what passes its gate is in force soon, what does not is told.
package policy

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"scrip/policies"
)

// desk is a folder that is watched.
type desk struct {
	*Active
	folder string
}

func watched(t *testing.T, folder string) *desk {
	t.Helper()
	source := Directory(folder)
	load := func(ctx context.Context) (*Snapshot, error) {
		return Load(ctx, source, Options{Timeout: patience, Memo: true, Tests: true}, time.Now())
	}
	active, err := Activate(t.Context(), load)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		active.Watch(ctx, source, slog.New(slog.NewTextHandler(io.Discard, nil)))
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return &desk{active, folder}
}

func shippedCopy(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	if err := os.CopyFS(folder, policies.FS); err != nil {
		t.Fatal(err)
	}
	return folder
}

func (d *desk) write(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(d.folder, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	draft := path + ".draft" // as editors do: write beside, then rename
	if err := os.WriteFile(draft, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(draft, path); err != nil {
		t.Fatal(err)
	}
}

// soon waits until something holds; the test's own deadline is the only one.
func soon(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
	}
}

func (d *desk) allows(t *testing.T, orderType string) bool {
	t.Helper()
	no := false
	reasons, err := d.Current().OrderDenials(t.Context(), &Facts{Customer: Customer{ID: "c", Blocklisted: &no}, Order: &Order{Type: orderType}})
	if err != nil {
		t.Fatal(err)
	}
	return len(reasons) == 0
}

func TestAnEditIsInForceSoon(t *testing.T) {
	t.Parallel()
	d := watched(t, shippedCopy(t))
	if d.allows(t, "trial") {
		t.Fatal("trial orders are allowed at first")
	}
	d.write(t, "order/data.json", `{"allowed_types": ["dropshipping", "trial"], "blocklist": []}`)
	soon(t, "trial orders allowed", func() bool { return d.allows(t, "trial") })
	d.write(t, "order/house.rego", "package order\n\ndeny contains {\"code\": \"house\", \"message\": \"m\"} if input.order.type == \"trial\"\n")
	soon(t, "a new file's rule", func() bool { return !d.allows(t, "trial") })
	if err := os.Remove(filepath.Join(d.folder, "order/house.rego")); err != nil {
		t.Fatal(err)
	}
	soon(t, "a deleted file's rule gone", func() bool { return d.allows(t, "trial") })
}

func TestABrokenEditLeavesTheLastGoodInForce(t *testing.T) {
	t.Parallel()
	d := watched(t, shippedCopy(t))
	good := d.Current().Revision
	for name, c := range map[string]struct{ file, text, want string }{
		"syntax": {"order/house.rego", "package order\n\ndeny contains if\n", "order/house.rego:3"},
		"test": {"order/house_test.rego", "package order_test\n\ntest_it if 1 == 2\n",
			"order/house_test.rego:3:1: test failed: data.order_test.test_it"},
		"a test that never ends": {"order/house_test.rego", "package order_test\n\ntest_it if {\n\tsome x in numbers.range(1, 100000000000)\n\tx < 0\n}\n", "test"},
		"data":                   {"grant/data.json", "{\n  \"welcome_campaigns\": [\n", "grant/data.json:"},
	} {
		old, hadOld := os.ReadFile(filepath.Join(d.folder, c.file))
		d.write(t, c.file, c.text)
		soon(t, name+" refused", func() bool { return d.LastError() != nil && strings.Contains(d.LastError().Error(), c.want) })
		var refused *RefusedError
		if !errors.As(d.LastError(), &refused) || strings.Contains(name, "test") != (len(refused.FailingTests) == 1) {
			t.Errorf("%s: %v", name, d.LastError())
		}
		if d.Current().Revision != good || !d.allows(t, "dropshipping") {
			t.Errorf("%s: the last good one is not in force", name)
		}
		if hadOld == nil {
			d.write(t, c.file, string(old))
		} else if err := os.Remove(filepath.Join(d.folder, c.file)); err != nil {
			t.Fatal(err)
		}
		soon(t, name+" mended", func() bool { return d.LastError() == nil })
	}
}

// Kubernetes mounts a ConfigMap as links into a folder that it swaps whole.
func TestASwappedLinkIsNoticed(t *testing.T) {
	t.Parallel()
	first, second, mount := shippedCopy(t), shippedCopy(t), t.TempDir()
	if err := os.WriteFile(filepath.Join(second, "order/data.json"), []byte(`{"allowed_types": ["sample"], "blocklist": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	link := func(from, to string) {
		t.Helper()
		if err := os.Symlink(from, filepath.Join(mount, to)); err != nil {
			t.Fatal(err)
		}
	}
	link(first, "..data")
	linkIntoData(t, mount)
	d := watched(t, mount)
	for range 3 {
		link(second, "..data_new")
		if err := os.Rename(filepath.Join(mount, "..data_new"), filepath.Join(mount, "..data")); err != nil {
			t.Fatal(err)
		}
		soon(t, "the second folder", func() bool { return d.allows(t, "sample") && !d.allows(t, "dropshipping") })
		link(first, "..data_new")
		if err := os.Rename(filepath.Join(mount, "..data_new"), filepath.Join(mount, "..data")); err != nil {
			t.Fatal(err)
		}
		soon(t, "the first folder", func() bool { return d.allows(t, "dropshipping") && !d.allows(t, "sample") })
	}
}

func TestTheShippedTestsPassTheirGate(t *testing.T) {
	t.Parallel()
	if _, err := Load(t.Context(), Folder("built in", policies.FS), Options{Timeout: patience, Tests: true}, time.Now()); err != nil {
		t.Fatal(err)
	}
}
