// Package timeline records when the parts of a job begin and end.
//
// A job that is asked for its timeline has a Recorder in its context; without one, nothing is recorded and nothing is slower.
package timeline

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"syscall"
	"time"
)

// A Span is a part of a job. Times are seconds since the recorder was made.
type Span struct {
	Name  string  `json:"name"`
	Start float64 `json:"start"`
	End   float64 `json:"end"`
	// CPU is the seconds of processor that the process took meanwhile, other parts of the job included; 0 for a part given to Add.
	CPU float64 `json:"cpu,omitempty"`
}

// A Recorder collects spans. It is safe for concurrent use.
type Recorder struct {
	began time.Time
	mu    sync.Mutex
	spans []Span
}

// New makes a recorder whose time begins at a moment, such as the start of the program.
func New(began time.Time) *Recorder { return &Recorder{began: began} }

type key struct{}

// With is a context whose parts are recorded.
func With(ctx context.Context, r *Recorder) context.Context { return context.WithValue(ctx, key{}, r) }

// Start begins a part. The caller calls the result at its end.
func Start(ctx context.Context, name string) (end func()) {
	r, ok := ctx.Value(key{}).(*Recorder)
	if !ok {
		return func() {}
	}
	start, before := time.Now(), Processor()
	return func() { r.add(name, start, time.Now(), Processor()-before) }
}

// Add adds a part that has ended.
func (r *Recorder) Add(name string, start, end time.Time) { r.add(name, start, end, 0) }

func (r *Recorder) add(name string, start, end time.Time, cpu float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.spans = append(r.spans, Span{name, start.Sub(r.began).Seconds(), end.Sub(r.began).Seconds(), cpu})
}

// Processor is the seconds of processor that the process has taken, garbage collection included. A busy machine does not change them much.
func Processor() float64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

// Spans are the parts so far, in the order in which they ended.
func (r *Recorder) Spans() []Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]Span{}, r.spans...)
}

// Write writes one line of JSON for each part.
func (r *Recorder) Write(w io.Writer) error {
	encoder := json.NewEncoder(w)
	for _, span := range r.Spans() {
		if err := encoder.Encode(span); err != nil {
			return err
		}
	}
	return nil
}
