package lab

import (
	"context"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/models/accel"
)

// DeviceStatus is what is known of the device.
type DeviceStatus struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Plugin      string `json:"plugin"`
	Fallback    string `json:"fallback,omitempty"` // why a better device was not taken
	MemoryMiB   int64  `json:"memory_mib"`         // resident memory of this process: the Go heap, the device's memory on a CPU, and the rest
	Devices     int    `json:"devices"`            // that may share a batch
	Models      int    `json:"models"`
	Runs        int    `json:"runs"` // that have not ended
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

// UseDevice chooses a device by its kind; one of that kind which is open already stays, with its warm models. An empty kind
// changes nothing.
func (l *Lab) UseDevice(ctx context.Context, kind string) error {
	l.mu.Lock()
	stays := kind == "" || l.device != nil && (kind == "auto" || l.device.Name() == kind || l.device.Name() == "xla:"+kind)
	l.mu.Unlock()
	if stays {
		return nil
	}
	return l.OpenDevice(ctx, accel.Options{Device: kind})
}

// Pin keeps the device open for who computes on it past the lab, until release is called.
func (l *Lab) Pin() (release func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pins++
	return sync.OnceFunc(func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.pins--
	})
}

// OpenDevice opens another device. Models that are warm on the old one have to be trained or loaded again, or read from
// their runs. It fails with a RunningError while a run computes, and with a PinnedError
// while the device is pinned.
func (l *Lab) OpenDevice(ctx context.Context, options accel.Options) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.runs {
		if r.running() {
			return &RunningError{Doing: "change the device to " + options.Device, Run: r.Name()}
		}
	}
	if l.pins > 0 {
		return &PinnedError{options.Device}
	}
	device, err := accel.Open(ctx, options)
	if err != nil {
		return err
	}
	l.closeModels()
	if l.device != nil {
		if err := l.device.Close(); err != nil {
			l.log.Warn("close the device", "error", err)
		}
	}
	l.device, l.deviceOptions = device, options
	return nil
}

// DeviceStatus says what is known of the device without opening it.
func (l *Lab) DeviceStatus() DeviceStatus {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := DeviceStatus{MemoryMiB: residentMemory() >> 20, Models: len(l.models.Names())}
	if l.device != nil {
		s.Name, s.Description, s.Plugin, s.Fallback = l.device.Name(), l.device.Description(), l.device.Plugin(), l.device.Fallback()
		s.Devices = l.device.Count()
	}
	for _, r := range l.runs {
		if r.running() {
			s.Runs++
		}
	}
	return s
}

// residentMemory is this process's in bytes; where the system does not tell, what Go has obtained of it.
func residentMemory() int64 {
	text, err := safefile.ReadFile("/proc/self/statm", 1<<10)
	if fields := strings.Fields(string(text)); err == nil && len(fields) > 1 { // proc(5): size, resident, ... in pages
		if pages, err := strconv.ParseInt(fields[1], 10, 64); err == nil {
			return pages * int64(os.Getpagesize())
		}
	}
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	return int64(memory.Sys)
}
