// Package transfer is the magics of transfer learning, from a folder of images to a classifier.
//
// Each magic stands in a file of its own and is thin: it parses flags, calls the Lab and shows what came of it. The Lab
// keeps what outlives a cell: the device, the datasets, the models and the runs.
package transfer

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/classifier"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// A Lab is what the magics of one process share. It is safe for concurrent use.
type Lab struct {
	home string // state folder: cache/, runs/; empty keeps nothing on disk
	log  *slog.Logger

	mu            sync.Mutex
	device        *accel.Device
	deviceOptions accel.Options
	datasets      shelf[*imagefolder.Dataset]
	sources       map[string]string // by dataset: the folder, list or archive that it was loaded from
	models        shelf[*Model]
	runs          []*run // oldest first
	values        map[string]warm.Value

	arriving   sync.Mutex // held while a kernel comes
	endService func()     // stops serving the Go cells of the kernel that came last; nil before the first
}

// NewLab makes an empty lab that keeps its state under home. The device is opened at first use.
func NewLab(home string, log *slog.Logger) *Lab {
	return &Lab{home: home, log: log, values: map[string]warm.Value{}, sources: map[string]string{}}
}

// Magics lists the magics, each bound to the lab.
func (l *Lab) Magics() []magics.Magic {
	return []magics.Magic{
		datasetMagic(l),
		modelMagic(l),
		trainMagic(l),
		evaluateMagic(l),
		predictMagic(l),
		explainMagic(l),
		tuneMagic(l),
		runsMagic(l),
		attachMagic(l),
		verifyMagic(l),
		cleanMagic(l),
		saveMagic(l),
		loadMagic(l),
		exportMagic(l),
		deviceMagic(l),
	}
}

// Close stops what still trains, and serving Go cells, and frees the device.
func (l *Lab) Close() error {
	for _, r := range l.running() {
		r.abort()
		<-r.done
	}
	l.arriving.Lock()
	if l.endService != nil {
		l.endService()
	}
	l.arriving.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.models.all() {
		m.close()
	}
	if l.device == nil {
		return nil
	}
	device := l.device
	l.device = nil
	return device.Close()
}

// Device opens the device at first use and returns the same one afterwards.
func (l *Lab) Device(ctx context.Context) (*accel.Device, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.device == nil {
		device, err := accel.Open(ctx, l.deviceOptions)
		if err != nil {
			return nil, err
		}
		if why := device.Fallback(); why != "" {
			l.log.Warn("a slower device than there could be", "device", device.Name(), "reason", why)
		}
		l.device = device
	}
	return l.device, nil
}

// Dataset returns the dataset of that name; an empty name is the current one.
func (l *Lab) Dataset(name string) (*imagefolder.Dataset, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d, ok := l.datasets.get(name); ok {
		return d, nil
	}
	if name == "" {
		return nil, fmt.Errorf("there is no dataset yet: load a folder with %%dataset load DIR, or try %%dataset sample")
	}
	return nil, unknown("dataset", name, l.datasets.names(), "%dataset load DIR --name "+name)
}

// Model returns the model of that name, trained or not; an empty name is the current one.
func (l *Lab) Model(name string) (*Model, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m, ok := l.models.get(name); ok {
		return m, nil
	}
	if name == "" {
		return nil, fmt.Errorf("there is no model yet: build one with %%model resnet50")
	}
	return nil, unknown("model", name, l.models.names(), "%model resnet50 --name "+name)
}

// Trained returns a model that can predict, by name or the current one.
func (l *Lab) Trained(name string) (*Model, *classifier.Model, error) {
	m, err := l.Model(name)
	if err != nil {
		return nil, nil, err
	}
	trained := m.trained()
	if trained == nil {
		return nil, nil, fmt.Errorf("the model %s has no trained head yet: run %%train first", m.Name)
	}
	return m, trained, nil
}

func unknown(kind, name string, have []string, fix string) error {
	if near := magics.Nearest(name, have); near != "" {
		return fmt.Errorf("there is no %s %q; did you mean %s?", kind, name, near)
	}
	if len(have) == 0 {
		return fmt.Errorf("there is no %s %q, and no other: make one with %s", kind, name, fix)
	}
	return fmt.Errorf("there is no %s %q: there is %s; make it with %s", kind, name, strings.Join(have, ", "), fix)
}

// A shelf holds named things in the order in which they were last put there; the last is the current one.
type shelf[T any] struct {
	order []string
	items map[string]T
}

func (s *shelf[T]) put(name string, item T) (replaced T) {
	if s.items == nil {
		s.items = map[string]T{}
	}
	replaced = s.items[name]
	s.order = append(slices.DeleteFunc(s.order, func(n string) bool { return n == name }), name)
	s.items[name] = item
	return replaced
}

func (s *shelf[T]) get(name string) (item T, ok bool) {
	if name == "" && len(s.order) > 0 {
		name = s.order[len(s.order)-1]
	}
	item, ok = s.items[name]
	return item, ok
}

func (s *shelf[T]) names() []string { return slices.Clone(s.order) }

func (s *shelf[T]) all() []T {
	list := make([]T, 0, len(s.order))
	for _, name := range s.order {
		list = append(list, s.items[name])
	}
	return list
}
