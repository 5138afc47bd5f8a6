package accel

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
	"golang.org/x/mod/semver"
)

// candidate is one way to satisfy the options.
type candidate struct {
	name   string // Device.Name
	config string // for the XLA backend: plugin and options as go-xla parses them; unused by "go"
}

// plugins are the PJRT plugins that were found, by device; empty where there is none.
type plugins struct {
	cpu, cuda string
	driver    bool // an NVIDIA driver is loaded
}

// installedPlugins looks in PJRT_PLUGIN_LIBRARY_PATH and go-xla's usual folders. go-xla opens each file that it finds, and
// panics on one that is no library.
func installedPlugins() (found plugins, err error) {
	defer func() {
		if r := recover(); r != nil {
			where := os.Getenv(pjrt.PJRTPluginPathsEnv)
			if where == "" {
				where = "go-xla's folders"
			}
			err = fmt.Errorf("look for PJRT plugins in %s: a file there cannot be loaded; run headstart doctor", where)
		}
	}()
	for name := range pjrt.AvailablePlugins() {
		switch {
		case pjrt.IsCUDAName(name):
			found.cuda = newest(found.cuda, name)
		case name == "cpu" || strings.HasPrefix(name, "cpu_"):
			found.cpu = newest(found.cpu, name)
		}
	}
	_, statErr := os.Stat("/proc/driver/nvidia/version")
	found.driver = statErr == nil
	return found, nil
}

// reason says why XLA is not to be had; empty where it is.
func (p plugins) reason() string {
	if p.cpu == "" && (p.cuda == "" || !p.driver) {
		return "no PJRT plugin was found: run headstart install, or set PJRT_PLUGIN_LIBRARY_PATH to its folder"
	}
	return ""
}

// newest prefers the later CUDA, then the plugin without a version in its name (whoever put it there chose it), then the
// later version: cuda13, cpu, cpu_v0.83.4, cpu_v0.9.1.
func newest(a, b string) string {
	family, version, _ := strings.Cut(a, "_v")
	otherFamily, otherVersion, _ := strings.Cut(b, "_v")
	switch {
	case family != otherFamily:
		if family > otherFamily {
			return a
		}
		return b
	case version == "" || otherVersion != "" && semver.Compare("v"+version, "v"+otherVersion) >= 0:
		return a
	default:
		return b
	}
}

// candidates lists what to try, best first.
func (o Options) candidates(found plugins) ([]candidate, error) {
	if o.MemoryFraction < 0 || o.MemoryFraction > 1 {
		return nil, fmt.Errorf("open device %q: the memory fraction is %g, and must lie between 0 and 1", o.Device, o.MemoryFraction)
	}
	for _, id := range o.GPUs {
		if id < 0 {
			return nil, fmt.Errorf("open device %q: there is no GPU %d; they are numbered from 0 on, as nvidia-smi does", o.Device, id)
		}
	}
	cpu := candidate{name: "xla:cpu", config: found.cpu}
	cuda := candidate{name: "xla:cuda", config: o.cudaConfig(found.cuda)}
	pure := candidate{name: "go"}
	switch o.Device {
	case "", "auto":
		var list []candidate
		if found.cuda != "" && found.driver {
			list = append(list, cuda)
		}
		if found.cpu != "" {
			list = append(list, cpu)
		}
		return append(list, pure), nil
	case "cpu":
		if found.cpu == "" {
			return nil, errors.New("open device cpu: no PJRT CPU plugin was found; run headstart install --device cpu, or put " +
				"pjrt_c_api_cpu_plugin.so into a folder that PJRT_PLUGIN_LIBRARY_PATH names")
		}
		return []candidate{cpu}, nil
	case "cuda":
		if !found.driver {
			return nil, errors.New("open device cuda: this machine has no NVIDIA driver (no /proc/driver/nvidia/version); " +
				"install one, or use --device cpu")
		}
		if found.cuda == "" {
			return nil, errors.New("open device cuda: no PJRT CUDA plugin was found; run headstart install --device cuda")
		}
		return []candidate{cuda}, nil
	case "go":
		return []candidate{pure}, nil
	default:
		return nil, fmt.Errorf("open device %q: there is no such device; the devices are auto, cpu, cuda and go", o.Device)
	}
}

// cudaConfig writes the options as go-xla's configuration string takes them.
func (o Options) cudaConfig(plugin string) string {
	parts := []string{plugin, "preallocate=" + strconv.FormatBool(o.Preallocate)}
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
func (c candidate) open() (device *Device, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("open device %s: the backend failed: %v", c.name, r)
		}
	}()
	var backend compute.Backend
	if c.name == "go" {
		backend, err = gobackend.New("")
	} else {
		xla.EnableAutoInstall(false) // the plugin was found above; go-xla's own download is not checked against a hash
		backend, err = xla.New(c.config)
	}
	if err != nil {
		return nil, fmt.Errorf("open device %s with PJRT plugin %q: %w; headstart doctor checks the plugin", c.name, c.config, err)
	}
	plugin, _, _ := strings.Cut(c.config, ",")
	return &Device{Backend: backend, name: c.name, plugin: plugin}, nil
}
