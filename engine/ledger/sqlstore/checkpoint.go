package sqlstore

// Syncs of a SQLite file. After one that failed nobody knows what is on disk:
// the system may drop what it could not write and say at the next sync that all
// is well. So a failed sync is [ledger.ErrNotDurable], told before anybody is
// answered, and the writer books nothing more. The process has to end; the next
// one finds on disk what is there.
//
// SQLite keeps the failures of its own checkpoints to itself, so these are ours.

import (
	"context"
	"errors"
	"fmt"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"

	"scrip/engine/ledger"
)

// maxLogFrames is how many pages the log beside the file may hold before they
// are moved into the file.
const maxLogFrames = 1_000

// isLostSync reports whether SQLite says that a sync failed, of a file or of
// the folder that names it. A write that failed is not that: SQLite has given
// it up, and the disk may have room again.
func isLostSync(err error) bool {
	var failed *driver.Error
	return errors.As(err, &failed) && (failed.Code() == codes.SQLITE_IOERR_FSYNC || failed.Code() == codes.SQLITE_IOERR_DIR_FSYNC)
}

// notDurable marks a sync that failed.
func notDurable(err error) error {
	if err == nil || errors.Is(err, ledger.ErrNotDurable) {
		return err
	}
	return fmt.Errorf("%w: %w", ledger.ErrNotDurable, err)
}

// checkpoint moves what the log holds into the file and syncs both, if there
// are more than atMost pages to move. It waits for nobody. What readers still
// need stays, and what cannot be written stays too: both are in the log for the
// next time. Only a failed sync is an error.
func (s *session) checkpoint(atMost int64) error {
	ctx := context.Background()
	var busy, frames, moved int64
	err := s.one(ctx, `PRAGMA wal_checkpoint(NOOP)`, nil, &busy, &frames, &moved)
	if err == nil && frames-moved > atMost {
		err = s.one(ctx, `PRAGMA wal_checkpoint(PASSIVE)`, nil, &busy, &frames, &moved)
	}
	if errors.Is(err, ledger.ErrNotDurable) {
		return err
	}
	return nil
}

// checkpoint is the session's, behind the answers: they rest on the log.
func (w *writer) checkpoint(atMost int64) {
	if w.lost == nil {
		w.notice(w.session.checkpoint(atMost))
	}
}

// notice ends the writer's work for good if a sync has failed. Who is told
// should end the process and not come back.
func (w *writer) notice(err error) {
	if w.lost != nil || !errors.Is(err, ledger.ErrNotDurable) {
		return
	}
	w.lost = err
	w.tell(err)
}
