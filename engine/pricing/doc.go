// Package pricing is the arithmetic of a quote (Contract §4): what a coupon
// deducts, how the deduction is apportioned to sub-orders and shared equally
// among their lines, which coupon is best, and what everything adds up to.
//
// It is pure: integers in, integers out, no clock, no input or output. Whether
// a coupon may be used at all is not decided here but by policies.
package pricing
