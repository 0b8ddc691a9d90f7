//go:build race

package policy

// usualFacts are fewer under the race detector, which has nothing to find in a
// comparison that runs alone; a proof asks about them all even so.
const usualFacts = 200
