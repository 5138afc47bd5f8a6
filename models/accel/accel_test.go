package accel

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
)

func TestCandidates(t *testing.T) {
	both := plugins{cpu: "cpu", cuda: "cuda13", driver: true}
	for name, test := range map[string]struct {
		options Options
		found   plugins
		want    string // names with configurations, or a part of the error
		fails   bool
	}{
		"auto takes the GPU first":     {Options{}, both, "xla:cuda[cuda13,preallocate=false] xla:cpu[cpu] go[]", false},
		"auto without a driver":        {Options{Device: "auto"}, plugins{cpu: "cpu", cuda: "cuda"}, "xla:cpu[cpu] go[]", false},
		"auto without anything":        {Options{}, plugins{}, "go[]", false},
		"cpu":                          {Options{Device: "cpu"}, both, "xla:cpu[cpu]", false},
		"cpu without a plugin":         {Options{Device: "cpu"}, plugins{}, "PJRT_PLUGIN_LIBRARY_PATH", true},
		"go":                           {Options{Device: "go"}, both, "go[]", false},
		"cuda does not fall back":      {Options{Device: "cuda"}, both, "xla:cuda[cuda13,preallocate=false]", false},
		"cuda without a driver":        {Options{Device: "cuda"}, plugins{cpu: "cpu", cuda: "cuda"}, "no NVIDIA driver", true},
		"cuda without a plugin":        {Options{Device: "cuda"}, plugins{cpu: "cpu", driver: true}, "headstart install --device cuda", true},
		"unknown":                      {Options{Device: "tpu"}, both, "auto, cpu, cuda and go", true},
		"a fraction above one":         {Options{Device: "cuda", MemoryFraction: 1.5}, both, "between 0 and 1", true},
		"a negative fraction":          {Options{MemoryFraction: -1}, both, "between 0 and 1", true},
		"a negative GPU":               {Options{Device: "cuda", GPUs: []int{0, -1}}, both, "no GPU -1", true},
		"every option that CUDA takes": {Options{Device: "cuda", MemoryFraction: 0.5, Preallocate: true, DisableTF32: true, GPUs: []int{0, 2}}, both, "xla:cuda[cuda13,preallocate=true,memory_fraction=0.5,tf32=false,visible_devices=0;2]", false},
	} {
		list, err := test.options.candidates(test.found)
		if test.fails {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: got %v, want an error about %q", name, err, test.want)
			}
			continue
		}
		var got []string
		for _, c := range list {
			got = append(got, c.name+"["+c.config+"]")
		}
		if err != nil || strings.Join(got, " ") != test.want {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, test.want)
		}
	}
}

func TestNewest(t *testing.T) {
	for _, test := range [][3]string{
		{"", "cpu", "cpu"}, {"cpu_v0.83.1", "cpu", "cpu"}, {"cpu", "cpu_v0.83.1", "cpu"}, {"cuda12", "cuda13", "cuda13"},
		{"cpu_v0.9.1", "cpu_v0.83.4", "cpu_v0.83.4"},
	} {
		if got := newest(test[0], test[1]); got != test[2] {
			t.Errorf("of %q and %q, %q was taken and not %q", test[0], test[1], got, test[2])
		}
	}
}

func TestFallbackIsTold(t *testing.T) {
	device, err := openFirst([]candidate{{name: "xla:cuda", config: "no_such_plugin"}, {name: "go"}}, "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = device.Close() }()
	if device.Name() != "go" || !strings.Contains(device.Fallback(), "no_such_plugin") {
		t.Errorf("fell back to %s because of %q", device.Name(), device.Fallback())
	}
	if _, err := openFirst([]candidate{{name: "xla:cuda", config: "no_such_plugin"}}, ""); err == nil || !strings.Contains(err.Error(), "headstart doctor") {
		t.Errorf("a plugin that is not there: %v", err)
	}
}

// computes runs a graph on a device.
func computes(t *testing.T, device *Device) {
	t.Helper()
	exec, err := graph.NewExec(device.Backend, func(x *graph.Node) *graph.Node { return graph.Dot(x, x).Product() })
	if err != nil {
		t.Fatal(err)
	}
	result, err := exec.Call1([]float32{1, 2, 3})
	if err != nil || result.Value() != float32(14) {
		t.Errorf("%s computes 1 + 4 + 9 as %v, %v", device.Name(), result, err)
	}
}

func TestDevicesCompute(t *testing.T) {
	for _, name := range []string{"go", "cpu"} {
		device, err := Open(context.Background(), Options{Device: name})
		if err != nil && name == "cpu" {
			t.Skipf("needs the PJRT CPU plugin: make setup (%v)", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		computes(t, device)
		if device.Description() == "" || device.Fallback() != "" || (name == "cpu") != (device.Plugin() != "") {
			t.Errorf("%s is described as %q, plugin %q, fallback %q", name, device.Description(), device.Plugin(), device.Fallback())
		}
		if err := errors.Join(device.Close(), device.Close()); err != nil {
			t.Error(err)
		}
	}
}

func TestOpenHeedsItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Open(ctx, Options{Device: "go"}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
