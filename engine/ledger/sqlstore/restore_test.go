// A restore makes the ledger from a sound backup, replaces nothing that is in
// use, and loses nothing that was there.
package sqlstore

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var restoredAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestARestoreIntoAnEmptyPlace(t *testing.T) {
	t.Parallel()
	path, backup, place := inFolder(t, "scrip.db"), inFolder(t, "b.db"), inFolder(t, "scrip.db")
	filled(t, path, "mine")
	if err := Backup(t.Context(), path, backup); err != nil {
		t.Fatal(err)
	}
	before, _ := os.ReadFile(backup)
	kept, err := Restore(t.Context(), backup, place, false, restoredAt)
	if err != nil || kept != "" || !has(t, place, "mine") {
		t.Errorf("kept %q, %v", kept, err)
	}
	if after, _ := os.ReadFile(backup); !bytes.Equal(before, after) {
		t.Error("the backup has changed")
	}
	if info, err := os.Stat(place); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
}

func TestARestoreKeepsTheOldLedgerAsideOrDoesNothing(t *testing.T) {
	t.Parallel()
	path, backup := inFolder(t, "scrip.db"), inFolder(t, "b.db")
	filled(t, backup, "new")
	filled(t, path, "old")
	if _, err := Restore(t.Context(), backup, path, false, restoredAt); !errors.Is(err, ErrExists) || !has(t, path, "old") {
		t.Errorf("without force: %v", err)
	}
	kept, err := Restore(t.Context(), backup, path, true, restoredAt)
	if err != nil || kept != path+".before-20260301T120000.000000000Z" {
		t.Fatalf("kept %q, %v", kept, err)
	}
	only(t, filepath.Dir(path), "scrip.db", filepath.Base(kept))
	if !has(t, path, "new") || has(t, path, "old") || !has(t, kept, "old") {
		t.Error("the two ledgers are mixed up")
	}
	if _, err := Restore(t.Context(), backup, path, true, restoredAt); !errors.Is(err, ErrExists) || !has(t, kept, "old") || !has(t, path, "new") {
		t.Errorf("what is kept already is overwritten: %v", err)
	}
}

func TestALedgerInUseIsNotReplaced(t *testing.T) {
	t.Parallel()
	s, backup := opened(t), inFolder(t, "b.db")
	path := pathOf(t, s)
	filled(t, backup, "new")
	if _, err := Restore(t.Context(), backup, path, true, restoredAt); !errors.Is(err, ErrInUse) {
		t.Errorf("%v", err)
	}
	if err := s.Write(t.Context(), putMeta("still")); err != nil {
		t.Errorf("the one in use: %v", err)
	}
}

// A file that cannot be looked at may be in use all the same. One that is no
// ledger any more is what backups are for.
func TestWhatCannotBeLookedAtIsNotReplaced(t *testing.T) {
	t.Parallel()
	backup, path := inFolder(t, "b.db"), inFolder(t, "scrip.db")
	filled(t, backup, "new")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), backup, path, true, restoredAt); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("%v", err)
	}
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		t.Errorf("%v, %v", info, err)
	}
	only(t, filepath.Dir(path), "scrip.db")
	for name, words := range map[string]string{"no ledger": "words ", "a format of the future": "SQLite format 3\x00\x10\x00\x09\x09"} {
		path := inFolder(t, "scrip.db")
		if err := os.WriteFile(path, []byte(strings.Repeat(words, 1_000)), 0o600); err != nil {
			t.Fatal(err)
		}
		kept, err := Restore(t.Context(), backup, path, true, restoredAt)
		if err != nil || !has(t, path, "new") {
			t.Errorf("%s: %v", name, err)
		}
		only(t, filepath.Dir(path), "scrip.db", filepath.Base(kept))
	}
}

// A log without its ledger would be replayed into whatever comes there.
func TestALeftLogIsSetAsideToo(t *testing.T) {
	t.Parallel()
	path, backup := inFolder(t, "scrip.db"), inFolder(t, "b.db")
	filled(t, backup, "new")
	if err := os.WriteFile(path+"-wal", []byte("left"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Restore(t.Context(), backup, path, false, restoredAt); !errors.Is(err, ErrExists) {
		t.Errorf("without force: %v", err)
	}
	kept, err := Restore(t.Context(), backup, path, true, restoredAt)
	if err != nil {
		t.Fatal(err)
	}
	only(t, filepath.Dir(path), "scrip.db", filepath.Base(kept)+"-wal")
	if !has(t, path, "new") {
		t.Error("not restored")
	}
}

func TestARottenBackupIsNotRestored(t *testing.T) {
	t.Parallel()
	sound := inFolder(t, "b.db")
	s := open(t, sound)
	for i := range 300 {
		if err := s.Write(t.Context(), putMeta(fmt.Sprint("row ", i))); err != nil {
			t.Fatal(err)
		}
	}
	closing(t, s)
	indexed(t, sound, "needle")
	bytesOf, err := os.ReadFile(sound)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func([]byte) []byte{
		"cut short":                            func(b []byte) []byte { return b[:len(b)/2] },
		"empty":                                func([]byte) []byte { return nil },
		"other words":                          func([]byte) []byte { return bytes.Repeat([]byte("words "), 1_000) },
		"a value that its index does not know": func(b []byte) []byte { return bytes.Replace(b, []byte("needle"), []byte("noodle"), 1) },
		"a bad page": func(b []byte) []byte {
			for i := len(b) - 4096; i < len(b); i++ {
				b[i] = 0xff
			}
			return b
		},
	} {
		path, rotten := inFolder(t, "scrip.db"), inFolder(t, "b.db")
		filled(t, path, "old")
		if err := os.WriteFile(rotten, spoil(bytes.Clone(bytesOf)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Restore(t.Context(), rotten, path, true, restoredAt); !errors.Is(err, ErrUnsound) {
			t.Errorf("%s: %v", name, err)
		}
		only(t, filepath.Dir(path), "scrip.db")
		if !has(t, path, "old") {
			t.Errorf("%s: the ledger is not as it was", name)
		}
	}
}

// indexed puts the word into a table and into its index, once each.
func indexed(t *testing.T, path, word string) {
	t.Helper()
	db, err := openDB(path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `CREATE TABLE words (word TEXT) STRICT; CREATE INDEX by_word ON words (word); INSERT INTO words VALUES ('`+word+`')`)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
}

// What cannot be read any more is what a restore is for.
func TestARestoreReplacesABrokenLedger(t *testing.T) {
	t.Parallel()
	path, backup := inFolder(t, "scrip.db"), inFolder(t, "b.db")
	filled(t, backup, "new")
	if err := os.WriteFile(path, bytes.Repeat([]byte("words "), 1_000), 0o600); err != nil {
		t.Fatal(err)
	}
	kept, err := Restore(t.Context(), backup, path, true, restoredAt)
	if err != nil || !has(t, path, "new") {
		t.Errorf("kept %q, %v", kept, err)
	}
}
