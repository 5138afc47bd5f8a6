// Package accel opens the device that computes: XLA on a CPU or an NVIDIA GPU, or GoMLX's pure Go backend.
package accel

import (
	"context"
	"fmt"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"

	"github.com/headstart-nb/headstart/internal/timeline"
)

// Options choose a device.
type Options struct {
	// Device is "auto" (also the empty string), "cpu", "cuda" or "go". auto takes cuda where a CUDA plugin and a driver
	// are found, else cpu, else go; the others fail where they cannot be had, unless Fallback is set.
	Device string
	// Fallback lets a device that was asked for by name be replaced by the next slower one: cuda by cpu, cpu by go.
	// Device.Fallback then says why.
	Fallback bool
	// MemoryFraction of the GPU's memory that XLA may take, between 0 and 1; 0 leaves XLA's default. CUDA only.
	MemoryFraction float64
	// Preallocate takes that memory at once. Off, other processes keep what is not used. CUDA only.
	Preallocate bool
	// DisableTF32 keeps float32 dots in full precision on a GPU, at about an eighth of the speed. CUDA only.
	DisableTF32 bool
	// Devices is into how many devices the CPU is divided; 0 means 1. XLA on a CPU only. They share its cores: this is for
	// trying out what several GPUs do.
	Devices int
	// GPUs are the numbers of the GPUs to use; empty means all. CUDA only.
	GPUs []int
}

// Device is an open device. It is safe for concurrent use.
type Device struct {
	// Backend is GoMLX's handle of the device.
	Backend compute.Backend

	name     string
	plugin   string
	fallback string
	close    sync.Once
}

// Name is "xla:cpu", "xla:cuda" or "go".
func (d *Device) Name() string { return d.name }

// Count is how many devices there are behind the backend: GPUs, or parts of the CPU.
func (d *Device) Count() int { return d.Backend.NumDevices() }

// Plugin is the PJRT plugin in use, for provenance; empty for the pure Go backend.
func (d *Device) Plugin() string { return d.plugin }

// Fallback says why a better device was not taken, in one line; empty where the best was, or the one asked for by name.
func (d *Device) Fallback() string { return d.fallback }

// Description is one line for people: backend, plugin, its version, number of devices.
func (d *Device) Description() string { return d.Backend.Description() }

// OnGPU tells whether a backend computes on an NVIDIA GPU.
func OnGPU(backend compute.Backend) bool {
	b, ok := backend.(*xla.Backend)
	return ok && pjrt.IsCUDAName(b.PluginName())
}

// Close releases the device and every buffer on it. Closing twice is harmless.
func (d *Device) Close() error {
	d.close.Do(d.Backend.Finalize)
	return nil
}

// opening serializes Open: go-xla's search for plugins and its option for downloads are not safe for concurrent use.
var opening sync.Mutex

// Open opens the device that the options ask for. A client takes about 0.1 s to start: open one and keep it.
func Open(ctx context.Context, options Options) (*Device, error) {
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("open device %q: %w", options.Device, err)
	}
	defer timeline.Start(ctx, "load plugin")()
	opening.Lock()
	defer opening.Unlock()
	candidates, err := options.candidates(installedPlugins())
	if err != nil {
		return nil, err
	}
	return openFirst(candidates)
}

// openFirst opens the first candidate that opens, which then tells why those before it did not.
func openFirst(candidates []candidate) (*Device, error) {
	var failure error
	for _, c := range candidates {
		device, err := c.open()
		switch {
		case err == nil && failure == nil:
			return device, nil
		case err == nil:
			device.fallback = failure.Error()
			return device, nil
		case failure == nil:
			failure = err
		default:
			failure = fmt.Errorf("%w; %w", failure, err)
		}
	}
	return nil, failure
}
