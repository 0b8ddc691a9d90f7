// Faults at a chosen system call: strace stops the real program at its n-th write or sync of the ledger's files and has
// it fail, or kills the program there. strace counts for each thread and each name of a call by itself, and Go moves its
// work between threads: so it is attached for one request only, whose writes are one thread's, and its log tells whether
// the n-th was hit.
package e2e

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Where a fault is put.
const (
	writes   = "pwrite64"
	syncs    = "fsync,fdatasync"
	cuts     = "ftruncate"
	removals = "?unlink,unlinkat" // one is not everywhere
)

// What happens there.
const (
	killed    = "signal=SIGKILL"
	diskFull  = "error=ENOSPC"
	diskFails = "error=EIO"
)

// injection is a fault at a call of the ledger's files.
type injection struct {
	calls, what string
	when        string // strace's: "3" is the third, "1+" is every one
	folder      bool   // the calls of the folder that names the files, instead of theirs
}

// arguments are strace's, with the log in file.
func (in injection) arguments(data, file string) []string {
	args := []string{"-f", "-qq", "-y", "-o", file, "-e", "trace=" + in.calls, "-e", "inject=" + in.calls + ":" + in.what + ":when=" + in.when}
	if in.folder {
		return append(args, "-P", data)
	}
	for _, ending := range []string{"", "-wal", "-shm", "-journal"} {
		args = append(args, "-P", filepath.Join(data, "scrip.db"+ending))
	}
	return args
}

func straceLog(t *testing.T) string { return filepath.Join(t.TempDir(), "strace") }

// attached is a strace at work on a sidecar.
type attached struct {
	cmd   *exec.Cmd
	log   string
	said  *bytes.Buffer
	ended chan struct{}
}

// attach puts a fault into the sidecar's calls from now on.
func (s *sidecar) attach(t *testing.T, in injection) *attached {
	t.Helper()
	log := straceLog(t)
	return s.watch(t, log, in.arguments(s.dir, log)...)
}

// watch returns when every thread of the sidecar is under strace. Where that is forbidden the test fails.
func (s *sidecar) watch(t *testing.T, log string, args ...string) *attached {
	t.Helper()
	a := &attached{log: log, said: new(bytes.Buffer), ended: make(chan struct{})}
	a.cmd = exec.Command("strace", append(args, "-p", fmt.Sprint(s.cmd.Process.Pid))...)
	a.cmd.Stderr = a.said
	if err := a.cmd.Start(); err != nil {
		t.Fatalf("strace: %v", err)
	}
	go func() {
		_ = a.cmd.Wait() // its log tells
		close(a.ended)
	}()
	t.Cleanup(func() { _ = a.cmd.Process.Kill(); <-a.ended })
	eventually(t, "strace is attached", func() bool {
		select {
		case <-a.ended:
			t.Fatalf("strace cannot trace a process here (does the machine allow ptrace?): %s", a.said)
		default:
		}
		return tracedBy(s.cmd.Process.Pid, a.cmd.Process.Pid)
	})
	return a
}

// tracedBy reports whether all threads of a process have this tracer.
func tracedBy(pid, tracer int) bool {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil || len(threads) == 0 {
		return false
	}
	for _, file := range threads {
		status, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(status, []byte(fmt.Sprintf("TracerPid:\t%d\n", tracer))) {
			return false
		}
	}
	return true
}

// end waits until strace has written its log. A sidecar that lives is let go; one that dies takes strace with it, which
// must not be told to end meanwhile: it would wait for threads that it has not buried.
func (a *attached) end(t *testing.T, lives bool) {
	t.Helper()
	if lives {
		_ = a.cmd.Process.Signal(syscall.SIGTERM)
	}
	within(t, "strace ends", a.ended)
}

// seen tells which of the calls the fault was put into, 0 if into none, and how many there were.
func (in injection) seen(t *testing.T, file string) (hit, calls int) {
	t.Helper()
	log, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, os.ErrNotExist) { // none: it was killed before the first call
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(log), "\n") {
		for _, call := range strings.Split(in.calls, ",") {
			if strings.Contains(line, " "+strings.TrimPrefix(call, "?")+"(") {
				calls++
			}
		}
		if strings.Contains(line, "(INJECTED)") && hit == 0 {
			hit = calls
		}
		if in.what == killed && strings.Contains(line, "+++ killed by SIGKILL +++") {
			return calls, calls
		}
	}
	return hit, calls
}

// launchUnder starts a sidecar under strace, which puts the fault into the opening of its ledger, and returns when it
// serves or has ended.
func launchUnder(t *testing.T, in injection, data, log string) *process {
	t.Helper()
	s, err := gather([]option{withData(data)})
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.command()
	args := append([]string{"-D"}, in.arguments(data, log)...) // -D: the sidecar is our child, not strace's
	traced := exec.Command("strace", append(append(args, "--"), cmd.Args...)...)
	traced.Env = cmd.Env
	p, err := begin(traced)
	if err != nil {
		t.Fatalf("strace: %v", err)
	}
	t.Cleanup(func() { _ = p.end(syscall.SIGKILL) })
	select {
	case <-p.ended:
	case <-p.stderr.serving:
	case <-time.After(patience):
		t.Fatalf("it neither serves nor ends:\n%s", p.stderr)
	}
	if strings.Contains(p.stderr.String(), "strace: ") {
		t.Fatalf("strace cannot trace a process here (does the machine allow ptrace?):\n%s", p.stderr)
	}
	return p
}

// within waits for the end of something, with a bound.
func within(t *testing.T, what string, ended <-chan struct{}) {
	t.Helper()
	select {
	case <-ended:
	case <-time.After(patience):
		t.Fatalf("after %v still not: %s", patience, what)
	}
}
