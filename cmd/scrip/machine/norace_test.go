//go:build !race

package machine

const usualSteps, provenSteps = 2_000, 1_000_000
