// Faults while a sidecar opens its ledger: a new one, whose tables it makes, one with nothing but tables, and one that a
// killed sidecar left, whose log it reads. Whatever happens there, the next sidecar finds a ledger that holds all that was
// answered.
package e2e

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"scrip/engine/ledger/sqlstore"
	"scrip/engine/prove"
)

func TestAFaultWhileTheLedgerIsOpened(t *testing.T) {
	t.Parallel()
	for _, before := range []struct {
		name string
		*journey
		usual map[string]int // the place of a kind that is tried every day
	}{
		{"a new ledger", beforeDeparture(t), map[string]int{"a sync fails": 3}},
		{"a ledger of empty tables", onlyTables(t), nil},
		{"a ledger that was left", leftBehind(t), map[string]int{"killed at a write": 5}},
	} {
		for _, k := range kinds {
			t.Run(before.name+", "+k.name, func(t *testing.T) {
				t.Parallel()
				if prove.Count(0, 1) == 1 {
					before.openEverywhere(t, k)
				} else if n := before.usual[k.name]; n > 0 {
					if hit, _ := before.copied(t).open(t, k, n); hit == 0 {
						t.Errorf("there is no call %d of %s", n, k.calls)
					}
				}
			})
		}
	}
}

func beforeDeparture(t *testing.T) *journey {
	return &journey{s: &sidecar{dir: t.TempDir()}, answers: map[string]answer{}, calls: map[string]call{}}
}

func onlyTables(t *testing.T) *journey {
	t.Helper()
	j := beforeDeparture(t)
	store, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(j.s.dir, "scrip.db"))
	if err == nil {
		err = store.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func leftBehind(t *testing.T) *journey {
	t.Helper()
	j := depart(t)
	for _, b := range bookings {
		if b.prepare == nil {
			j.book(t, b)
		}
	}
	j.leave(t)
	return j
}

// openEverywhere tries every call. Opening works on several threads, each of which strace counts by itself: a call that
// comes late on a thread of its own may be out of reach.
func (j *journey) openEverywhere(t *testing.T, k kind) {
	t.Helper()
	places, all := map[int]bool{}, 0
	for n, there := 1, true; there && !t.Failed(); n++ {
		there = places[n]
		for try := 0; try < 3 && !places[n]; try++ {
			hit, calls := j.copied(t).open(t, k, n)
			there = there || hit > 0 || calls >= n
			if hit > 0 {
				places[hit] = true
			} else {
				all = calls // of an opening without a fault
			}
		}
	}
	t.Logf("%s: %d of %d places", t.Name(), len(places), all)
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

// open starts a sidecar with a fault, and the next one without; it tells which call was hit, 0 if none was, and how many
// there were.
func (j *journey) open(t *testing.T, k kind, n int) (hit, calls int) {
	t.Helper()
	in := injection{calls: k.calls, what: k.what, when: fmt.Sprint(n)}
	log := straceLog(t)
	j.s.process, j.s.client = launchUnder(t, in, j.s.dir, log), newClient("")
	select {
	case <-j.s.ended:
		if k.what == killed {
			eventually(t, "strace tells of the end", func() bool { hit, calls = in.seen(t, log); return hit > 0 })
		}
	default: // it serves
	}
	j.leave(t)
	if hit == 0 {
		if hit, calls = in.seen(t, log); k.what == killed {
			hit = 0 // it was we who killed it
		}
	}
	if k.calls == syncs && k.what == diskFails && hit > 0 && waited(j.s.err).ExitStatus() != exitNotDurable {
		t.Errorf("sync %d failed, and it ended by %v:\n%s", hit, j.s.err, j.s.stderr)
	}
	if strings.Contains(j.s.stderr.String(), "panic:") {
		t.Errorf("it panicked:\n%s", j.s.stderr)
	}
	j.restart(t)
	j.finish(t)
	j.leave(t)
	return hit, calls
}

// SQLite syncs the folder that names its files, but does not tell if that fails.
func TestAFolderThatCannotBeSyncedIsRefused(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	if p := launchUnsynced(t, data); !strings.Contains(p.stderr.String(), "master key: sync") { // a ledger elsewhere may be sealed under it
		t.Errorf("it ended by %v:\n%s", p.err, p.stderr)
	}
	p := launchUnsynced(t, data) // there is a key now
	if waited(p.err).ExitStatus() != exitNotDurable || !strings.Contains(p.stderr.String(), "the disk did not keep the ledger") {
		t.Errorf("it ended by %v:\n%s", p.err, p.stderr)
	}
}

// launchUnsynced launches a sidecar over a folder whose every sync fails.
func launchUnsynced(t *testing.T, data string) *process {
	t.Helper()
	p := launchUnder(t, injection{calls: syncs, what: diskFails, when: "1+", folder: true}, data, straceLog(t))
	_ = p.end(syscall.SIGKILL)
	return p
}
