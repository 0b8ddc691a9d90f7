package sqlstore

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"scrip/engine/ledger/sqlstore/pgtest"
)

// TestMain: whatever a test opens it closes, and no goroutine may be left.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := pgtest.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping postgres:", err)
			code = max(code, 1)
		}
		os.Exit(code)
	}))
}
