package accel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
)

// candidate is one way to satisfy the options.
type candidate struct {
	name    string              // Device.Name
	plugin  string              // the PJRT plugin's name; empty for "go"
	file    string              // the plugin's file, where go-xla cannot find it by name
	options string              // for the plugin, as go-xla parses them, each after a comma
	client  pjrt.NamedValuesMap // what the plugin is told beside, for which go-xla has no option
	missing error               // why it cannot be opened
}

// maxParts bounds into how many devices a CPU is divided: each has threads of its own.
const maxParts = 64

// Why a device is not to be had.
var (
	errNoDriver = errors.New("this machine has no NVIDIA driver (no /proc/driver/nvidia/version); install one, or use --device cpu")
	errNoCUDA   = errors.New("no PJRT CUDA plugin was found; run headstart install --device cuda")
	errNoCPU    = errors.New("no PJRT CPU plugin was found; run headstart install --device cpu, or put pjrt_c_api_cpu_plugin.so " +
		"into a folder that PJRT_PLUGIN_LIBRARY_PATH names")
)

// candidates lists what to try, best first.
func (o Options) candidates(found plugins) ([]candidate, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	list := []candidate{o.cuda(found), o.cpu(found), {name: "go"}}
	switch o.Device {
	case "", "auto":
		if !found.driver { // no GPU to use is nothing to tell
			list = list[1:]
		}
		return list, nil
	case "cuda":
	case "cpu":
		list = list[1:]
	case "go":
		list = list[2:]
	default:
		return nil, fmt.Errorf("open device: it must be one of auto, cpu, cuda, go; got %q", o.Device)
	}
	if !o.Fallback {
		list = list[:1]
	}
	return list, nil
}

// check refuses options that no device takes.
func (o Options) check() error {
	if o.MemoryFraction < 0 || o.MemoryFraction > 1 {
		return fmt.Errorf("open device %q: the memory fraction is %g, and must lie between 0 and 1", o.Device, o.MemoryFraction)
	}
	switch {
	case o.Devices < 0 || o.Devices > maxParts:
		return fmt.Errorf("open device %q: it cannot be divided into %d; 1 to %d make sense", o.Device, o.Devices, maxParts)
	case o.Devices > 1 && o.Device != "cpu":
		return fmt.Errorf("open device %q: only the device cpu is divided; the GPUs of cuda are used as they are", o.Device)
	}
	for _, id := range o.GPUs {
		if id < 0 {
			return fmt.Errorf("open device %q: GPUs are numbered from 0, as nvidia-smi does; got %d", o.Device, id)
		}
	}
	return nil
}

func (o Options) cpu(found plugins) candidate {
	c := candidate{name: "xla:cpu", plugin: found.cpu, file: found.files[found.cpu]}
	if o.Devices > 1 {
		c.client = pjrt.NamedValuesMap{"cpu_device_count": int64(o.Devices)}
	}
	if found.cpu == "" {
		c.missing = errNoCPU
	}
	return c
}

func (o Options) cuda(found plugins) candidate {
	c := candidate{name: "xla:cuda", plugin: found.cuda, file: found.files[found.cuda], options: o.forCUDA()}
	switch {
	case !found.driver:
		c.missing = errNoDriver
	case found.cuda == "":
		c.missing = errNoCUDA
	}
	return c
}

// forCUDA writes the options as go-xla's configuration string takes them, each after a comma.
func (o Options) forCUDA() string {
	parts := []string{"", "preallocate=" + strconv.FormatBool(o.Preallocate)}
	if o.MemoryFraction > 0 {
		parts = append(parts, "memory_fraction="+strconv.FormatFloat(o.MemoryFraction, 'g', -1, 32))
	}
	if o.DisableTF32 {
		parts = append(parts, "tf32=false")
	}
	if len(o.GPUs) > 0 {
		ids := make([]string, len(o.GPUs))
		for i, id := range o.GPUs {
			ids[i] = strconv.Itoa(id)
		}
		parts = append(parts, "visible_devices="+strings.Join(ids, ";"))
	}
	return strings.Join(parts, ",")
}

// open starts the backend. A panic of the backend's own code becomes an error.
func (c candidate) open() (*Device, error) {
	if c.missing != nil {
		return nil, fmt.Errorf("open device %s: %w", c.name, c.missing)
	}
	var backend compute.Backend
	err := Try(func() (err error) { backend, err = c.backend(); return err })
	if err != nil {
		return nil, fmt.Errorf("open device %s with PJRT plugin %q: %w; headstart doctor checks the plugin", c.name, c.plugin, err)
	}
	return &Device{Backend: backend, name: c.name, plugin: c.plugin}, nil
}

func (c candidate) backend() (compute.Backend, error) {
	if c.name == "go" {
		return gobackend.New("")
	}
	xla.EnableAutoInstall(false) // the plugin was found before; go-xla's own download is not checked against a hash
	if c.file == "" {
		return c.load(c.plugin)
	}
	if err := whole(c.file); err != nil {
		return nil, err
	}
	if c.name == "xla:cuda" { // which finds NVIDIA's libraries relative to its own place
		return c.load(c.file)
	}
	// go-xla takes the path for the plugin's name: a comma would begin its options, and a folder named nvidia make it CUDA's.
	dir, err := os.MkdirTemp("", "headstart-")
	if err != nil {
		return nil, fmt.Errorf("link to %s: %w", c.file, err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // once it is loaded, the file's name is not needed
	link := filepath.Join(dir, "pjrt_c_api_cpu_plugin.so")
	if err := os.Symlink(c.file, link); err != nil {
		return nil, fmt.Errorf("link to %s: %w", c.file, err)
	}
	return c.load(link)
}

// load opens a plugin by its name, or by its file where go-xla does not find the name.
func (c candidate) load(plugin string) (compute.Backend, error) {
	backend, err := xla.NewWithOptions(plugin+c.options, c.client)
	if err != nil {
		return nil, err // a nil *Backend would not be a nil interface
	}
	return backend, nil
}
