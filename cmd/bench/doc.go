//go:build !bench

// Package bench is empty without the build tag "bench", with which it is the
// program that measures scrip: `make bench`, or
// `go run -tags bench ./cmd/bench`. It starts at main.go.
package bench
