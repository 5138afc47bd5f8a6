// Package plugins is the kernel's half of plugins: programs to find, processes to start, magics to call.
//
// A plugin ends with its kernel, unless it asks to outlive it. Its end costs the cell that uses it, nothing else. The
// author's half is the package magics/plugin.
package plugins

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/magics"
)

// Options say where plugins are and how patient the kernel is with them.
type Options struct {
	// Home is the state folder, HEADSTART_HOME: plugins/ is below it, and what is remembered of them.
	Home string
	// Shipped are the plugin programs that come with the kernel.
	Shipped []string
	// Runtime is the kernel's folder for sockets, HEADSTART_RUNTIME_DIR; empty means the system's temporary folder.
	Runtime string
	// Env is added to the kernel's own environment, as NAME=value.
	Env []string
	// StartTimeout is how long a plugin may take to start; 0 means 15 seconds.
	StartTimeout time.Duration
	// InterruptGrace is how long a magic may take to end after an interrupt before its plugin is killed; 0 means 30 seconds.
	InterruptGrace time.Duration
	// Log takes what does not belong to a cell; nil means slog's default.
	Log *slog.Logger
}

// A Manager keeps the plugins of one kernel: it registers their magics, starts their processes at first use, and starts
// them again when they have ended.
type Manager struct {
	options  Options
	registry *registry.Registry
	cache    descriptionCache

	mu      sync.Mutex
	plugins map[string]*managed
	closed  bool
}

// NewManager returns a manager without plugins; Load finds them.
func NewManager(registry *registry.Registry, options Options) *Manager {
	if options.StartTimeout == 0 {
		options.StartTimeout = 15 * time.Second
	}
	if options.InterruptGrace == 0 {
		options.InterruptGrace = 30 * time.Second
	}
	if options.Log == nil {
		options.Log = slog.Default()
	}
	return &Manager{
		options: options, registry: registry, plugins: map[string]*managed{},
		cache: descriptionCache{filepath.Join(options.Home, "cache", "plugins")},
	}
}

// Load registers the magics of all plugins that it does not know yet, or could not use. It starts only those processes that
// it has never seen this build of, to ask them what they bring. The error joins what is wrong with single plugins; the others
// work, and Plugins shows the same errors.
func (m *Manager) Load(ctx context.Context) error {
	sweep(runningFolder(m.options.Home))
	binaries, err := Discover(Folder(m.options.Home), m.options.Shipped...)
	problems := []error{err}
	var fresh []*managed
	m.mu.Lock()
	for _, b := range binaries {
		p, known := m.plugins[b.Name]
		if known && p.usable() {
			continue
		}
		if !known {
			p = &managed{manager: m, binary: b}
			m.plugins[b.Name] = p
		}
		fresh = append(fresh, p)
	}
	m.mu.Unlock()
	described := make([]error, len(fresh))
	var wait sync.WaitGroup
	for i, p := range fresh {
		wait.Go(func() { described[i] = p.learn(ctx) })
	}
	wait.Wait()
	problems = append(problems, described...)
	for i, p := range fresh { // in order, so that a name always belongs to the same plugin
		if described[i] == nil {
			problems = append(problems, p.register())
		}
	}
	return errors.Join(problems...)
}

// Warm starts the plugins' processes, so that the first cell need not wait for them.
func (m *Manager) Warm(ctx context.Context) error {
	var problems []error
	for _, p := range m.all() {
		if _, err := p.acquire(ctx); err != nil {
			problems = append(problems, err)
		}
	}
	return errors.Join(problems...)
}

// Plugins lists all plugins, sorted by name.
func (m *Manager) Plugins() []Info {
	var list []Info
	for _, p := range m.all() {
		list = append(list, p.info())
	}
	return list
}

// Restart ends a plugin's process, asks the program on disk again what it provides, and starts it.
func (m *Manager) Restart(ctx context.Context, name string) error {
	p, err := m.find(name)
	if err != nil {
		return err
	}
	p.stop()
	m.registry.Remove(p.origin())
	if err := p.relearn(ctx); err != nil {
		return err
	}
	if err := p.register(); err != nil {
		return err
	}
	_, err = p.acquire(ctx)
	return err
}

// Log is the end of what a plugin's program has printed by itself.
func (m *Manager) Log(name string) (string, error) {
	p, err := m.find(name)
	if err != nil {
		return "", err
	}
	return p.printed(), nil
}

// Close ends the plugins' processes. Those that may outlive the kernel go on while they have work in the background;
// with linger they also stay that long for the next kernel, which is what a restart of the kernel wants.
func (m *Manager) Close(linger time.Duration) {
	m.mu.Lock()
	m.closed = true
	m.mu.Unlock()
	var wait sync.WaitGroup
	for _, p := range m.all() {
		wait.Go(func() { p.close(linger) })
	}
	wait.Wait()
}

func (m *Manager) isClosed() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.closed
}

func (m *Manager) all() []*managed {
	m.mu.Lock()
	defer m.mu.Unlock()
	list := make([]*managed, 0, len(m.plugins))
	for _, p := range m.plugins {
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b *managed) int { return cmp.Compare(a.binary.Name, b.binary.Name) })
	return list
}

func (m *Manager) find(name string) (*managed, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if p, ok := m.plugins[name]; ok {
		return p, nil
	}
	var names []string
	for n := range m.plugins {
		names = append(names, n)
	}
	if near := magics.Nearest(name, names); near != "" {
		return nil, fmt.Errorf("there is no plugin %q: did you mean %s?", name, near)
	}
	return nil, fmt.Errorf("there is no plugin %q: %%plugins lists them", name)
}
