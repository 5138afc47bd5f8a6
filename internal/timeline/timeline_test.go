package timeline

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestRecordsWhatIsAskedFor(t *testing.T) {
	Start(context.Background(), "nobody asks")()
	r := New(time.Now().Add(-time.Second))
	ctx := With(context.Background(), r)
	outer := Start(ctx, "outer")
	var parts sync.WaitGroup
	for range 8 {
		parts.Go(func() { Start(ctx, "part")() })
	}
	parts.Wait()
	outer()
	spans := r.Spans()
	last := spans[len(spans)-1]
	if len(spans) != 9 || last.Name != "outer" || last.Start < 1 || last.End < last.Start {
		t.Errorf("%+v", spans)
	}
	if end := Start(ctx, "busy"); true {
		for start := Processor(); Processor() < start+0.01; {
		}
		end()
	}
	if spans := r.Spans(); spans[len(spans)-1].CPU < 0.005 {
		t.Errorf("a busy part has taken %v seconds of processor", spans[len(spans)-1].CPU)
	}
	for _, s := range spans[:8] {
		if s.Start < last.Start || s.End > last.End {
			t.Errorf("%+v is not within %+v", s, last)
		}
	}
	var out bytes.Buffer
	if err := r.Write(&out); err != nil || strings.Count(out.String(), "\n") != 10 || !strings.Contains(out.String(), `"name":"outer"`) {
		t.Errorf("%v, %s", err, out.String())
	}
}
