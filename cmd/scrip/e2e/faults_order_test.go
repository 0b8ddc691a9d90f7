// An answer leaves only after its commit is on disk: strace sees the log written, the log synced, and then the answer.
package e2e

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// systemCall finds in a line of strace what was called on which file.
var systemCall = regexp.MustCompile(`^\d+ +(\w+)\(\d+<([^>]*)>(.*)`)

// toldBooked is an answer after a booking; the wrong code is refused and counted.
var toldBooked = regexp.MustCompile(`"HTTP/1\.1 (20|404)`)

func TestAnAnswerLeavesOnlyAfterItsCommitIsOnDisk(t *testing.T) {
	t.Parallel()
	j := depart(t)
	log := straceLog(t)
	strace := j.s.watch(t, log, "-f", "-qq", "-y", "-s", "12", "-o", log, "-e", "trace=write,"+writes+","+syncs)
	for _, b := range bookings {
		if b.prepare == nil {
			j.book(t, b)
		}
	}
	strace.end(t, true)
	text, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	wrote, unsynced, answers := false, false, 0
	syncing := map[string]bool{} // threads whose sync of the log is not over yet
	for _, line := range strings.Split(string(text), "\n") {
		thread, _, _ := strings.Cut(line, " ")
		if strings.Contains(line, "sync resumed>") && syncing[thread] && strings.HasSuffix(line, "= 0") {
			unsynced = false
		}
		found := systemCall.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		call, file, rest := found[1], found[2], found[3]
		switch ofLog := strings.HasSuffix(file, "scrip.db-wal"); {
		case ofLog && call == writes:
			wrote, unsynced = true, true
		case ofLog && strings.HasPrefix(call, "f"):
			syncing[thread] = true
			unsynced = unsynced && !strings.HasSuffix(rest, "= 0")
		case call == "write" && toldBooked.MatchString(rest) && wrote: // else it answers a quote
			if answers++; unsynced {
				t.Errorf("answer %d left before the log was synced:\n%s", answers, line)
			}
			wrote = false
		}
	}
	if want := len(bookings) - 1; answers != want {
		t.Errorf("strace saw %d bookings answered, want %d:\n%s", answers, want, clip(text))
	}
}
