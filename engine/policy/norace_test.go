//go:build !race

package policy

// usualFacts are what each odd policy is asked about in everyday runs.
const usualFacts = 2_000
