package transfer_test

import (
	"encoding/json"
	"runtime"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
)

// A magic's --device is %device's choice; a device that cannot be had leaves everything as it was.
func TestMagicsChooseTheDevice(t *testing.T) {
	t.Setenv("PJRT_PLUGIN_LIBRARY_PATH", t.TempDir())
	p := transfertest.New(t)
	p.Must(t, "%dataset load photos --size 32", "%model resnet50 --weights random --cut conv1 --head dense:8:relu --device go",
		"%train --epochs 1", "%train --epochs 1 --device go")
	for _, line := range []string{"%train --epochs 1 --device cuda", "%model resnet50 --weights random --device cuda"} {
		err := p.Call(t.Context(), &magictest.Host{}, line)
		if err == nil || !strings.Contains(err.Error(), "cuda") {
			t.Errorf("%s: %v, want an error that names the device", line, err)
		}
	}
	p.Must(t, "%predict photos/red/0.png")
}

// The memory is what the process takes of the machine, not the part of it that Go manages.
func TestDeviceShowsResidentMemory(t *testing.T) {
	p := transfertest.New(t)
	var status struct {
		MemoryMiB int64 `json:"memory_mib"`
	}
	if err := json.Unmarshal([]byte(p.Must(t, "%device --json").Output()), &status); err != nil {
		t.Fatal(err)
	}
	var heap runtime.MemStats
	runtime.ReadMemStats(&heap)
	if status.MemoryMiB<<20 < int64(heap.HeapAlloc)/2 || status.MemoryMiB == 0 {
		t.Errorf("the process has %d MiB, and its heap %d bytes", status.MemoryMiB, heap.HeapAlloc)
	}
}

// The flags of %device open one. Without its name they would be dropped without a word.
func TestDeviceFlagsNeedADevice(t *testing.T) {
	p := transfertest.New(t)
	for _, flag := range []string{"--devices 2", "--fallback", "--memory-fraction 0.5", "--gpus 0,1", "--no-tf32"} {
		if err := p.Call(t.Context(), &magictest.Host{}, "%device "+flag); err == nil || !strings.Contains(err.Error(), "its name is missing") {
			t.Errorf("%s: %v", flag, err)
		}
	}
}
