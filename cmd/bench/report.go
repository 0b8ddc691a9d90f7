//go:build bench

// What was measured: tables for people, one file for programs.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// result is a variant's row: medians over its rounds.
type result struct {
	Variant      string     `json:"variant"`
	What         string     `json:"what"`
	Skipped      string     `json:"skipped,omitempty"`
	Median       *measured  `json:"median,omitempty"`
	RatioToEcho  float64    `json:"cpu_ratio_to_echo,omitempty"`
	Requests     int        `json:"requests_per_round,omitempty"`
	RequestBytes int        `json:"request_bytes,omitempty"`
	Rounds       []measured `json:"rounds,omitempty"`

	target *target
}

type report struct {
	At          time.Time    `json:"at"`
	Go          string       `json:"go"`
	CPU         string       `json:"cpu"`
	Cores       int          `json:"cores"`
	Connections int          `json:"connections"`
	Rounds      int          `json:"rounds"`
	Cold        bool         `json:"cold"`
	Results     []*result    `json:"results"`
	Books       []*bookRow   `json:"books"`
	Ready       []*readiness `json:"ready"`
}

func newReport(s settings, results []*result) *report {
	out := &report{At: time.Now().UTC(), Go: runtime.Version(), CPU: cpuModel(), Cores: runtime.NumCPU(),
		Connections: s.connections, Rounds: s.rounds, Cold: s.cold, Results: results}
	for _, r := range results {
		if r.Skipped == "" {
			r.Requests, r.RequestBytes = r.target.load.requests, r.target.requestBytes
			r.Median = median(r.Rounds)
			r.Median.AnswerSize = int64(r.target.answerBytes)
		}
	}
	if floor := out.find(echo); floor != nil {
		for _, r := range results {
			if r.Median != nil {
				r.RatioToEcho = r.Median.CPUMicros / floor.CPUMicros
			}
		}
	}
	return out
}

// median takes each measure's own.
func median(rounds []measured) *measured {
	return &measured{
		CPUMicros: medianOf(rounds, func(m *measured) float64 { return m.CPUMicros }),
		PerSecond: medianOf(rounds, func(m *measured) float64 { return m.PerSecond }),
		P50Micros: medianOf(rounds, func(m *measured) float64 { return m.P50Micros }),
		P99Micros: medianOf(rounds, func(m *measured) float64 { return m.P99Micros }),
	}
}

func medianOf[T any](rounds []T, pick func(*T) float64) float64 {
	var values []float64
	for i := range rounds {
		values = append(values, pick(&rounds[i]))
	}
	slices.Sort(values)
	return (values[(len(values)-1)/2] + values[len(values)/2]) / 2
}

// find is a variant's medians, nil if it did not run.
func (r *report) find(variant string) *measured {
	for _, row := range r.Results {
		if row.Variant == variant {
			return row.Median
		}
	}
	return nil
}

func (r *report) write(path string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// table is all tables, but for those with no rows.
func (r *report) table() string {
	var parts []string
	if len(r.Results) > 0 {
		parts = append(parts, r.quotesTable())
	}
	if len(r.Books) > 0 {
		parts = append(parts, r.booksTable())
	}
	if len(r.Ready) > 0 {
		parts = append(parts, r.readyTable())
	}
	return strings.Join(append(parts, fmt.Sprintf("%s, %d cores, %s. Medians of %d interleaved rounds after one for warm-up.\n",
		r.CPU, r.Cores, r.Go, r.Rounds)), "\n")
}

func (r *report) quotesTable() string {
	rows := [][]string{{"variant", "CPU µs/request", "÷ echo", "req/s", "p50 ms", "p99 ms", ""}}
	var skipped strings.Builder
	for _, row := range r.Results {
		m := row.Median
		if m == nil {
			rows = append(rows, []string{row.Variant, "-", "-", "-", "-", "-", "skipped, see below"})
			fmt.Fprintf(&skipped, "skipped %s: %s\n", row.Variant, row.Skipped)
			continue
		}
		ratio := "-"
		if row.RatioToEcho > 0 {
			ratio = fmt.Sprintf("%.2f", row.RatioToEcho)
		}
		rows = append(rows, []string{row.Variant, fmt.Sprintf("%.1f", m.CPUMicros), ratio, fmt.Sprintf("%.0f", m.PerSecond),
			fmt.Sprintf("%.2f", m.P50Micros/1e3), fmt.Sprintf("%.2f", m.P99Micros/1e3), row.What})
	}
	return align(rows) + "\n" + skipped.String() + r.notes()
}

// align sets the first and the last column left, the others right.
func align(rows [][]string) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		last := len(row) - 1
		fmt.Fprintf(&b, "%-*s", widths[0], row[0])
		for i, cell := range row[1:last] {
			fmt.Fprintf(&b, "  %*s", widths[i+1], cell)
		}
		b.WriteString(strings.TrimRight("  "+row[last], " ") + "\n")
	}
	return b.String()
}

// notes say how to read the table, and what follows from it.
func (r *report) notes() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CPU is that of the server's process, user and system. Requests per second and latency are of a closed loop over\n"+
		"%d connections whose client shares the %d cores with the server: with a machine for the client they would be better.\n",
		r.Connections, r.Cores)
	if a, o := r.find(fresh), r.find(opaBatch); a != nil && o != nil {
		fmt.Fprintf(&b, "A fresh quote against opa's decisions alone: %.1f × the requests per second, %.2f × the CPU.\n",
			a.PerSecond/o.PerSecond, a.CPUMicros/o.CPUMicros)
	}
	if a, e := r.find("1000x50"), r.find("echo-1000x50"); a != nil && e != nil {
		fmt.Fprintf(&b, "1000 × 50 against the echo of that size: %.2f.\n", a.CPUMicros/e.CPUMicros)
	}
	r.growth(&b, "250x10", "1000x10", "4 × the lines, 10 coupons")
	r.growth(&b, "250x50", "1000x50", "4 × the lines, 50 coupons")
	r.growth(&b, "250x10", "250x50", "5 × the coupons, 250 lines")
	r.growth(&b, "1000x10", "1000x50", "5 × the coupons, 1000 lines")
	return b.String()
}

// growth compares two sizes: linear is at most the factor itself.
func (r *report) growth(b *strings.Builder, small, large, what string) {
	if s, l := r.find(small), r.find(large); s != nil && l != nil {
		fmt.Fprintf(b, "%s: %.2f × the CPU.\n", what, l.CPUMicros/s.CPUMicros)
	}
}

func cpuModel() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return "unknown CPU"
	}
	for line := range strings.Lines(string(text)) {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return runtime.GOARCH
}
