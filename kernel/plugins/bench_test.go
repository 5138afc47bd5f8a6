package plugins

import (
	"slices"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
)

// BenchmarkBoundary calls the same magic in this process and in a plugin, in turn, so that what else the machine does
// hits both alike. It reports what the process boundary adds to a call that prints a line, and to one that shows a figure
// and updates it.
func BenchmarkBoundary(b *testing.B) {
	k := loaded(b, "toy")
	if err := k.Warm(b.Context()); err != nil {
		b.Fatal(err)
	}
	for _, name := range []string{"echo", "draw"} {
		b.Run(name, func(b *testing.B) {
			var near magics.Magic
			for _, m := range toyMagics() {
				if m.Name() == name {
					near = m
				}
			}
			far, _ := k.registry.Lookup(name)
			var nears, fars []time.Duration
			call := func(m magics.Magic) time.Duration {
				start := time.Now()
				if err := m.Run(b.Context(), magics.Call{Name: name, Line: "some words"}, &magictest.Host{}); err != nil {
					b.Fatal(err)
				}
				return time.Since(start)
			}
			for b.Loop() {
				nears, fars = append(nears, call(near)), append(fars, call(far))
			}
			slices.Sort(nears)
			slices.Sort(fars)
			at := func(part float64) float64 {
				i := int(part * float64(len(fars)-1))
				return float64(fars[i]-nears[i]) / float64(time.Millisecond)
			}
			b.ReportMetric(at(0.5), "ms-added/p50")
			b.ReportMetric(at(0.95), "ms-added/p95")
		})
	}
}
