package serving

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// sums gives each image the sum of its bytes, and notes the sizes of the batches.
type sums struct {
	mu    sync.Mutex
	sizes []int
	took  time.Duration
}

var errPoison = errors.New("poison")

func (s *sums) PredictPixels(_ context.Context, pixels []uint8, n int) ([]float32, error) {
	s.mu.Lock()
	s.sizes = append(s.sizes, n)
	s.mu.Unlock()
	time.Sleep(s.took)
	outputs := make([]float32, n)
	for i := range outputs {
		for _, p := range pixels[i*2 : i*2+2] {
			if p == 255 {
				return nil, errPoison
			}
			if p == 254 {
				panic("a backend that panics")
			}
			outputs[i] += float32(p)
		}
	}
	return outputs, nil
}

// Images that arrive together are computed together, those that arrive during a batch are the next one, and each caller gets the
// outputs of its own image.
func TestImagesShareBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		model := &sums{took: 10 * time.Millisecond}
		b := New(model, 1, Options{Batch: 4, Delay: time.Millisecond})
		var wait sync.WaitGroup
		for i := range 10 {
			wait.Go(func() {
				outputs, err := b.Predict(t.Context(), []uint8{uint8(i), 1})
				if err != nil || len(outputs) != 1 || outputs[0] != float32(i+1) {
					t.Errorf("image %d got %v: %v", i, outputs, err)
				}
			})
		}
		wait.Wait()
		b.Close()
		if !slices.Equal(model.sizes, []int{4, 4, 2}) {
			t.Errorf("the batches have %v images", model.sizes)
		}
	})
}

// A single image waits no longer than the delay.
func TestOneImageWaitsForTheDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(&sums{}, 1, Options{Batch: 4, Delay: 3 * time.Millisecond})
		defer b.Close()
		began := time.Now()
		if _, err := b.Predict(t.Context(), []uint8{1, 2}); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 3*time.Millisecond {
			t.Errorf("it took %s", took)
		}
	})
}

// An image that fails, or makes the backend panic, does not fail those of others.
func TestOneImageFailsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(&sums{}, 1, Options{Batch: 4, Delay: time.Millisecond})
		defer b.Close()
		var wait sync.WaitGroup
		for i, pixels := range [][]uint8{{1, 1}, {255, 1}, {254, 1}, {2, 2}} {
			wait.Go(func() {
				_, err := b.Predict(t.Context(), pixels)
				if bad := pixels[0] > 2; bad != (err != nil) {
					t.Errorf("image %d: %v", i, err)
				}
			})
		}
		wait.Wait()
	})
}

// Nobody waits for an image whose caller has gone: it is not computed.
func TestWhoGoesAwayIsNotComputed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		model := &sums{took: 10 * time.Millisecond}
		b := New(model, 1, Options{Batch: 4, Delay: time.Millisecond})
		ctx, cancel := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() { _, _ = b.Predict(t.Context(), []uint8{1, 1}) })
		synctest.Wait()
		time.Sleep(2 * time.Millisecond) // the first batch is being computed
		wait.Go(func() {
			if _, err := b.Predict(ctx, []uint8{1, 1}); !errors.Is(err, context.Canceled) {
				t.Errorf("the caller that went away got %v", err)
			}
		})
		synctest.Wait()
		cancel()
		wait.Wait()
		b.Close()
		if !slices.Equal(model.sizes, []int{1}) {
			t.Errorf("the batches have %v images", model.sizes)
		}
		if _, err := b.Predict(t.Context(), []uint8{1, 1}); !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}
