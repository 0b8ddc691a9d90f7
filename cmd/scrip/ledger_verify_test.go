package main

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// A ledger that is sound is said to be so; one with a row at fault ends with 1 and names it.
func TestLedgerVerify(t *testing.T) {
	data := t.TempDir()
	file := filepath.Join(data, "scrip.db")
	verify := func(want int, args ...string) string {
		t.Helper()
		var out, errs strings.Builder
		got := run(append([]string{"ledger", "verify", "--data", data}, args...), &globals{Ctx: t.Context(), Stdout: &out, Stderr: &errs})
		if got != want {
			t.Fatalf("%v ends with %d, want %d: %s%s", args, got, want, out.String(), errs.String())
		}
		return out.String() + errs.String()
	}
	if said := verify(exitFailed); !strings.Contains(said, "there is no ledger") {
		t.Errorf("without a ledger: %s", said)
	}
	store, err := openStore(t.Context(), "", data)
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if said := verify(exitDone); !strings.Contains(said, "sound") {
		t.Errorf("a sound one: %s", said)
	}
	if said := verify(exitDone, "--json"); !strings.Contains(said, `"faults": []`) {
		t.Errorf("a sound one: %s", said)
	}
	db, err := sql.Open("sqlite", file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(`INSERT INTO campaigns (id, name, percent, attributes, per_customer, issued, created_at) VALUES ('lost', 'n', '5', '', 1, 7, 0)`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if said := verify(exitFailed); !strings.Contains(said, "campaigns") || !strings.Contains(said, "lost") || !strings.Contains(said, "1 fault") {
		t.Errorf("a campaign that counts coupons which are not there: %s", said)
	}
	if said := verify(exitFailed, "--json"); !strings.Contains(said, `"id": "lost"`) {
		t.Errorf("as JSON: %s", said)
	}
	if said := verify(exitUsage, "--ledger", "mysql://x"); !strings.Contains(said, "neither sqlite:PATH nor postgres") {
		t.Errorf("another database: %s", said)
	}
}
