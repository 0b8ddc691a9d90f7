package machine

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"testing"

	"go.uber.org/goleak"

	"scrip/engine/ledger/sqlstore/pgtest"
	"scrip/engine/prove"
)

// stepsAHistory is how many steps a history has on average.
const stepsAHistory = 200

// promised is how many steps are lived on each store.
var promised = int64(prove.Count(600, 1_000_000))

// TestMain sets how many histories there are, a few more than the steps need;
// -rapid.checks and -rapid.steps still override. No goroutine may be left.
func TestMain(m *testing.M) {
	for name, value := range map[string]int{"rapid.checks": prove.Count(6, 5_200), "rapid.steps": stepsAHistory} {
		if err := flag.Set(name, strconv.Itoa(value)); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := pgtest.Stop(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		os.Exit(code)
	}))
}
