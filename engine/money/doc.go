// Package money holds amounts the way the books want them: integers in the
// minor unit of one ISO 4217 currency, read from and written to exact decimal
// text, with percentages and unit prices as exact decimals until the one
// rounding that the contract names. No float ever touches an amount, and no
// sum or product wraps around: what does not fit is an error.
//
// Source: Contract §3 (grammar, currencies) and §4 (rounding).
package money
