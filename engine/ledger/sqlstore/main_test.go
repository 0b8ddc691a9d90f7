package sqlstore

import (
	"fmt"
	"os"
	"testing"

	"go.uber.org/goleak"

	"scrip/engine/ledger/sqlstore/pgtest"
)

// TestMain: this binary is also the child that the crash test kills. Whatever
// a test opens it closes: no goroutine may be left.
func TestMain(m *testing.M) {
	if path := os.Getenv(crashFile); path != "" {
		crashChild(path)
		return
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := pgtest.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, "stopping postgres:", err)
			code = max(code, 1)
		}
		os.Exit(code)
	}))
}
