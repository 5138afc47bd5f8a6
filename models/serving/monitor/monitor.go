// Package monitor counts what a model server does, for Prometheus.
package monitor

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	headstart "github.com/headstart-nb/headstart"
)

// A Monitor is safe for concurrent use.
type Monitor struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	images   *prometheus.CounterVec
	batch    *prometheus.HistogramVec
	computed *prometheus.HistogramVec
	loads    *prometheus.CounterVec
	refused  *prometheus.CounterVec
}

// latencies are the upper bounds of histograms of time, in seconds: from a head on a GPU to a large batch on a busy CPU.
func latencies() []float64 {
	return []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5, 10, 30}
}

// New makes a monitor with a registry of its own, with the process's memory and processor time.
func New() *Monitor {
	m := &Monitor{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "headstart_requests_total", Help: "Requests by protocol, route and status code.",
		}, []string{"protocol", "route", "code"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "headstart_request_seconds", Help: "Time from a request's header to its answer.", Buckets: latencies(),
		}, []string{"protocol", "route"}),
		images: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "headstart_images_total", Help: "Images that were computed.",
		}, []string{"model"}),
		batch: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "headstart_batch_images", Help: "Images of a batch.", Buckets: prometheus.ExponentialBuckets(1, 2, 10),
		}, []string{"model"}),
		computed: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "headstart_batch_seconds", Help: "Time that the device takes for a batch.", Buckets: latencies(),
		}, []string{"model"}),
		loads: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "headstart_model_loads_total", Help: "Models that were loaded, or whose changed folder could not be loaded.",
		}, []string{"model", "result"}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "headstart_connections_refused_total", Help: "Connections that were closed at once, since there were too many.",
		}, []string{"protocol"}),
	}
	version := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "headstart_build_info", Help: "The program's version; the value is 1."}, []string{"version"})
	version.WithLabelValues(headstart.Version).Set(1)
	m.registry.MustRegister(m.requests, m.seconds, m.images, m.batch, m.computed, m.loads, m.refused, version,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler shows the metrics.
func (m *Monitor) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// Queue shows how many images wait or are computed. It may be called once.
func (m *Monitor) Queue(images func() int) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "headstart_queue_images", Help: "Images that wait or are computed.",
	}, func() float64 { return float64(images()) }))
}

// Refused notes a connection that was closed at once.
func (m *Monitor) Refused(protocol string) { m.refused.WithLabelValues(protocol).Inc() }

// Request notes a request. The route must be one of few: every value is kept.
func (m *Monitor) Request(protocol, route string, code int, took time.Duration) {
	m.requests.WithLabelValues(protocol, route, strconv.Itoa(code)).Inc()
	m.seconds.WithLabelValues(protocol, route).Observe(took.Seconds())
}

// Computed notes a batch.
func (m *Monitor) Computed(model string, images int, took time.Duration) {
	m.images.WithLabelValues(model).Add(float64(images))
	m.batch.WithLabelValues(model).Observe(float64(images))
	m.computed.WithLabelValues(model).Observe(took.Seconds())
}

// Loaded notes a model that was loaded, or could not be.
func (m *Monitor) Loaded(model string, err error) {
	result := "ok"
	if err != nil {
		result = "error"
	}
	m.loads.WithLabelValues(model, result).Inc()
}
