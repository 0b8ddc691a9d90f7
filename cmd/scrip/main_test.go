// The command line as a person meets it: help, exit codes, precedence; and the fake sidecar that the other tests ask.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/alecthomas/kong"
)

// outcome is what one command line did.
type outcome struct {
	code           int
	stdout, stderr string
}

// scrip runs a command line as main does, without a process.
func scrip(t *testing.T, args ...string) outcome { return scripWith(t, "", args...) }

// scripWith is scrip with text on standard input.
func scripWith(t *testing.T, stdin string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(args, &globals{Ctx: t.Context(), Stdin: strings.NewReader(stdin), Stdout: &stdout, Stderr: &stderr})
	return outcome{code, stdout.String(), stderr.String()}
}

// expect fails unless the code is right and every text stands in the output (stderr where code is not 0).
func (o outcome) expect(t *testing.T, code int, texts ...string) {
	t.Helper()
	out := o.stdout
	if code != exitDone {
		out = o.stderr
	}
	if o.code != code {
		t.Fatalf("exit %d, want %d\nstdout: %s\nstderr: %s", o.code, code, o.stdout, o.stderr)
	}
	for _, text := range texts {
		if !strings.Contains(out, text) {
			t.Errorf("%q is missing in:\n%s", text, out)
		}
	}
}

// fakeSidecar answers "METHOD path?query" with what is planned, in order; the last plan stays. It keeps what it was asked.
type fakeSidecar struct {
	*httptest.Server
	mu    sync.Mutex
	plans map[string][]reply
	asked []asked
}

type reply struct {
	status int
	body   string
	header map[string]string
}

type asked struct {
	line, body string
	header     http.Header
}

func startFake(t *testing.T) *fakeSidecar {
	t.Helper()
	f := &fakeSidecar{plans: map[string][]reply{}}
	f.Server = httptest.NewServer(f)
	t.Cleanup(f.Close)
	for _, name := range os.Environ() {
		if name, _, _ := strings.Cut(name, "="); strings.HasPrefix(name, "SCRIP_") {
			t.Setenv(name, "")
			os.Unsetenv(name)
		}
	}
	t.Setenv("SCRIP_SERVER", f.URL)
	t.Setenv("SCRIP_ADMIN_SERVER", f.URL)
	t.Setenv("SCRIP_DATA", t.TempDir())
	return f
}

func (f *fakeSidecar) on(line string, status int, body string) {
	f.plans[line] = append(f.plans[line], reply{status: status, body: body})
}

func (f *fakeSidecar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	line := r.Method + " " + r.URL.RequestURI()
	f.asked = append(f.asked, asked{line, string(body), r.Header})
	plans := f.plans[line]
	if len(plans) == 0 {
		plans = []reply{{404, fmt.Sprintf(`{"title":"Not Found","status":404,"code":"route.not_found","detail":"nothing planned for %s","request_id":"r"}`, line), nil}}
	}
	if len(plans) > 1 {
		f.plans[line] = plans[1:]
	}
	kind := "application/json"
	if plans[0].status >= 400 {
		kind = "application/problem+json"
	}
	w.Header().Set("Content-Type", kind)
	for name, value := range plans[0].header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(plans[0].status)
	_, _ = io.WriteString(w, plans[0].body)
}

// last is the latest request.
func (f *fakeSidecar) last() asked { return f.asked[len(f.asked)-1] }

// write makes a file in a folder of the test's own.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// commands are all, with what they consist of.
func commands(t *testing.T) (all []string) {
	t.Helper()
	parser, err := newParser(&globals{Ctx: t.Context(), Stdin: strings.NewReader(""), Stdout: io.Discard, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	var add func(*kong.Node)
	add = func(above *kong.Node) {
		for _, node := range above.Children {
			all = append(all, strings.TrimPrefix(node.FullPath(), "scrip "))
			add(node)
		}
	}
	add(parser.Model.Node)
	return all
}

func TestHelpShowsExamplesForEveryCommand(t *testing.T) {
	for _, line := range commands(t) {
		t.Run(line, func(t *testing.T) {
			scrip(t, append(strings.Fields(line), "--help")...).expect(t, exitDone, "Usage: scrip "+line, "Examples:\n\n", "\n    scrip "+line)
		})
	}
}

func TestNoArgumentsIsHelp(t *testing.T) {
	o := scrip(t)
	o.expect(t, exitDone, "Usage: scrip", "Back office:", "Exit codes")
	if again := scrip(t, "--help"); again.stdout != o.stdout {
		t.Error("--help says something else")
	}
}

func TestHelpFitsAHundredColumns(t *testing.T) {
	for _, line := range append(commands(t), "") {
		for text := range strings.Lines(scrip(t, append(strings.Fields(line), "--help")...).stdout) {
			if len([]rune(text)) > pageWidth+1 && !strings.HasPrefix(text, "    ") {
				t.Errorf("%s: too wide: %s", line, text)
			}
		}
	}
}

func TestVersionIsTheSameByCommandAndFlag(t *testing.T) {
	command := scrip(t, "version")
	command.expect(t, exitDone, "scrip ", "go1.")
	if flag := scrip(t, "--version"); flag.stdout != command.stdout {
		t.Errorf("%q is not %q", flag.stdout, command.stdout)
	}
	scrip(t, "version", "--json").expect(t, exitDone, `"version":"`, `"go":"go1.`)
}

func TestWrongCommandLinesExitWithTwoAndNameTheHelp(t *testing.T) {
	for _, test := range []struct {
		name string
		args []string
		want []string
	}{
		{"unknown command", []string{"qoute"}, []string{"scrip: ", "qoute", "See: scrip --help"}},
		{"unknown flag", []string{"quote", "a.json", "--selekt", "x"}, []string{"--selekt", "See: scrip quote --help"}},
		{"missing argument", []string{"coupon", "show"}, []string{"coupon", "See: scrip coupon show --help"}},
		{"two tokens", []string{"quote", "a", "--token", "x", "--token-file", "y"}, []string{"can't be used together"}},
		{"bad server", []string{"coupon", "list", "c", "--server", "ftp://x"}, []string{`"ftp://x" is not a server`}},
		{"attributes", []string{"register", "c", "--attributes", "{"}, []string{"--attributes is not JSON"}},
	} {
		t.Run(test.name, func(t *testing.T) { scrip(t, test.args...).expect(t, exitUsage, test.want...) })
	}
}

func TestAnInterruptedCommandSaysSo(t *testing.T) {
	f := startFake(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stderr bytes.Buffer
	code := run([]string{"coupon", "show", "x", "--server", f.URL}, &globals{Ctx: ctx, Stdout: io.Discard, Stderr: &stderr})
	if code != exitInterrupted || stderr.String() != "scrip: interrupted\n" {
		t.Errorf("exit %d: %s", code, stderr.String())
	}
}

func TestABugIsNotTakenForAnExit(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("the panic was swallowed")
		}
	}()
	run([]string{"version"}, &globals{Ctx: t.Context(), Stdout: nil, Stderr: io.Discard})
}

func TestConfigFileYieldsToTheEnvironment(t *testing.T) {
	// The order promised is flag, environment, file. The loader is asked through kong, as serve's --config does.
	startFake(t)
	resolver, err := loadConfig(strings.NewReader("server: http://file:1\ntoken: from-file\n"))
	if err != nil {
		t.Fatal(err)
	}
	parser, err := newParser(&globals{Ctx: t.Context(), Stdout: io.Discard, Stderr: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := parser.Parse([]string{"coupon", "show", "x"})
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range parsed.Flags() {
		value, err := resolver.Resolve(parsed, parsed.Path[0], flag)
		if err != nil {
			t.Fatal(err)
		}
		switch {
		case flag.Name == "server" && value != nil:
			t.Errorf("the file gives %v although SCRIP_SERVER is set", value)
		case flag.Name == "token" && value != "from-file":
			t.Errorf("the file's token is lost: %v", value)
		}
	}
	if _, err := loadConfig(strings.NewReader("\t: [")); err == nil {
		t.Error("a broken file is taken")
	}
}

func TestErrorsThatAreNotScripsOwnExitWithOne(t *testing.T) {
	var stderr bytes.Buffer
	if code := complain(&globals{Ctx: t.Context(), Stderr: &stderr}, errors.New("no luck\n")); code != exitFailed {
		t.Errorf("exit %d", code)
	}
	if stderr.String() != "scrip: no luck\n" {
		t.Errorf("%q", stderr.String())
	}
}
