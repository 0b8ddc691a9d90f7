// Package prove sets how hard the tests try: moderately in everyday runs, with
// the counts that the project promises in `make prove` (SCRIP_PROVE=1). Only
// tests import it.
package prove

import "os"

// Count is how many cases a test runs: usual every day, promised in a proof.
func Count(usual, promised int) int {
	if os.Getenv("SCRIP_PROVE") != "" {
		return promised
	}
	return usual
}
