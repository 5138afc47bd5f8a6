// Package lab is what a session shares: the device, the datasets, the models and the runs.
//
// The magics, the command line and the model server all work on one Lab. It returns values and typed errors: how they are
// shown, and which magic or flag fixes an error, is decided by whoever asks.
package lab

import (
	"log/slog"
	"path/filepath"
	"sync"

	"github.com/headstart-nb/headstart/internal/memory"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// A Lab is safe for concurrent use.
type Lab struct {
	home string // state folder: cache/, runs/; empty keeps nothing on disk
	log  *slog.Logger

	mu            sync.Mutex
	device        *accel.Device
	deviceOptions accel.Options
	pins          int // who computes on the device past the lab
	datasets      named.Shelf[loaded]
	models        named.Shelf[*Model]
	runs          []*Run                 // oldest first
	restored      named.Shelf[*restored] // models of runs that were read from disk, the last ones
	values        map[string]warm.Value

	pixels func() imagefolder.Pixels // nil where nothing is kept on disk
	room   func() memory.Room        // the memory that this process has
}

// loaded is a dataset with the folder, list or archive that it was loaded from.
type loaded struct {
	data   *imagefolder.Dataset
	source string
}

// New makes an empty lab that keeps its state below home; an empty home keeps nothing on disk. The device is opened at first
// use, by the options.
func New(home string, device accel.Options, log *slog.Logger) *Lab {
	l := &Lab{home: home, deviceOptions: device, log: log, values: map[string]warm.Value{}}
	l.room = func() memory.Room { return memory.ReadRoom("/") }
	l.pixels = sync.OnceValue(l.openPixels)
	return l
}

// Close ends the runs that have not ended, and frees the device.
func (l *Lab) Close() error {
	for _, r := range l.Running() {
		r.Abort()
		<-r.Done()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closeModels()
	if l.device == nil {
		return nil
	}
	device := l.device
	l.device = nil
	return device.Close()
}

// closeModels frees what the models hold on the device. The caller holds the lock.
func (l *Lab) closeModels() {
	for _, m := range l.models.All() {
		m.close()
	}
	for _, r := range l.restored.All() {
		r.close()
	}
	l.restored = named.Shelf[*restored]{}
}

// cacheDir is a folder of the cache, or empty where nothing is kept on disk.
func (l *Lab) cacheDir(name string) string {
	if l.home == "" {
		return ""
	}
	return filepath.Join(l.home, "cache", name)
}
