package sqlstore

import (
	"errors"
	mathrand "math/rand/v2"
	"time"

	driver "modernc.org/sqlite"
	codes "modernc.org/sqlite/lib"
)

// turnPatience is how long a transaction waits for other processes that write
// the same file.
const turnPatience = 5 * time.Second

// lookAgain is about how long it waits between two looks.
const lookAgain = time.Millisecond

// begin starts a transaction when no other process writes the file. SQLite's
// own way of waiting sleeps for up to a tenth of a second between two looks:
// beside processes that always write, and leave the file free for a moment only,
// some transactions would never find it so. With many short looks all get their
// turns.
func (w *writer) begin() error {
	for overdue := time.Now().Add(w.patience); ; {
		err := w.raw("BEGIN IMMEDIATE")
		if !isBusy(err) || time.Now().After(overdue) {
			return err
		}
		time.Sleep(lookAgain/2 + mathrand.N(lookAgain)) // #nosec G404 -- no secret
	}
}

// isBusy reports whether another connection was in the way.
func isBusy(err error) bool { return codeOf(err) == codes.SQLITE_BUSY }

// codeOf is what kind of error of SQLite's it is, 0 if it is none.
func codeOf(err error) int {
	var failed *driver.Error
	if !errors.As(err, &failed) {
		return 0
	}
	return failed.Code() & 0xff
}
