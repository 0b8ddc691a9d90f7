// Backups are whole, sound and private, made while others write, and never in
// anybody's place.
package sqlstore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"scrip/engine/ledger"
	"scrip/engine/prove"
)

// inFolder is a name in a folder of the test's own.
func inFolder(t *testing.T, name string) string {
	t.Helper()
	return filepath.Join(t.TempDir(), name)
}

// filled makes a ledger file with one row of its own and closes it.
func filled(t *testing.T, path, name string) {
	t.Helper()
	s := open(t, path)
	defer closing(t, s)
	if err := s.Write(t.Context(), putMeta(name)); err != nil {
		t.Fatal(err)
	}
}

// has says whether the ledger file holds the row.
func has(t *testing.T, path, name string) bool {
	t.Helper()
	s := open(t, path)
	defer closing(t, s)
	_, err := s.Meta(t.Context(), name)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// only lists the folder's files, which must be these.
func only(t *testing.T, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if fmt.Sprint(names) != fmt.Sprint(want) {
		t.Errorf("want %v, got %v", want, names)
	}
}

func TestABackupIsWholeAndPrivate(t *testing.T) {
	t.Parallel()
	s := opened(t)
	if err := s.Write(t.Context(), putMeta("mine")); err != nil {
		t.Fatal(err)
	}
	target := inFolder(t, "backup.db")
	if err := Backup(t.Context(), pathOf(t, s), target); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(target)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	only(t, filepath.Dir(target), "backup.db")
	if !has(t, target, "mine") {
		t.Error("the row is not in the backup")
	}
	if err := s.Write(t.Context(), putMeta("later")); err != nil {
		t.Errorf("after a backup: %v", err)
	}
}

// pathOf is the file that a store has open.
func pathOf(t *testing.T, s *sqlite) (path string) {
	t.Helper()
	if err := s.one(t.Context(), `SELECT file FROM pragma_database_list WHERE name = 'main'`, nil, &path); err != nil {
		t.Fatal(err)
	}
	return path
}

// Each transaction writes a pair; a backup in the midst of them has whole
// pairs, and everything that was answered before it began.
func TestBackupsAmongWritersHoldOneInstant(t *testing.T) {
	t.Parallel()
	s := opened(t)
	path, written := pathOf(t, s), 0
	leave, told := make(chan struct{}), make(chan int, 1)
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-leave:
				return
			default:
			}
			err := s.Write(context.Background(), func(tx ledger.Tx) error {
				return errors.Join(putMeta(fmt.Sprint("left ", i))(tx), putMeta(fmt.Sprint("right ", i))(tx))
			})
			if err != nil {
				t.Errorf("a backup is in a writer's way: %v", err)
				return
			}
			select {
			case <-told:
			default:
			}
			told <- i
		}
	})
	for range prove.Count(5, 200) {
		written = <-told
		target := inFolder(t, "b.db")
		if err := Backup(t.Context(), path, target); err != nil {
			t.Fatal(err)
		}
		copied := open(t, target)
		left := count(t, copied, `SELECT count(*) FROM meta WHERE name LIKE 'left %'`)
		right := count(t, copied, `SELECT count(*) FROM meta WHERE name LIKE 'right %'`)
		closing(t, copied)
		if left != right || left <= int64(written) {
			t.Errorf("%d and %d halves of at least %d pairs", left, right, written+1)
		}
	}
	close(leave)
	writing.Wait()
}

func TestABackupOverwritesNothing(t *testing.T) {
	t.Parallel()
	path := inFolder(t, "scrip.db")
	filled(t, path, "mine")
	folder := t.TempDir()
	there, dangling := filepath.Join(folder, "a"), filepath.Join(folder, "b")
	if err := os.WriteFile(there, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Join(folder, "elsewhere"), dangling); err != nil {
		t.Fatal(err)
	}
	log := filepath.Join(folder, "c-wal") // would be read into a ledger called c
	if err := os.WriteFile(log, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, target := range []string{there, dangling, folder, filepath.Join(folder, "c")} {
		if err := Backup(t.Context(), path, target); !errors.Is(err, ErrExists) {
			t.Errorf("%s: %v", target, err)
		}
	}
	if text, _ := os.ReadFile(there); string(text) != "precious" {
		t.Errorf("overwritten with %.20q", text)
	}
	only(t, folder, "a", "b", "c-wal")
}

// Of several who want one name one gets it, and no draft stays.
func TestBackupsAtOnceOfOneName(t *testing.T) {
	t.Parallel()
	path, target := inFolder(t, "scrip.db"), inFolder(t, "b.db")
	filled(t, path, "mine")
	errs := make([]error, 4)
	together(len(errs), func(i int) { errs[i] = Backup(context.Background(), path, target) })
	made := 0
	for _, err := range errs {
		if err == nil {
			made++
		} else if !errors.Is(err, ErrExists) {
			t.Error(err)
		}
	}
	if made != 1 || !has(t, target, "mine") {
		t.Errorf("%d backups of one name", made)
	}
}

func TestWhatIsNoLedgerIsNotBackedUp(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	text, empty, target := filepath.Join(folder, "text"), filepath.Join(folder, "empty"), filepath.Join(folder, "b.db")
	for file, content := range map[string][]byte{text: bytes.Repeat([]byte("words "), 1_000), empty: nil} {
		if err := os.WriteFile(file, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, path := range []string{text, empty, folder, filepath.Join(folder, "missing")} {
		if err := Backup(t.Context(), path, target); err == nil {
			t.Errorf("%s is backed up", path)
		}
	}
	only(t, folder, "empty", "text")
}

// References between rows are looked at: a redemption's coupon that is not there.
func TestACopyWithDanglingReferencesIsUnsound(t *testing.T) {
	t.Parallel()
	path := inFolder(t, "scrip.db")
	filled(t, path, "mine")
	db, err := openDB(path, "foreign_keys(0)")
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), `CREATE TABLE child (id TEXT REFERENCES meta(name)) STRICT; INSERT INTO child VALUES ('nowhere')`)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	target := inFolder(t, "b.db")
	if err := Backup(t.Context(), path, target); !errors.Is(err, ErrUnsound) {
		t.Errorf("%v", err)
	}
	only(t, filepath.Dir(target))
}
