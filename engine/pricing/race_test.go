//go:build race

package pricing_test

// usualOrders are a fifth under the race detector, which makes the second
// telling about seven times slower; a proof prices them all even so.
const usualOrders = 1_000
