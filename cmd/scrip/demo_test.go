// The demo with this test binary as the sidecar: the real one, or one that plays it, well behaved and otherwise.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// fakeMode makes this test binary a sidecar when the demo starts it; its value says how that sidecar behaves.
const fakeMode = "DEMO_TEST_SIDECAR"

func init() {
	if mode := os.Getenv(fakeMode); mode != "" {
		os.Exit(fakeSidecarProcess(mode))
	}
}

// realMode makes it the real sidecar.
const realMode = "real"

// fakeSidecarProcess serves as "scrip serve" does as far as the demo can see: log line, token, SIGTERM.
func fakeSidecarProcess(mode string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if mode == realMode {
		return run(os.Args[1:], &globals{Ctx: ctx, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr})
	}
	fmt.Fprintln(os.Stderr, `{"msg":"starting"}`)
	if mode == "dies" {
		fmt.Fprintln(os.Stderr, `{"msg":"policy.refused","file":"order.rego"}`)
		return 7
	}
	folder := os.Args[len(os.Args)-3]
	if os.Getenv("SCRIP_TOKEN") != "" || os.WriteFile(filepath.Join(folder, "admin.token"), []byte("secret\n"), 0o600) != nil {
		return 8
	}
	quote, err := os.ReadFile(filepath.Join("testdata", "contract-example.quote.json"))
	if err != nil {
		return 9
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 10
	}
	go func() { _ = http.Serve(listener, fakeRoutes(mode, string(quote))) }()
	if mode != "silent" {
		fmt.Fprintf(os.Stderr, `{"msg":"serving","data":%q,"admin":%q}`+"\n", listener.Addr(), listener.Addr())
	}
	for range keptLogLines {
		fmt.Fprintln(os.Stderr, `{"msg":"request"}`)
	}
	<-ctx.Done()
	if mode == "stumbles" {
		fmt.Fprintln(os.Stderr, `{"msg":"drain failed"}`)
		return 3
	}
	return 0
}

// fakeRoutes answers quotes with one quote, and admin requests only with the token.
func fakeRoutes(mode, quote string) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/admin/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret" || mode == "refuses" {
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(401)
			_, _ = io.WriteString(w, `{"status":401,"code":"auth.required","detail":"who?"}`)
			return
		}
		w.WriteHeader(201)
	})
	mux.HandleFunc("/v1/customers/", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) })
	mux.HandleFunc("POST /v1/quotes", func(w http.ResponseWriter, _ *http.Request) {
		if mode == "cannot price" {
			http.Error(w, "no", 500)
			return
		}
		_, _ = io.WriteString(w, quote)
	})
	return mux
}

// demo runs the demo over dir with this binary as the sidecar.
func demo(t *testing.T, ctx context.Context, mode, dir string) (string, error) {
	t.Helper()
	t.Setenv(fakeMode, mode)
	t.Setenv("SCRIP_TOKEN", "the demo must not see this")
	t.Setenv("TMPDIR", t.TempDir())
	var stdout bytes.Buffer
	err := (&demoCmd{Dir: dir}).runWith(&globals{Ctx: ctx, Stdout: &stdout, Stderr: io.Discard}, os.Args[0])
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "scrip-demo-*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	return stdout.String(), err
}

const examples = "../../deploy/examples"

// ordersOnly is a copy of the examples without their story.
func ordersOnly(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files, err := filepath.Glob(examples + "/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		copyFile(t, file, filepath.Join(dir, filepath.Base(file)))
	}
	return dir
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheDemoPricesEveryExampleInNameOrder(t *testing.T) {
	out, err := demo(t, t.Context(), realMode, examples)
	if err != nil {
		t.Fatal(err)
	}
	at := -1
	for _, text := range []string{"01-bulk", "02-replaced", "03-block", "04-sample", "05-flash", "06-yen", "07-dinar", "08-contract",
		"  to pay    163.73 USD\n\n8 orders priced."} {
		next := strings.Index(out, text)
		if next <= at {
			t.Errorf("%s is missing or out of order:\n%s", text, out)
		}
		at = next
	}
}

func TestTheDemoTellsWhatWentWrong(t *testing.T) {
	for mode, want := range map[string][]string{
		"dies":         {"did not start (exit status 7)", `{"msg":"policy.refused","file":"order.rego"}`},
		"refuses":      {"setup.json: POST /admin/v1/campaigns: 401 auth.required"},
		"cannot price": {"01-bulk-dropshipping.json: ", "500 Internal Server Error"},
		"stumbles":     {"did not stop cleanly (exit status 3)", "drain failed"},
	} {
		t.Run(mode, func(t *testing.T) {
			_, err := demo(t, t.Context(), mode, ordersOnly(t))
			for _, text := range want {
				if err == nil || !strings.Contains(err.Error(), text) {
					t.Errorf("%q is missing in: %v", text, err)
				}
			}
		})
	}
}

func TestAnInterruptedDemoStopsItsSidecar(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	start := time.Now()
	if _, err := demo(t, ctx, "silent", examples); err == nil || time.Since(start) > stopTimeout {
		t.Errorf("after %s: %v", time.Since(start), err)
	}
}

func TestFoldersThatAreNoExamples(t *testing.T) {
	scrip(t, "demo", t.TempDir()).expect(t, exitFailed, "no order files in")
	scrip(t, "demo", "[").expect(t, exitFailed, "syntax error in pattern")
	dir := t.TempDir()
	for name, text := range map[string]string{"a.json": "{}", setupFile: `{"campains": []}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	scrip(t, "demo", dir).expect(t, exitFailed, setupFile, "campains")
	if err := os.Remove(filepath.Join(dir, setupFile)); err != nil {
		t.Fatal(err)
	}
	if _, orders, err := readExamples(dir); err != nil || len(orders) != 1 {
		t.Errorf("without a setup: %v, %v", orders, err)
	}
	if _, err := startSidecar(t.Context(), "no/such/program", dir); err == nil || !strings.Contains(err.Error(), "cannot start the sidecar") {
		t.Error(err)
	}
}

func TestExamplesAreAboutCustomersThatTheSetupKnows(t *testing.T) {
	setup, orders, err := readExamples(examples)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range orders {
		if setup.Stories[filepath.Base(file)] == "" {
			t.Errorf("%s has no story", file)
		}
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		order := readOrder(body)
		if len(order.lines) == 0 {
			t.Errorf("%s has no lines", file)
		}
	}
	if len(setup.Stories) != len(orders) {
		t.Errorf("%d stories for %d orders", len(setup.Stories), len(orders))
	}
}
