//go:build bench

// The tables of the books.
package main

import (
	"fmt"
	"strings"
)

// settleBooks works out the medians.
func (r *report) settleBooks() {
	for _, row := range r.Books {
		if row.Skipped != "" {
			continue
		}
		row.Median = medianPairing(row.Rounds)
		for _, f := range row.Floors {
			f.Median = medianPairing(f.Rounds)
			f.Ratio = row.Median.PerSecond / f.Median.PerSecond
		}
	}
}

func (r *report) booksTable() string {
	rows := [][]string{{"books", "pairs/s", "÷ floor", "p50 ms", "p99 ms", "CPU µs/pair", "database's", ""}}
	var skipped strings.Builder
	for _, row := range r.Books {
		if row.Median == nil {
			rows = append(rows, []string{row.Row, "-", "-", "-", "-", "-", "-", "skipped, see below"})
			fmt.Fprintf(&skipped, "skipped %s: %s\n", row.Row, row.Skipped)
			continue
		}
		rows = append(rows, row.Median.cells(row.Row, "", fmt.Sprintf("scrip, %d clients", row.Clients)))
		for _, f := range row.Floors {
			what := "floor: a commit each"
			if f.Group > 1 {
				what = fmt.Sprintf("floor: a commit for up to %d that wait", f.Group)
			}
			rows = append(rows, f.Median.cells("", fmt.Sprintf("%.2f", f.Ratio), what))
		}
	}
	return align(rows) + "\n" + skipped.String() + r.bookNotes()
}

func (p *pairing) cells(name, ratio, what string) []string {
	database := "-"
	if p.DatabaseCPU > 0 {
		database = fmt.Sprintf("%.0f", p.DatabaseCPU)
	}
	return []string{name, fmt.Sprintf("%.0f", p.PerSecond), ratio, fmt.Sprintf("%.2f", p.P50Micros/1e3), fmt.Sprintf("%.2f", p.P99Micros/1e3),
		fmt.Sprintf("%.0f", p.CPUMicros), database, what}
}

// bookNotes say what a pair and a floor are.
func (r *report) bookNotes() string {
	var b strings.Builder
	fmt.Fprintf(&b, "A pair is a quote's reserve and its confirm over HTTP, %d lines, each under an idempotency key and each on disk before its answer.\n"+
		"A floor runs the statements of the same two transactions (", bookLines)
	separator := ""
	for _, row := range r.Books {
		if row.Counts != nil {
			fmt.Fprintf(&b, "%s%s: %d and %d", separator, row.Row, row.Counts.Reserve, row.Counts.Confirm)
			separator = "; "
		}
	}
	b.WriteString(") bare, as the product ran them, through the same\n" +
		"driver on a copy of the same ledger, for as many clients, without HTTP and JSON; ÷ floor is scrip's pairs per second by the floor's.\n" +
		"CPU is the sidecar's, or for a floor this program's; the database's is that of a server's processes.\n")
	return b.String()
}

func (r *report) readyTable() string {
	rows := [][]string{{"ready", "median s", "max s", "coupons", "MB", ""}}
	var skipped strings.Builder
	for _, row := range r.Ready {
		if row.Skipped != "" {
			rows = append(rows, []string{row.Row, "-", "-", "-", "-", "skipped, see below"})
			fmt.Fprintf(&skipped, "skipped %s: %s\n", row.Row, row.Skipped)
			continue
		}
		rows = append(rows, []string{row.Row, fmt.Sprintf("%.2f", row.Median), fmt.Sprintf("%.2f", row.Max), fmt.Sprint(row.Coupons),
			fmt.Sprintf("%.0f", float64(row.Bytes)/1e6), fmt.Sprintf("issued in %.0f s, %d a call", row.FillSeconds, readyBatch)})
	}
	return align(rows) + "\n" + skipped.String() + fmt.Sprintf("From SIGKILL of a sidecar that %d clients book with to the 200 of its successor's /readyz, %d times.\n",
		readyClients, readyRounds)
}
