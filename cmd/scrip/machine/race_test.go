//go:build race

package machine

// The race detector makes a step ten times as long, and histories are lived by
// one client: it proves little here.
const usualSteps, provenSteps = 300, 50_000
