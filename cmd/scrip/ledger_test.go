// Backups and restores from the command line; that they are whole and sound is tested where they are made.
package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"scrip/engine/ledger"
	"scrip/engine/ledger/sqlstore"
)

// openLedger makes a ledger with a row in it, in use until the function that it returns is called.
func openLedger(t *testing.T, path string) (closing func()) {
	t.Helper()
	store, err := sqlstore.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Write(t.Context(), func(tx ledger.Tx) error {
		_, err := tx.PutMeta(context.Background(), "a", "row")
		return err
	}); err != nil {
		t.Error(err)
	}
	return func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestALedgerIsBackedUpAndRestored(t *testing.T) {
	startFake(t)
	folder := t.TempDir()
	path, backup := filepath.Join(folder, "scrip.db"), filepath.Join(t.TempDir(), "b.db")
	stop := openLedger(t, path)
	scrip(t, "ledger", "backup", backup, "--data", folder).expect(t, exitDone, "Backed up "+path+" to "+backup+": ", " bytes, checked.")
	scrip(t, "ledger", "backup", backup, "--data", folder).expect(t, exitFailed, "b.db is there already; nothing is overwritten")
	scrip(t, "ledger", "restore", backup, "--data", folder).expect(t, exitFailed, "scrip.db is there already", "--force keeps it")
	scrip(t, "ledger", "restore", backup, "--data", folder, "--force").expect(t, exitFailed, "scrip.db is in use by a sidecar", "stop the sidecar first")
	stop()
	o := scrip(t, "ledger", "restore", backup, "--data", folder, "--force")
	o.expect(t, exitDone, "Kept what was there as "+path+".before-", "Restored "+path+" from "+backup+", checked.")
	if kept, err := filepath.Glob(path + ".before-*"); err != nil || len(kept) != 1 || !strings.Contains(o.stdout, kept[0]) {
		t.Errorf("kept %v, %v", kept, err)
	}
	fresh := filepath.Join(t.TempDir(), "not", "yet", "there")
	scrip(t, "ledger", "restore", backup, "--data", fresh).expect(t, exitDone, "Restored")
	openLedger(t, filepath.Join(fresh, "scrip.db"))()
}

func TestTheLedgerIsTheOneThatServeTakes(t *testing.T) {
	startFake(t)
	path, backup := filepath.Join(t.TempDir(), "books.db"), filepath.Join(t.TempDir(), "b.db")
	openLedger(t, path)()
	scrip(t, "ledger", "backup", backup, "--ledger", "sqlite:"+path).expect(t, exitDone, "Backed up "+path)
	t.Setenv("SCRIP_LEDGER", "sqlite:"+path+"x")
	scrip(t, "ledger", "restore", backup).expect(t, exitDone, "Restored "+path+"x")
	for _, command := range []string{"backup", "restore"} {
		scrip(t, "ledger", command, backup, "--ledger", "mysql://user:secret@host").expect(t, exitUsage, "--ledger mysql:")
		scrip(t, "ledger", command).expect(t, exitUsage, "See: scrip ledger "+command+" --help")
	}
	scrip(t, "ledger", "backup", backup+"2", "--ledger", "sqlite:missing.db").expect(t, exitFailed, "missing.db")
	if _, err := os.Stat(backup + "2"); err == nil {
		t.Error("a backup of nothing")
	}
}
