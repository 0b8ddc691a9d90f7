package httpapi

import (
	"net/http/httptest"
	"strings"
	"testing"
)

// scraped is what GET /metrics tells of a cache.
func scraped(stats CacheStats) string {
	answer := httptest.NewRecorder()
	NewMetrics(CacheMetrics(func() CacheStats { return stats })).Handler().ServeHTTP(answer, httptest.NewRequest("GET", "/metrics", nil))
	return answer.Body.String()
}

func TestTheMetricsOfASharedCache(t *testing.T) {
	text := scraped(CacheStats{NearHits: 1, RedisHits: 2, Misses: 3, Errors: map[string]uint64{"timeout": 4}, BreakerOpen: true,
		BatchSizes: []uint64{0, 5, 6, 7, 8, 9}}) // 5 of one quote, 6 of two, 7 of three …
	for _, want := range []string{
		`scrip_quote_cache_lookups_total{result="near"} 1`, `scrip_quote_cache_lookups_total{result="redis"} 2`,
		`scrip_quote_cache_lookups_total{result="miss"} 3`, `scrip_quote_cache_errors_total{kind="timeout"} 4`, `scrip_quote_cache_breaker_open 1`,
		`scrip_quote_cache_batch_size_bucket{le="1"} 5`, `scrip_quote_cache_batch_size_bucket{le="2"} 11`,
		`scrip_quote_cache_batch_size_bucket{le="4"} 26`, `scrip_quote_cache_batch_size_bucket{le="+Inf"} 35`,
		`scrip_quote_cache_batch_size_sum 115`, `scrip_quote_cache_batch_size_count 35`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%s is missing", want)
		}
	}
}

func TestTheMetricsOfACacheInMemoryTellNothingOfRedis(t *testing.T) {
	text := scraped(CacheStats{NearHits: 1})
	if !strings.Contains(text, `scrip_quote_cache_lookups_total{result="near"} 1`) || strings.Contains(text, "breaker") ||
		strings.Contains(text, "batch") || strings.Contains(text, "scrip_quote_cache_errors") {
		t.Error(text)
	}
}
