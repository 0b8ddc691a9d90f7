// Package e2e drives the real scrip binary over HTTP and holds every answer against CONTRACT.md. Nothing of the
// product is imported: what a test knows, a client knows. This file builds the program once and runs it.
//
// Environment: SCRIP_COVER_DIR collects coverage of the processes; SCRIP_E2E_RACE=0 builds without the race detector
// (which is also left out where there is no C compiler).
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"scrip/engine/ledger/sqlstore/pgtest"
)

// patience bounds every wait: generous, because the race detector and a busy machine slow the sidecar down.
const patience = 30 * time.Second

var (
	binary  string // the program under test
	scratch string // everything the run leaves behind, removed at its end
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if scratch, err = os.MkdirTemp("", "scrip-e2e-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(scratch)
	binary = filepath.Join(scratch, "scrip")
	if out, err := build(binary); err != nil {
		fmt.Fprintf(os.Stderr, "building scrip: %v\n%s", err, out)
		return 1
	}
	code := m.Run()
	if err := pgtest.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "the shared Postgres:", err)
		return 1
	}
	if err := closeShared(); err != nil {
		fmt.Fprintln(os.Stderr, "the shared sidecar:", err)
		return 1
	}
	return code
}

func build(target string) ([]byte, error) {
	args := []string{"build", "-o", target}
	if withRace() {
		args = append(args, "-race")
	}
	if os.Getenv("SCRIP_COVER_DIR") != "" {
		args = append(args, "-cover", "-covermode=atomic", "-coverpkg=scrip/...")
	}
	return exec.Command("go", append(args, "scrip/cmd/scrip")...).CombinedOutput()
}

func withRace() bool {
	if os.Getenv("SCRIP_E2E_RACE") == "0" {
		return false
	}
	cc, err := exec.Command("go", "env", "CC").Output()
	if err != nil {
		return false
	}
	_, err = exec.LookPath(strings.TrimSpace(string(cc)))
	return err == nil
}

// settings are what a process is started with: flags by name, environment, data directory.
type settings struct {
	flags map[string]string
	env   []string
	data  string
}

type option func(*settings)

func withFlag(name, value string) option { return func(s *settings) { s.flags[name] = value } }
func withoutFlag(name string) option     { return func(s *settings) { delete(s.flags, name) } }
func withEnv(pairs ...string) option {
	return func(s *settings) { s.env = append(s.env, pairs...) }
}

// withData reuses a data directory, which is how a test restarts a sidecar.
func withData(dir string) option {
	return func(s *settings) { s.data, s.flags["data"] = dir, dir }
}

func gather(opts []option) (settings, error) {
	dir, err := os.MkdirTemp(scratch, "d") // short: a socket's path has 108 bytes at most
	if err != nil {
		return settings{}, err
	}
	s := settings{data: dir, flags: map[string]string{
		"listen": "127.0.0.1:0", "admin-listen": "127.0.0.1:0", "data": dir, "log-format": "json",
	}}
	for _, opt := range opts {
		opt(&s)
	}
	return s, nil
}

// command makes the process with none of the caller's own SCRIP_ variables.
func (s settings) command() *exec.Cmd {
	args := []string{"serve"}
	for name, value := range s.flags {
		args = append(args, "--"+name+"="+value)
	}
	sort.Strings(args[1:])
	cmd := exec.Command(binary, args...)
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "SCRIP_") && !strings.HasPrefix(pair, "GOCOVERDIR=") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	if dir := os.Getenv("SCRIP_COVER_DIR"); dir != "" {
		cmd.Env = append(cmd.Env, "GOCOVERDIR="+dir)
	}
	cmd.Env = append(cmd.Env, s.env...)
	return cmd
}

// process is a running or ended scrip with what it wrote to stderr.
type process struct {
	cmd    *exec.Cmd
	stderr *transcript
	ended  chan struct{} // closed once Wait has returned
	err    error         // Wait's, after ended
	once   sync.Once
}

func spawn(s settings) (*process, error) { return begin(s.command()) }

func begin(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, stderr: newTranscript(), ended: make(chan struct{})}
	p.cmd.Stderr = p.stderr
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.ended)
	}()
	return p, nil
}

// end sends the signal and waits; a process that outstays patience is killed and that is the error.
func (p *process) end(signal syscall.Signal) error {
	_ = p.cmd.Process.Signal(signal)
	select {
	case <-p.ended:
		return p.err
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("still running %v after %v", patience, signal)
	}
}

// refused starts a process that must give up by itself with a non-zero exit, and returns what it said.
func refused(t *testing.T, opts ...option) string {
	t.Helper()
	s, err := gather(opts)
	if err != nil {
		t.Fatal(err)
	}
	p, err := spawn(s)
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-p.ended:
	case <-p.stderr.serving:
		_ = p.end(syscall.SIGTERM)
		t.Fatalf("it serves, but should have refused to start:\n%s", p.stderr)
	case <-time.After(patience):
		_ = p.end(syscall.SIGKILL)
		t.Fatalf("it neither serves nor ends:\n%s", p.stderr)
	}
	if p.err == nil {
		t.Fatalf("it ended with exit status 0, but should have failed:\n%s", p.stderr)
	}
	if said := p.stderr.String(); strings.Contains(said, "panic:") || strings.Contains(said, "DATA RACE") {
		t.Errorf("it crashed instead of refusing:\n%s", said)
	}
	return p.stderr.String()
}
