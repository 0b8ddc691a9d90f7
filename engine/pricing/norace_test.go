//go:build !race

package pricing_test

// usualOrders are priced in everyday runs.
const usualOrders = 5_000
