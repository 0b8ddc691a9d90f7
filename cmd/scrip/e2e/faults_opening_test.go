// Faults while a sidecar opens its ledger: a new one, whose tables it makes, and one that a killed sidecar left, whose
// log it reads. Whatever happens there, the next sidecar finds a ledger that holds all that was answered.
package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"scrip/engine/prove"
)

func TestAFaultWhileTheLedgerIsOpened(t *testing.T) {
	t.Parallel()
	left := depart(t)
	for _, b := range bookings {
		if b.prepare == nil {
			left.book(t, b)
		}
	}
	left.leave(t)
	empty := &journey{s: &sidecar{dir: t.TempDir()}, answers: map[string]answer{}, calls: map[string]call{}}
	for _, before := range []struct {
		name string
		*journey
		usual map[string]int // the place of each kind that is tried every day
	}{
		{"a new ledger", empty, map[string]int{"a sync fails": 3}},
		{"a ledger that was left", left, map[string]int{"killed at a write": 5}},
	} {
		for _, k := range kinds {
			t.Run(before.name+", "+k.name, func(t *testing.T) {
				t.Parallel()
				n, places := before.usual[k.name], map[int]bool{}
				if prove.Count(0, 1) == 0 {
					if n > 0 && before.copied(t).open(t, k, n) == 0 {
						t.Errorf("there is no call %d of %s", n, k.calls)
					}
					return
				}
				for n := 1; ; n++ {
					at := before.copied(t).open(t, k, n)
					if at == 0 || t.Failed() {
						break
					}
					places[at] = true
				}
				t.Logf("%s, %s: %d places", before.name, k.name, len(places))
			})
		}
	}
}

// copied is a journey on a copy of this one's folder.
func (j *journey) copied(t *testing.T) *journey {
	t.Helper()
	data := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(data, os.DirFS(j.s.dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(data, 0o700); err != nil { //nolint:gosec // a folder
		t.Fatal(err)
	}
	return &journey{s: &sidecar{dir: data}, answers: maps.Clone(j.answers), calls: maps.Clone(j.calls)}
}

// open starts a sidecar with a fault, and the next one without; it tells which call was hit, 0 if none was.
func (j *journey) open(t *testing.T, k kind, n int) int {
	t.Helper()
	t.Helper()
	in := injection{calls: k.calls, what: k.what, when: fmt.Sprint(n)}
	log := straceLog(t)
	j.s.process, j.s.client = launchUnder(t, in, j.s.dir, log), newClient("")
	at := 0
	select {
	case <-j.s.ended:
		if k.what == killed {
			eventually(t, "strace tells of the end", func() bool { at, _ = in.seen(t, log); return at > 0 })
		}
	default: // it serves
	}
	j.leave(t)
	if k.what != killed {
		at, _ = in.seen(t, log)
	}
	if k.calls == syncs && k.what == diskFails && at > 0 && waited(j.s.err).ExitStatus() != exitNotDurable {
		t.Errorf("sync %d failed, and it ended by %v:\n%s", at, j.s.err, j.s.stderr)
	}
	if strings.Contains(j.s.stderr.String(), "panic:") {
		t.Errorf("it panicked:\n%s", j.s.stderr)
	}
	j.restart(t)
	j.finish(t)
	j.leave(t)
	return at
}

// SQLite syncs the folder that names its files, but does not tell if that fails.
func TestAFolderThatCannotBeSyncedIsRefused(t *testing.T) {
	t.Parallel()
	in := injection{calls: syncs, what: diskFails, when: "1+", folder: true}
	p := launchUnder(t, in, t.TempDir(), straceLog(t))
	_ = p.end(syscall.SIGKILL)
	if waited(p.err).ExitStatus() != exitNotDurable || !strings.Contains(p.stderr.String(), "the disk did not keep the ledger") {
		t.Errorf("it ended by %v:\n%s", p.err, p.stderr)
	}
}
