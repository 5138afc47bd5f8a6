package modelset

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/models/classifier"
)

// constant answers every image with the number in its folder's model.json.
type constant struct {
	value  float32
	closed atomic.Bool
}

func (c *constant) PredictPixels(_ context.Context, _ []uint8, n int) ([]float32, error) {
	if c.closed.Load() {
		return nil, errors.New("used after it was closed")
	}
	outputs := make([]float32, n)
	for i := range outputs {
		outputs[i] = c.value
	}
	return outputs, nil
}

func (*constant) ExplainPixels(context.Context, []uint8, string) (*classifier.HeatMap, error) {
	return &classifier.HeatMap{}, nil
}

func (c *constant) Close() error {
	c.closed.Store(true)
	return nil
}

// opener opens folders with a number, and notes what it has opened.
type opener struct {
	mu   sync.Mutex
	made []*constant
}

func (o *opener) open(_ context.Context, dir string) (Model, Facts, error) {
	text, err := os.ReadFile(filepath.Join(dir, description))
	if err != nil {
		return nil, Facts{}, err
	}
	c := &constant{}
	if _, err := fmt.Sscan(string(text), &c.value); err != nil {
		return nil, Facts{}, fmt.Errorf("load the model in %s: %w", dir, err)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.made = append(o.made, c)
	return c, Facts{Outputs: 1}, nil
}

func (o *opener) opened() []*constant {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]*constant(nil), o.made...)
}

type silent struct{ failures atomic.Int32 }

func (*silent) Computed(string, int, time.Duration) {}
func (s *silent) Loaded(_ string, err error) {
	if err != nil {
		s.failures.Add(1)
	}
}

func write(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	temporary := dir + ".new" // beside the folder, whose own change it would be
	if err := os.WriteFile(temporary, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(temporary, filepath.Join(dir, description)); err != nil {
		t.Fatal(err)
	}
}

func await(t *testing.T, what string, done func() bool) {
	t.Helper()
	for range 1000 {
		if done() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s: not after 10 s", what)
}

// A folder that changes under load is served in its new version, no request fails, and the old model is freed. A folder that cannot
// be loaded, or has gone, changes nothing.
func TestAChangedFolderIsReloaded(t *testing.T) {
	dir, o, observer := filepath.Join(t.TempDir(), "m"), &opener{}, &silent{}
	write(t, dir, "1")
	s, err := New([]Source{{"m", dir}}, Options{Batch: 4, Open: o.open, Observer: observer, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	var loading *LoadingError
	if _, _, err := s.Use("m", ""); !errors.As(err, &loading) || s.Ready() {
		t.Errorf("before it is loaded: %v, ready %t", err, s.Ready())
	}
	if err := s.Load(t.Context()); err != nil || !s.Ready() {
		t.Fatalf("loaded: %v, ready %t", err, s.Ready())
	}
	ctx, stop := context.WithCancel(t.Context())
	var wait sync.WaitGroup
	wait.Go(func() { s.Watch(ctx, 5*time.Millisecond) })
	var latest atomic.Int32
	for range 4 {
		wait.Go(func() {
			for ctx.Err() == nil {
				served, release, err := s.Use("", "")
				if err != nil {
					t.Error(err)
					return
				}
				outputs, err := served.Predict(context.Background(), nil)
				release()
				if err != nil {
					t.Error(err)
					return
				}
				latest.Store(int32(outputs[0]))
			}
		})
	}
	for version := int32(2); version < 6; version++ {
		write(t, dir, fmt.Sprint(version))
		await(t, "a new version", func() bool { return latest.Load() == version })
	}
	write(t, dir, "broken")
	await(t, "a failure", func() bool { return observer.failures.Load() > 0 })
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond)
	if latest.Load() != 5 || !s.Ready() {
		t.Errorf("after a broken folder it answers %d, ready %t", latest.Load(), s.Ready())
	}
	stop()
	wait.Wait()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	for i, c := range o.opened() {
		await(t, "the old models are freed", c.closed.Load)
		if i > 5 {
			t.Errorf("%d models were opened", i+1)
		}
	}
	if _, _, err := s.Use("m", ""); !errors.Is(err, ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// A change of permissions, such as a backup or an administrator makes, is no other model.
func TestPermissionsAreNoChange(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "1")
	before := fingerprintOf(dir)
	time.Sleep(20 * time.Millisecond) // a tick of the clock that the file system uses
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) == 0 {
		t.Fatal(entries, err)
	}
	for _, entry := range entries {
		if err := os.Chmod(filepath.Join(dir, entry.Name()), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	if after := fingerprintOf(dir); !maps.Equal(before, after) {
		t.Errorf("%v became %v", before, after)
	}
	write(t, dir, "2")
	if after := fingerprintOf(dir); maps.Equal(before, after) {
		t.Error("another model has the same fingerprint")
	}
}

func TestNamesAndVersions(t *testing.T) {
	dir, o := t.TempDir(), &opener{}
	write(t, dir, "1")
	options := Options{Batch: 1, Open: o.open, Observer: &silent{}, Log: slog.New(slog.DiscardHandler)}
	for _, bad := range [][]Source{{}, {{"", dir}}, {{"a/b", dir}}, {{"..", dir}}, {{"a", dir}, {"a", dir}}, {{strings.Repeat("a", 200), dir}}} {
		if _, err := New(bad, options); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
	s, err := New([]Source{{"a", dir}, {"b", dir}}, options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	served, release, err := s.Use("b", "")
	if err != nil {
		t.Fatal(err)
	}
	release()
	for _, ask := range [][2]string{{"", ""}, {"c", ""}, {"a", "2"}} {
		var missing *NotFoundError
		if _, _, err := s.Use(ask[0], ask[1]); !errors.As(err, &missing) {
			t.Errorf("%q: %v", ask, err)
		}
	}
	if _, release, err := s.Use("a", served.Version); err != nil {
		t.Error(err)
	} else {
		release()
	}
}
