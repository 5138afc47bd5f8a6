package modelset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"time"

	"github.com/headstart-nb/headstart/internal/filestamp"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/serving"
)

const (
	description    = "model.json"
	maxDescription = 256 << 20 // bytes, as models/classifier allows
	versionDigits  = 12
)

// A fingerprint tells whether a folder has changed: the stamps of its files, by name. Without any there is no folder.
type fingerprint map[string]filestamp.Stamp

// fingerprintOf leaves out what a change of permissions changes: the model is the same after it.
func fingerprintOf(dir string) fingerprint {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	files := fingerprint{}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil {
			continue // it has gone meanwhile
		}
		if info.Mode()&fs.ModeSymlink != 0 { // as Kubernetes mounts files: the link's target changes
			if info, err = os.Stat(filepath.Join(dir, entry.Name())); err != nil {
				continue
			}
		}
		files[entry.Name()] = filestamp.Of(info).WithoutAttributes()
	}
	return files
}

// Load loads all models, and fails where one cannot be loaded.
func (s *Set) Load(ctx context.Context) error {
	for _, e := range s.entries {
		if err := s.load(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// Watch looks after each interval which folders have changed, and replaces their models, until the context ends. A folder that
// cannot be loaded, for example because it is still being copied, leaves the model as it is; it is tried again at its next change.
func (s *Set) Watch(ctx context.Context, interval time.Duration) {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, e := range s.entries {
			if now := fingerprintOf(e.source.Dir); len(now) == 0 || maps.Equal(now, e.seen) { // only this goroutine changes seen
				continue
			}
			if err := s.load(ctx, e); err != nil && ctx.Err() == nil {
				s.options.Log.Error("a model has changed and cannot be loaded; the one before is served", "model", e.source.Name, "error", err)
			}
		}
	}
}

// load reads a model and puts it in the place of the one before.
func (s *Set) load(ctx context.Context, e *entry) (err error) {
	defer func() { s.options.Observer.Loaded(e.source.Name, err) }()
	began := time.Now()
	e.seen = fingerprintOf(e.source.Dir) // before it is read: what changes meanwhile is read again
	version, err := versionOf(e.source.Dir)
	if err != nil {
		return fmt.Errorf("load the model in %s: %w", e.source.Dir, err)
	}
	model, facts, err := s.options.Open(ctx, e.source.Dir)
	if err != nil {
		return err
	}
	name := e.source.Name
	served := &Served{
		Facts: facts, Name: name, Version: version, model: model, explain: make(chan struct{}, 1),
		batcher: serving.New(model, facts.Outputs, serving.Options{
			Batch: s.options.Batch, Delay: s.options.Delay,
			Computed: func(images int, took time.Duration) { s.options.Observer.Computed(name, images, took) },
		}),
	}
	s.mu.Lock()
	before := e.now
	if s.closed {
		s.mu.Unlock()
		return errors.Join(ErrClosed, served.retire())
	}
	e.now = served
	s.mu.Unlock()
	s.options.Log.Info("model loaded", "model", name, "version", version, "folder", e.source.Dir, "architecture", facts.Architecture,
		"classes", len(facts.Classes), "device", facts.Device, "seconds", time.Since(began).Seconds())
	if before != nil {
		go func() { // requests that use it may take a while
			if err := before.retire(); err != nil {
				s.options.Log.Error("a replaced model cannot be closed", "error", err)
			}
		}()
	}
	return nil
}

func versionOf(dir string) (string, error) {
	text, err := safefile.ReadFile(filepath.Join(dir, description), maxDescription)
	if err != nil {
		return "", fmt.Errorf("it is not a saved model: %w", err)
	}
	digest := sha256.Sum256(text)
	return hex.EncodeToString(digest[:])[:versionDigits], nil
}
