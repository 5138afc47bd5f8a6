package inference

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/imageio/room"
	"github.com/headstart-nb/headstart/models/serving/modelset"
)

// fake gives each image the first byte of its pixels. While hold is open it waits.
type fake struct{ hold chan struct{} }

func (f *fake) PredictPixels(_ context.Context, pixels []uint8, n int) ([]float32, error) {
	if f.hold != nil {
		<-f.hold
	}
	outputs := make([]float32, 2*n)
	for i := range n {
		outputs[2*i], outputs[2*i+1] = float32(pixels[i*len(pixels)/n])/255, 1-float32(pixels[i*len(pixels)/n])/255
	}
	return outputs, nil
}

func (*fake) ExplainPixels(context.Context, []uint8, string) (*classifier.HeatMap, error) {
	return &classifier.HeatMap{Class: "dark"}, nil
}

func (*fake) Close() error { return nil }

type silent struct{}

func (silent) Computed(string, int, time.Duration) {}
func (silent) Loaded(string, error)                {}

const size = 8

func service(t *testing.T, f *fake, limits Limits) *Service {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "model.json"), []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	open := func(context.Context, string) (modelset.Model, modelset.Facts, error) {
		return f, modelset.Facts{Classes: []string{"light", "dark"}, Outputs: 2, Geometry: imageio.Geometry{Size: size}}, nil
	}
	set, err := modelset.New([]modelset.Source{{Name: "m", Dir: dir}}, modelset.Options{Batch: 4, Open: open, Observer: silent{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := set.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = set.Close() })
	return New(set, limits)
}

func gray(t *testing.T, level uint8) Image {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 20, 10))
	for i := range img.Pix {
		img.Pix[i] = level
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		t.Fatal(err)
	}
	return Image{Encoded: file.Bytes()}
}

func TestEachImageHasItsAnswer(t *testing.T) {
	s := service(t, &fake{}, DefaultLimits())
	answer, err := s.Predict(t.Context(), "m", "", []Image{gray(t, 255), {Encoded: []byte("no image")}, gray(t, 0), {Pixels: make([]uint8, 3*size*size)}, {Pixels: []uint8{1}}})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"light", "", "dark", "dark", ""} {
		p := answer.Ranked(i, 1)
		if p.Class() != want || (want == "") != (p.Error != "") {
			t.Errorf("image %d is %+v, want %q", i, p, want)
		}
	}
	if KindOf(answer.Failed()) != Bad {
		t.Errorf("the failure is %v", answer.Failed())
	}
}

// What would have to wait too long is refused at once, and the queue is empty afterwards.
func TestOverloadIsRefusedAtOnce(t *testing.T) {
	f := &fake{hold: make(chan struct{})}
	limits := DefaultLimits()
	limits.Images, limits.PerRequest = 4, 3
	s := service(t, f, limits)
	img := gray(t, 9)
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			if _, err := s.Predict(t.Context(), "", "", []Image{img, img}); err != nil {
				t.Error(err)
			}
		})
	}
	for s.places.TryAcquire(1) { // until both have taken their places
		s.places.Release(1)
		time.Sleep(time.Millisecond)
	}
	if _, err := s.Predict(t.Context(), "", "", []Image{img}); KindOf(err) != Overloaded {
		t.Errorf("the fifth image gets %v", err)
	}
	if _, err := s.Explain(t.Context(), "", "", "", img); KindOf(err) != Overloaded {
		t.Errorf("an explanation gets %v", err)
	}
	if _, err := s.Predict(t.Context(), "", "", []Image{img, img, img, img}); KindOf(err) != TooLarge {
		t.Errorf("four images in a request get %v", err)
	}
	close(f.hold)
	wait.Wait()
	if !s.places.TryAcquire(4) {
		t.Error("places were not given back")
	}
}

// What could not be answered by an idle server either is too much, rather than to be tried again.
func TestLimitsThatContradictEachOther(t *testing.T) {
	limits := DefaultLimits()
	limits.Images, limits.PerRequest, limits.Memory, limits.Body = 2, 3, 100, 200
	s := service(t, &fake{}, limits)
	img := gray(t, 255)
	if _, err := s.Predict(t.Context(), "", "", []Image{img, img, img}); KindOf(err) != TooLarge {
		t.Errorf("more images than the queue has places: %v", err)
	}
	if _, err := s.Read(strings.NewReader(strings.Repeat("x", 101))); KindOf(err) != TooLarge {
		t.Errorf("more bytes than all requests may have: %v", err)
	}
	if answer, err := s.Predict(t.Context(), "", "", []Image{img, img}); err != nil || answer.Failed() != nil {
		t.Errorf("as many images as there are places: %v", err)
	}
	body, err := s.Read(strings.NewReader(strings.Repeat("x", 100)))
	if err != nil {
		t.Fatalf("as many bytes: %v", err)
	}
	body.Release()
}

func TestAnAnswerThatTakesTooLong(t *testing.T) {
	f := &fake{hold: make(chan struct{})}
	limits := DefaultLimits()
	limits.Wait = time.Millisecond
	s := service(t, f, limits)
	if _, err := s.Predict(t.Context(), "", "", []Image{gray(t, 9)}); KindOf(err) != TimedOut {
		t.Errorf("it gets %v", err)
	}
	close(f.hold)
}

// Images wait for the memory that they are decoded in, however many processors there are; one that needs all of it is decoded alone.
func TestImagesWaitForMemory(t *testing.T) {
	s := service(t, &fake{}, DefaultLimits())
	s.room = room.Of(1000) // less than any of them needs
	if answer, err := s.Predict(t.Context(), "", "", []Image{gray(t, 255), gray(t, 0), gray(t, 255)}); err != nil || answer.Failed() != nil {
		t.Errorf("one after another: %v", err)
	}
	soon, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	leave, err := s.room.Until(soon).Enter(1000)
	if err != nil {
		t.Fatal("the memory was not given back")
	}
	s.limits.Wait = 20 * time.Millisecond
	if _, err := s.Predict(t.Context(), "", "", []Image{gray(t, 255)}); KindOf(err) != TimedOut {
		t.Errorf("while there is no memory: %v", err)
	}
	leave()
	s.limits.Wait = DefaultLimits().Wait
	if _, err := s.Predict(t.Context(), "", "", []Image{gray(t, 255)}); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// Hostile images are failures of their own, and the next image is answered.
func TestHostileImages(t *testing.T) {
	dir := filepath.Join(os.Getenv("HEADSTART_SHARED"), "data", "hostile-images")
	var files []string
	_ = filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			files = append(files, path)
		}
		return nil
	})
	if len(files) == 0 {
		need.Lack(t, need.Data, "no images in HEADSTART_SHARED/data/hostile-images")
	}
	s := service(t, &fake{}, DefaultLimits())
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, want := imageio.Decode(data, imageio.Limits{})
		answer, err := s.Predict(t.Context(), "", "", []Image{{Encoded: data}, gray(t, 255)})
		if err != nil {
			t.Errorf("%s: %v", file, err)
			continue
		}
		if got := answer.Failures[0]; (got == nil) != (want == nil) {
			t.Errorf("%s: %v, and decoding says %v", file, got, want)
		}
		if answer.Ranked(1, 1).Class() != "light" {
			t.Errorf("beside %s: %+v", file, answer.Ranked(1, 1))
		}
	}
}

func TestBodies(t *testing.T) {
	limits := DefaultLimits()
	limits.Body, limits.Memory = 200<<10, 300<<10
	s := service(t, &fake{}, limits)
	for _, n := range []int{0, 1, 64 << 10, 64<<10 + 1, 200 << 10} {
		b, err := s.Read(iotest.OneByteReader(strings.NewReader(strings.Repeat("x", n))))
		if err != nil || len(b.Data) != n {
			t.Fatalf("%d bytes: %v", n, err)
		}
		b.Release()
		b.Release()
	}
	if _, err := s.Read(strings.NewReader(strings.Repeat("x", 200<<10+1))); KindOf(err) != TooLarge {
		t.Errorf("one byte more than the limit: %v", err)
	}
	cut := io.MultiReader(strings.NewReader("half"), iotest.ErrReader(io.ErrUnexpectedEOF))
	if _, err := s.Read(cut); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a body that was cut off: %v", err)
	}
	held, err := s.Read(strings.NewReader(strings.Repeat("x", 150<<10)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Read(strings.NewReader(strings.Repeat("x", 150<<10))); KindOf(err) != Overloaded {
		t.Errorf("two bodies that are larger than the memory: %v", err)
	}
	held.Release()
	if !s.memory.TryAcquire(limits.Memory) {
		t.Error("memory was not given back")
	}
}
