// Gift cards as CSV. A file gets its name when all of it is on disk; until then it has another one, which names the key
// that the command goes on with: whatever becomes of the command, no card is lost and none is issued twice.
package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
)

// cardFile is a CSV file in the making; nil takes cards and keeps none.
type cardFile struct {
	path  string   // its name in the end; "" for a stream
	name  string   // until then
	draft *os.File // nil for a stream
	rows  *csv.Writer
	again bool // the same command left one
}

const (
	draftMark = ".partial-"        // and the key
	goOnFor   = 7 * 24 * time.Hour // that long a sidecar knows what it answered, at least (Contract §3)
)

// draftOf is the name of an unfinished file, in the same folder.
func draftOf(path, key string) string { return path + draftMark + url.QueryEscape(key) }

// leftOver refuses to begin over a file that is there, or anew where a command broke off: its cards are issued.
func leftOver(path, key string, now time.Time) error {
	if _, err := os.Lstat(path); err == nil {
		return fmt.Errorf("%s is there already and nothing is overwritten; name another file, or move it away", clean(path))
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return err
	}
	for _, entry := range entries {
		escaped, found := strings.CutPrefix(entry.Name(), filepath.Base(path)+draftMark)
		was, err := url.QueryUnescape(escaped)
		if !found || err != nil {
			continue
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		left := clean(draftOf(path, was))
		switch {
		case now.Sub(info.ModTime()) > goOnFor:
			return fmt.Errorf("%s was left by a command that broke off more than seven days ago, too long to go on with.\n"+
				"  Its cards are issued: keep the file under another name, and issue those that lack", left)
		case was != key:
			return fmt.Errorf("%s was left by a command that broke off; its cards are issued.\n"+
				"  Run that again with --idempotency-key %s: it goes on where it stopped", left, clean(was))
		}
	}
	return nil
}

// createCardFile begins a file, mode 0600. What the same command left stays until its cards come again.
func createCardFile(path, key string) (*cardFile, error) {
	f := &cardFile{path: path, name: draftOf(path, key)}
	err := f.begin()
	if errors.Is(err, fs.ErrExist) {
		f.again, err = true, nil
	}
	return f, err
}

// begin makes the unfinished file.
func (f *cardFile) begin() error {
	draft, err := os.OpenFile(f.name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	f.draft = draft
	return f.head(draft)
}

// cardsTo begins CSV on a stream.
func cardsTo(w io.Writer) (*cardFile, error) {
	f := &cardFile{}
	return f, f.head(w)
}

func (f *cardFile) head(w io.Writer) error {
	f.rows = csv.NewWriter(w)
	return f.write([]string{"id", "number", "code", "amount", "currency", "expires_at", "customer_id"})
}

func (f *cardFile) write(rows ...[]string) error {
	return f.rows.WriteAll(rows) // and flushes
}

// add writes cards and brings them to disk.
func (f *cardFile) add(items []jsontext.Value) error {
	if f == nil {
		return nil
	}
	cards, err := decodeItems[cardAnswer](items)
	if err != nil {
		return err
	}
	if f.again && f.draft == nil {
		if err := errors.Join(os.Remove(f.name), f.begin()); err != nil {
			return err
		}
	}
	rows := make([][]string, 0, len(cards))
	for _, c := range cards {
		rows = append(rows, []string{c.ID, c.Number, c.Code, c.Amount, c.Currency, orEmpty(c.ExpiresAt), orEmpty(c.CustomerID)})
	}
	if err := f.write(rows...); err != nil || f.draft == nil {
		return err
	}
	return f.draft.Sync()
}

// publish gives the file its name, unless something has it by now.
func (f *cardFile) publish() error {
	if f.draft == nil {
		return nil
	}
	mine, err := f.draft.Stat()
	if err != nil {
		return err
	}
	if there, err := os.Lstat(f.name); err != nil || !os.SameFile(mine, there) {
		return fmt.Errorf("%s was taken away, by another such command perhaps", clean(f.name))
	}
	if err := os.Link(f.name, f.path); err != nil {
		return err
	}
	if err := os.Remove(f.name); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(f.path))
}

// syncFolder brings the names in a folder to disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// discard takes back a file that no card is in; what an earlier command left stays.
func (f *cardFile) discard() error {
	if f == nil || f.draft == nil {
		return nil
	}
	return os.Remove(f.name)
}

// close ends it, whatever became of it.
func (f *cardFile) close() error {
	if f == nil || f.draft == nil {
		return nil
	}
	return f.draft.Close()
}

// orEmpty is the text, or nothing for none.
func orEmpty(text *string) string {
	if text == nil {
		return ""
	}
	return *text
}
