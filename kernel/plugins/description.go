package plugins

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/magics/plugin/magicpb"
)

// A Description is what a plugin says about itself.
type Description struct {
	Version        string             `json:"version"`
	Magics         []MagicDescription `json:"magics"`
	OutlivesKernel bool               `json:"outlives_kernel,omitempty"`
}

// A MagicDescription is what a plugin says about one of its magics.
type MagicDescription struct {
	Name         string `json:"name"`
	Help         string `json:"help"`
	Completes    bool   `json:"completes,omitempty"`
	Inspects     bool   `json:"inspects,omitempty"`
	Responds     bool   `json:"responds,omitempty"`
	Watches      bool   `json:"watches,omitempty"`
	TakesRawLine bool   `json:"takes_raw_line,omitempty"`
	// Concurrent and ConcurrentCommands are a magics.Calls: those that may run while another cell runs.
	Concurrent         bool     `json:"concurrent,omitempty"`
	ConcurrentCommands []string `json:"concurrent_commands,omitempty"`
}

func descriptionFromWire(wire *magicpb.Description) Description {
	d := Description{Version: wire.GetVersion(), OutlivesKernel: wire.GetOutlivesKernel()}
	for _, m := range wire.GetMagics() {
		d.Magics = append(d.Magics, MagicDescription{
			Name: m.GetName(), Help: m.GetHelp(), Completes: m.GetCompletes(), Inspects: m.GetInspects(), Responds: m.GetResponds(), Watches: m.GetWatches(),
			TakesRawLine: m.GetTakesRawLine(), Concurrent: m.GetConcurrent(), ConcurrentCommands: m.GetConcurrentCommands(),
		})
	}
	return d
}

// build identifies one build of a program, as far as file metadata can tell.
type build struct {
	Protocol int       `json:"protocol"`
	Path     string    `json:"path"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
}

func buildOf(path string) (build, error) {
	info, err := os.Stat(path)
	if err != nil {
		return build{}, err
	}
	return build{magicpb.ProtocolVersion, path, info.Size(), info.ModTime().UTC()}, nil
}

// descriptionCache remembers what plugins said about themselves, one file a plugin, so that a kernel need not start
// them to know their magics.
type descriptionCache struct{ folder string }

// cached is one file of the cache: a description, or why there is none.
type cached struct {
	Build       build       `json:"build"`
	Description Description `json:"description"`
	Failure     string      `json:"failure,omitempty"`
}

func (c descriptionCache) file(name string) string { return filepath.Join(c.folder, name+".json") }

// load returns what is known about this build; ok is false when nothing is, or the file is broken.
func (c descriptionCache) load(name string, b build) (entry cached, ok bool) {
	text, err := os.ReadFile(c.file(name))
	if err != nil || json.Unmarshal(text, &entry) != nil {
		return cached{}, false
	}
	return entry, entry.Build == b
}

// save writes an entry in one step, since several kernels may start at once.
func (c descriptionCache) save(name string, entry cached) error {
	text, err := json.MarshalIndent(entry, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(c.folder, 0o700); err != nil {
		return fmt.Errorf("remember what the plugin %s provides: %w", name, err)
	}
	if err := atomicfile.Write(c.file(name), text); err != nil {
		return fmt.Errorf("remember what the plugin %s provides: %w", name, err)
	}
	return nil
}
