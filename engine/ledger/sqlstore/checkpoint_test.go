// Syncs that fail: nobody is answered before those who end the process are
// told, and nothing is booked afterwards. And the checkpoints that the writer
// makes itself, because SQLite does not tell of failures of its own.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"scrip/engine/ledger"
)

var errDisk = errors.New("the disk of the test")

func loseSync(tx ledger.Tx) error { return errors.Join(putMeta("lost")(tx), notDurable(errDisk)) }

// The one who is told comes back here, to see what is left; in a sidecar the
// process ends there.
func TestAFailedSyncIsToldBeforeAnyAnswer(t *testing.T) {
	var told []error
	var group []job
	opened, err := ServeSQLite(t.Context(), filepath.Join(t.TempDir(), "scrip.db"), func(err error) {
		for i, j := range group {
			if len(j.done) > 0 {
				t.Errorf("request %d was answered before", i)
			}
		}
		told = append(told, err)
	})
	if err != nil {
		t.Fatal(err)
	}
	s := opened.(*sqlite)
	for _, fn := range []func(ledger.Tx) error{putMeta("first"), loseSync, putMeta("last")} {
		group = append(group, job{ctx: t.Context(), fn: fn, done: make(chan error, 1)})
	}
	s.writer.commit(group) // its own goroutine has nothing to do meanwhile
	answers := []error{<-group[0].done, <-group[1].done, <-group[2].done, s.Write(t.Context(), putMeta("after")), s.commit(loseSync)[0]}
	for i, err := range answers {
		if !errors.Is(err, ledger.ErrNotDurable) || !errors.Is(err, errDisk) || errors.Is(err, ledger.ErrUnavailable) {
			t.Errorf("request %d is answered %v", i, err)
		}
	}
	if len(told) != 1 || !errors.Is(told[0], errDisk) {
		t.Errorf("told: %v", told)
	}
	if n := count(t, s, `SELECT count(*) FROM meta`); n != 0 {
		t.Errorf("%d rows were booked", n)
	}
	if err := s.Close(); !errors.Is(err, ledger.ErrNotDurable) {
		t.Errorf("closing says %v", err)
	}
}

// logged is how many pages the log holds, and how many of them have been moved.
func logged(t *testing.T, s *sqlite) (frames, moved int64) {
	t.Helper()
	err := s.Write(t.Context(), func(ledger.Tx) error { return nil }) // the checkpoint behind the write before is over
	var busy int64
	if err == nil {
		err = s.reading.QueryRowContext(t.Context(), `PRAGMA wal_checkpoint(NOOP)`).Scan(&busy, &frames, &moved)
	}
	if err != nil {
		t.Fatal(err)
	}
	return frames, moved
}

func TestTheWriterMakesTheCheckpoints(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scrip.db")
	s := open(t, path)
	if frames, moved := logged(t, s); frames != moved {
		t.Errorf("opened, %d of %d pages are in the file", moved, frames)
	}
	var most int64
	for frames, i := int64(0), 0; frames >= most && i < 3_000; i++ { // until the log begins anew
		if err := s.Write(t.Context(), putMeta(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
		most = max(most, frames)
		var moved int64
		if frames, moved = logged(t, s); frames-moved > maxLogFrames {
			t.Fatalf("%d pages wait in the log", frames-moved)
		}
	}
	if most <= maxLogFrames || most > 2*maxLogFrames {
		t.Errorf("the log began anew after %d pages, want a few more than %d", most, maxLogFrames)
	}
	// Left as a process leaves it that is killed.
	left := path + ".left"
	err := s.Write(t.Context(), putMeta("left"))
	for _, ending := range []string{"", "-wal"} {
		content, failed := os.ReadFile(path + ending)
		err = errors.Join(err, failed, os.WriteFile(left+ending, content, 0o600))
	}
	if err != nil {
		t.Fatal(err)
	}
	closing(t, s)
	s = open(t, left)
	defer closing(t, s)
	if frames, moved := logged(t, s); frames != moved || frames == 0 {
		t.Errorf("opened again, %d of %d pages are in the file", moved, frames)
	}
	if _, err := s.Meta(context.Background(), "left"); err != nil {
		t.Error(err)
	}
}

// SQLite's own checkpoints would hide that a sync failed.
func TestSQLiteMakesNoCheckpointsItself(t *testing.T) {
	s := opened(t)
	err := s.Write(t.Context(), func(tx ledger.Tx) error {
		var pages int64
		err := tx.(*session).one(t.Context(), `PRAGMA wal_autocheckpoint`, nil, &pages)
		if pages != 0 {
			t.Errorf("after %d pages", pages)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
