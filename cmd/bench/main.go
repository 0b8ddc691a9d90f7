//go:build bench

// Bench measures what a quote costs the sidecar, in CPU time of its process,
// beside what gin and strict JSON cost by themselves and beside stock OPA on
// the same policies. Every variant has a server process of its own; this
// process is the load, a closed loop over keep-alive connections; rounds are
// interleaved, so that a slow minute of the machine touches all variants
// alike, and medians are shown. It needs Linux, for the CPU clock of another
// process.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// settings are what the command line says.
type settings struct {
	rounds   int // counted ones; one more comes before them as warm-up
	requests int // a round of a 20-line variant; larger orders get fewer
	only     []string
	cold     bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) == 4 && os.Args[1] == "floor" {
		err = serveFloor(ctx, os.Args[2], os.Args[3])
	} else {
		err = bench(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parseFlags() (settings, error) {
	var s settings
	var only string
	flag.IntVar(&s.rounds, "rounds", 7, "rounds that count; one before them warms up")
	flag.IntVar(&s.requests, "requests", 2000, "requests a round")
	flag.StringVar(&only, "only", "", "variants to run, comma-separated: "+strings.Join(variantNames(), ", "))
	flag.BoolVar(&s.cold, "cold", false, "restart sidecars after their coupons are issued, so that no customer is in memory")
	flag.Parse()
	if only != "" {
		s.only = strings.Split(only, ",")
	}
	for _, name := range s.only {
		if !slices.Contains(variantNames(), name) {
			return s, fmt.Errorf("--only %s: the variants are %s", name, strings.Join(variantNames(), ", "))
		}
	}
	if s.rounds < 1 || s.requests < connections || flag.NArg() > 0 {
		return s, fmt.Errorf("--rounds must be at least 1, --requests at least %d, and nothing follows the flags", connections)
	}
	return s, nil
}

func bench(ctx context.Context) (err error) {
	s, err := parseFlags()
	if err != nil {
		return err
	}
	yard, err := newYard(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, yard.close()) }()
	results, err := yard.prepare()
	if err != nil {
		return err
	}
	for n := range s.rounds + 1 {
		if err := yard.round(results, n); err != nil {
			return err
		}
	}
	report := newReport(s, results)
	fmt.Print(report.table())
	return report.write("bench.json")
}

// prepare starts the servers and checks one answer of each. A variant whose
// flag the product does not have is skipped and says so.
func (y *yard) prepare() ([]*result, error) {
	var results []*result
	for _, v := range variants {
		if len(y.settings.only) > 0 && !slices.Contains(y.settings.only, v.name) {
			continue
		}
		progress("starting %s", v.name)
		r := &result{Variant: v.name, What: v.what}
		target, err := v.start(y, &v)
		var missing *missingError
		switch {
		case errors.As(err, &missing):
			r.Skipped = missing.Error()
		case err != nil:
			return nil, fmt.Errorf("%s: %w", v.name, err)
		}
		r.target = target
		results = append(results, r)
	}
	return results, nil
}

// round loads every variant once, each round starting with another one. Round
// 0 is the warm-up.
func (y *yard) round(results []*result, n int) error {
	for i := range results {
		r := results[(i+n)%len(results)]
		if r.Skipped != "" {
			continue
		}
		progress("round %d of %d: %s", n, y.settings.rounds, r.Variant)
		measured, err := r.target.measure(y.ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", r.Variant, err)
		}
		if n > 0 {
			r.Rounds = append(r.Rounds, measured)
		}
	}
	return nil
}

// missingError is why a variant cannot run in this build or on this machine.
type missingError struct{ what string }

func (e *missingError) Error() string { return e.what }

var began = time.Now()

func progress(format string, args ...any) {
	fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(began).Seconds(), fmt.Sprintf(format, args...))
}
