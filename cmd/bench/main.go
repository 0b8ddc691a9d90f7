//go:build bench

// Bench measures three things. What a quote costs the sidecar, in CPU time of
// its process, beside what gin and strict JSON cost by themselves and beside
// stock OPA on the same policies. How many orders a second it books durably,
// beside what the same statements cost the database by themselves. And how soon
// one that was killed is ready again. Every server has a process of its own;
// this process is the load, a closed loop over keep-alive connections; rounds
// are interleaved, so that a slow minute of the machine touches all rows alike,
// and medians are shown. It needs Linux, for the CPU clock of another process.
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
	rounds      int // counted ones; one more comes before them as warm-up
	requests    int // a round of a 20-line variant; larger orders get fewer
	connections int // of a variant of the quotes
	pairs       int // of reserve and confirm, a round of the books
	coupons     int // in the ledger of a sidecar that is killed
	dir         string
	only        []string
	cold        bool
}

// wants tells whether a row is to be measured.
func (s *settings) wants(row string) bool { return len(s.only) == 0 || slices.Contains(s.only, row) }

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
	names := rowNames()
	flag.IntVar(&s.rounds, "rounds", 7, "rounds that count; one before them warms up")
	flag.IntVar(&s.requests, "requests", 2000, "quotes a round")
	flag.IntVar(&s.connections, "connections", 16, "connections that ask for quotes at once")
	flag.IntVar(&s.pairs, "pairs", 500, "orders that are reserved and confirmed a round, by 16 and by 64 clients")
	flag.IntVar(&s.coupons, "coupons", 1_000_000, "coupons in the ledger of a sidecar that is killed, whose next start is timed")
	flag.StringVar(&s.dir, "dir", "", "folder on a disk for temporary files (default: the system's)")
	flag.StringVar(&only, "only", "", "rows to measure, comma-separated: "+strings.Join(names, ", "))
	flag.BoolVar(&s.cold, "cold", false, "restart sidecars after their coupons are issued, so that no customer is in memory")
	flag.Usage = usage
	flag.Parse()
	if only != "" {
		s.only = strings.Split(only, ",")
	}
	for _, name := range s.only {
		if !slices.Contains(names, name) {
			return s, fmt.Errorf("--only %s: the rows are %s", name, strings.Join(names, ", "))
		}
	}
	if s.rounds < 1 || s.connections < 1 || s.requests < s.connections || s.pairs < slices.Max(bookClients) || s.coupons < 1 || flag.NArg() > 0 {
		return s, fmt.Errorf("--rounds, --connections and --coupons must be at least 1, --requests at least --connections, "+
			"--pairs at least %d, and nothing follows the flags", slices.Max(bookClients))
	}
	return s, nil
}

// rowNames are those of all tables.
func rowNames() []string { return slices.Concat(variantNames(), bookRowNames(), readyRowNames()) }

func usage() {
	fmt.Fprint(flag.CommandLine.Output(), `Measures scrip and writes bench.json: quotes beside gin, strict JSON and stock OPA; durable
reserve+confirm pairs on each store beside the same statements bare; the time from kill to
ready. With everything it takes about five minutes on a quiet machine of two cores.

	go run -tags bench ./cmd/bench -only fresh,echo,opa            # some rows
	go run -tags bench ./cmd/bench -only sqlite-64 -pairs 2000     # longer rounds
	go run -tags bench ./cmd/bench -only ready-sqlite -coupons 10000

`)
	flag.PrintDefaults()
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
	results, err := yard.quotes()
	if err != nil {
		return err
	}
	report := newReport(s, results)
	if report.Books, err = yard.books(); err != nil {
		return err
	}
	report.settleBooks()
	if report.Ready, err = yard.ready(); err != nil {
		return err
	}
	fmt.Print(report.table())
	return report.write("bench.json")
}

// quotes measures the variants that are wanted.
func (y *yard) quotes() ([]*result, error) {
	defer y.endChildren()
	results, err := y.prepare()
	if err != nil {
		return nil, err
	}
	for n := range y.settings.rounds + 1 {
		if err := y.round(results, n); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// prepare starts the servers and checks one answer of each. A variant whose
// flag the product does not have is skipped and says so.
func (y *yard) prepare() ([]*result, error) {
	var results []*result
	for _, v := range variants {
		if !y.settings.wants(v.name) {
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
