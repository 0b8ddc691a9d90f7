package httpapi

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"scrip/engine/policy"
)

// PolicyStats is what the metrics of the policies are read from, at each
// scrape; engine/policy counts, and knows nothing of Prometheus.
type PolicyStats interface {
	// Current is the snapshot in force.
	Current() *policy.Snapshot
	// LastError is why the last load failed, nil if it did not.
	LastError() error
	// Reloads is how the loads so far ended; its counts only grow.
	Reloads() policy.Reloads
	// Totals is what each decision was asked over all revisions; its counts
	// only grow.
	Totals() map[string]policy.Counts
}

// PolicyMetrics collects the metrics of the policies.
func PolicyMetrics(stats PolicyStats) prometheus.Collector { return policyMetrics{stats} }

type policyMetrics struct{ stats PolicyStats }

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("scrip_policy_"+name, help, labels, nil)
}

var (
	policyReloads = describe("reloads_total",
		"Loads of the policies by outcome: activated, unchanged (in force already), refused (the last good ones stay).", "outcome")
	policyReloadOK  = describe("last_reload_successful", "1 if the last load of the policies was taken, 0 if it was refused.")
	policyActivated = describe("activated_timestamp_seconds", "When the policies in force came into force, in unix time.")
	policyInfo      = describe("info", "1, with the revision and the source of the policies in force.", "revision", "source")
	policyDecisions = describe("decisions_total", "Questions to the policies, by how they were answered: remembered or evaluated.", "decision", "answered")
	policyErrors    = describe("decision_errors_total", "Evaluations that failed, by kind: error, or deadline (overrun).", "decision", "kind")
	policyTook      = describe("evaluation_duration_seconds", "Time that evaluations took.", "decision")
	policyEntries   = describe("remembered_entries", "Answers that are remembered.", "decision")
	policyBytes     = describe("remembered_bytes", "Memory that remembered answers take, about.", "decision")
	policyChecks    = describe("shadow_checks_total", "Remembered answers that were held against an evaluation of the whole input.", "decision")
	policyDiffers   = describe("shadow_mismatches_total",
		"Shadow checks that differed: the decision sees more than its rules tell. Anything but 0 is a fault to report.", "decision")
)

// Describe implements prometheus.Collector.
func (policyMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{policyReloads, policyReloadOK, policyActivated, policyInfo, policyDecisions, policyErrors,
		policyTook, policyEntries, policyBytes, policyChecks, policyDiffers} {
		to <- d
	}
}

// Collect implements prometheus.Collector.
func (m policyMetrics) Collect(to chan<- prometheus.Metric) {
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	reloads, s, ok := m.stats.Reloads(), m.stats.Current(), 1.0
	if m.stats.LastError() != nil {
		ok = 0
	}
	count(policyReloads, reloads.Activated, "activated")
	count(policyReloads, reloads.Unchanged, "unchanged")
	count(policyReloads, reloads.Refused, "refused")
	gauge(policyReloadOK, ok)
	gauge(policyActivated, float64(s.ActivatedAt.UnixMilli())/1000)
	gauge(policyInfo, 1, s.Revision, strings.ToValidUTF8(s.Source, "\uFFFD")) // a path may be any bytes
	for decision, c := range m.stats.Totals() {
		name := dataPath(decision)
		count(policyDecisions, c.Recalled, name, "remembered")
		count(policyDecisions, c.Evaluated, name, "evaluated")
		count(policyErrors, c.Errors, name, "error")
		count(policyErrors, c.Overruns, name, "deadline")
		count(policyChecks, c.Checks, name)
		count(policyDiffers, c.Mismatches, name)
		to <- tookMetric(name, &c)
	}
	for _, cost := range s.Costs() {
		gauge(policyEntries, float64(cost.Entries), dataPath(cost.Name))
		gauge(policyBytes, float64(cost.Bytes), dataPath(cost.Name))
	}
}

func tookMetric(name string, c *policy.Counts) prometheus.Metric {
	buckets, upTo := make(map[float64]uint64, len(policy.EvaluationBounds)), uint64(0)
	for i, bound := range policy.EvaluationBounds {
		upTo += c.Took[i]
		buckets[bound.Seconds()] = upTo
	}
	return prometheus.MustNewConstHistogram(policyTook, c.Evaluated, c.Time.Seconds(), buckets, name)
}
