package httpapi

import "github.com/prometheus/client_golang/prometheus"

// CacheStats are what a cache of quotes counts since its start. Errors and
// BatchSizes are nil for a cache that has no Redis behind it.
type CacheStats struct {
	NearHits    uint64
	RedisHits   uint64
	Misses      uint64
	Errors      map[string]uint64 // by kind
	BreakerOpen bool
	BatchSizes  []uint64 // round trips to Redis, by how many quotes they were about
}

// CacheMetrics are the metrics of a cache of quotes.
func CacheMetrics(stats func() CacheStats) prometheus.Collector { return cacheMetrics{stats} }

type cacheMetrics struct{ stats func() CacheStats }

var (
	cacheLookups = prometheus.NewDesc("scrip_quote_cache_lookups_total",
		"Quotes looked for, by where they were found: near (this process), redis, or nowhere (miss).", []string{"result"}, nil)
	cacheErrors = prometheus.NewDesc("scrip_quote_cache_errors_total",
		"What went wrong with Redis, by kind; no quote fails for it.", []string{"kind"}, nil)
	cacheBreaker = prometheus.NewDesc("scrip_quote_cache_breaker_open",
		"1 while Redis is left alone because it does not answer in time.", nil, nil)
	cacheBatch = prometheus.NewDesc("scrip_quote_cache_batch_size",
		"Quotes in one round trip to Redis.", nil, nil)
)

// Describe tells the metrics' names.
func (m cacheMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{cacheLookups, cacheErrors, cacheBreaker, cacheBatch} {
		to <- d
	}
}

// Collect reads the counts.
func (m cacheMetrics) Collect(to chan<- prometheus.Metric) {
	s := m.stats()
	count := func(d *prometheus.Desc, n uint64, label string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), label)
	}
	count(cacheLookups, s.NearHits, "near")
	count(cacheLookups, s.RedisHits, "redis")
	count(cacheLookups, s.Misses, "miss")
	if s.BatchSizes == nil {
		return
	}
	for kind, n := range s.Errors {
		count(cacheErrors, n, kind)
	}
	open := 0.0
	if s.BreakerOpen {
		open = 1
	}
	to <- prometheus.MustNewConstMetric(cacheBreaker, prometheus.GaugeValue, open)
	to <- batchSizes(s.BatchSizes)
}

// batchSizes is a histogram with a bucket for each power of two.
func batchSizes(bySize []uint64) prometheus.Metric {
	buckets := make(map[float64]uint64)
	var trips, quotes uint64
	for size, n := range bySize {
		trips += n
		quotes += n * uint64(size) // #nosec G115 -- an index
		if size > 0 && size&(size-1) == 0 {
			buckets[float64(size)] = trips
		}
	}
	return prometheus.MustNewConstHistogram(cacheBatch, trips, float64(quotes), buckets)
}
