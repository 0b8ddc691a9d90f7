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

// batch is how many histories are lived before the steps are counted.
var batch = prove.Count(2, 50)

// promised is how many steps are lived on each store, at least.
var promised = flag.Int64("steps", int64(prove.Count(usualSteps, provenSteps)), "steps on each store")

// lanes are how many histories are lived at a time, each in a ledger of its own:
// on Postgres, a history waits half of the time for the other side.
var lanes = map[string]int{"sqlite": 1, "postgres": prove.Count(1, 2)}

// TestMain sets the length of histories; -rapid.steps still overrides. No
// goroutine may be left.
func TestMain(m *testing.M) {
	for name, value := range map[string]int{"rapid.checks": batch, "rapid.steps": stepsAHistory} {
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
