package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"scrip/engine"
)

// Metrics counts what the service does, for GET /metrics.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	quotes   *prometheus.CounterVec
}

// NewMetrics makes the service's metrics and those of the Go runtime; more are
// collected with them.
func NewMetrics(more ...prometheus.Collector) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "scrip_http_request_duration_seconds",
			Help:    "Time from a request's headers to its answer, by listener, method, route and status.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"listener", "method", "route", "status"}),
		quotes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "scrip_quotes_total",
			Help: "Quotes answered, by who selected the coupon (default, customer, none, unavailable).",
		}, []string{"selected_by"}),
	}
	m.registry.MustRegister(m.requests, m.quotes, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	m.registry.MustRegister(more...)
	return m
}

// Handler serves the metrics in Prometheus's text format.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// request counts one request. Methods and routes come from the router, not
// from the client, so that nobody can make up new series.
func (m *Metrics) request(listener, method, route string, status int, took time.Duration) {
	if route == "" {
		method, route = "any", "none"
	}
	m.requests.WithLabelValues(listener, method, route, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *Metrics) quote(q *engine.Quote) { m.quotes.WithLabelValues(string(q.Selection.By)).Inc() }
