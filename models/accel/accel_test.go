package accel

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gomlx/go-xla/pjrt"
	"github.com/gomlx/gomlx/core/graph"

	"github.com/headstart-nb/headstart/internal/need"
)

func TestCandidates(t *testing.T) {
	both := plugins{cpu: "cpu", cuda: "cuda13", driver: true}
	for name, test := range map[string]struct {
		options Options
		found   plugins
		want    string // name[plugin,options], or "name! " and a part of what is missing; or a part of the error
		fails   bool
	}{
		"auto takes the GPU first":     {Options{}, both, "xla:cuda[cuda13,preallocate=false] | xla:cpu[cpu] | go[]", false},
		"auto without a driver":        {Options{Device: "auto"}, plugins{cpu: "cpu", cuda: "cuda"}, "xla:cpu[cpu] | go[]", false},
		"auto without the plugin":      {Options{}, plugins{cpu: "cpu", driver: true}, "xla:cuda! headstart install --device cuda | xla:cpu[cpu] | go[]", false},
		"auto without anything":        {Options{}, plugins{}, "xla:cpu! headstart install --device cpu | go[]", false},
		"cpu":                          {Options{Device: "cpu"}, both, "xla:cpu[cpu]", false},
		"cpu without a plugin":         {Options{Device: "cpu"}, plugins{}, "xla:cpu! PJRT_PLUGIN_LIBRARY_PATH", false},
		"cpu or what there is":         {Options{Device: "cpu", Fallback: true}, both, "xla:cpu[cpu] | go[]", false},
		"go":                           {Options{Device: "go"}, both, "go[]", false},
		"cuda does not fall back":      {Options{Device: "cuda"}, both, "xla:cuda[cuda13,preallocate=false]", false},
		"cuda or what there is":        {Options{Device: "cuda", Fallback: true}, both, "xla:cuda[cuda13,preallocate=false] | xla:cpu[cpu] | go[]", false},
		"cuda without a driver":        {Options{Device: "cuda"}, plugins{cpu: "cpu", cuda: "cuda"}, "xla:cuda! no NVIDIA driver", false},
		"cuda without a plugin":        {Options{Device: "cuda"}, plugins{cpu: "cpu", driver: true}, "xla:cuda! headstart install --device cuda", false},
		"unknown":                      {Options{Device: "tpu"}, both, "auto, cpu, cuda, go", true},
		"a fraction above one":         {Options{Device: "cuda", MemoryFraction: 1.5}, both, "between 0 and 1", true},
		"a negative fraction":          {Options{MemoryFraction: -1}, both, "between 0 and 1", true},
		"a divided CPU":                {Options{Device: "cpu", Devices: 2}, both, "xla:cpu[cpu]", false},
		"a divided GPU":                {Options{Device: "cuda", Devices: 2}, both, "only the device cpu is divided", true},
		"a CPU in crumbs":              {Options{Device: "cpu", Devices: 1000}, both, "1 to 64 make sense", true},
		"a negative GPU":               {Options{Device: "cuda", GPUs: []int{0, -1}}, both, "numbered from 0", true},
		"every option that CUDA takes": {Options{Device: "cuda", MemoryFraction: 0.5, Preallocate: true, DisableTF32: true, GPUs: []int{0, 2}}, both, "xla:cuda[cuda13,preallocate=true,memory_fraction=0.5,tf32=false,visible_devices=0;2]", false},
	} {
		list, err := test.options.candidates(test.found)
		if test.fails {
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("%s: got %v, want an error about %q", name, err, test.want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		want := strings.Split(test.want, " | ")
		for i, c := range list {
			got := c.name + "[" + c.plugin + c.options + "]"
			if c.missing != nil {
				got = c.name + "! " + c.missing.Error()
			}
			if i >= len(want) || got != want[i] && (c.missing == nil || !strings.Contains(got, strings.TrimPrefix(want[i], c.name+"! "))) {
				t.Errorf("%s: got %s at place %d of %q", name, got, i, test.want)
			}
		}
		if len(list) != len(want) {
			t.Errorf("%s: got %d candidates, want %q", name, len(list), test.want)
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
	device, err := openFirst([]candidate{{name: "xla:cuda", plugin: "no_such_plugin"}, Options{}.cpu(plugins{}), {name: "go"}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = device.Close() }()
	why := device.Fallback()
	if device.Name() != "go" || !strings.Contains(why, "no_such_plugin") || !strings.Contains(why, "no PJRT CPU plugin") || strings.Contains(why, "\n") {
		t.Errorf("fell back to %s because of %q", device.Name(), why)
	}
	if _, err := openFirst([]candidate{{name: "xla:cuda", plugin: "no_such_plugin"}}); err == nil || !strings.Contains(err.Error(), "headstart doctor") {
		t.Errorf("a plugin that is not there: %v", err)
	}
}

// besideDamaged is told to the test's own program, which then opens a device: go-xla reads its folders once.
const besideDamaged = "HEADSTART_TEST_BESIDE_DAMAGED"

func TestMain(m *testing.M) {
	device := os.Getenv(besideDamaged)
	if device == "" {
		os.Exit(m.Run())
	}
	opened, err := Open(context.Background(), Options{Device: device})
	if err != nil {
		fmt.Println("error:", err)
		return
	}
	defer func() { _ = opened.Close() }()
	exec, err := graph.NewExec(opened.Backend, func(x *graph.Node) *graph.Node { return graph.Dot(x, x).Product() })
	if err == nil {
		_, err = exec.Call1([]float32{1, 2, 3})
	}
	fmt.Printf("%s %s error=%v fallback=%s\n", opened.Name(), opened.Plugin(), err, opened.Fallback())
}

// TestBesideDamaged puts files that do not load beside the plugin, or in its place.
func TestBesideDamaged(t *testing.T) {
	real := ""
	for _, file := range pluginFiles(searchFolders()) {
		if strings.Contains(file, "cpu") {
			real = file
		}
	}
	if real == "" {
		need.Lack(t, need.Setup, "no PJRT CPU plugin: make setup")
	}
	program, err := os.ReadFile(os.Args[0]) // a program is no library, and half of one is cut
	if err != nil {
		t.Fatal(err)
	}
	const cuda, cpu = "pjrt_c_api_cuda_plugin.so", "pjrt_c_api_cpu_plugin.so"
	for name, test := range map[string]struct {
		files  map[string][]byte // nil links to the real one
		device string
		want   []string
	}{
		"a text for CUDA":        {map[string][]byte{cuda: []byte("text"), cpu: nil}, "auto", []string{"xla:cpu cpu error=<nil> fallback=\n"}},
		"half a program":         {map[string][]byte{"pjrt_c_api_other_plugin.so": program[:len(program)/2], cpu: nil}, "cpu", []string{"xla:cpu cpu error=<nil> fallback=\n"}},
		"another program":        {map[string][]byte{"pjrt_c_api_other_plugin.so": program, cpu: nil}, "auto", []string{"xla:cpu cpu error=<nil> fallback=\n"}},
		"a text for CPU":         {map[string][]byte{cpu: []byte("text")}, "auto", []string{"go  error=<nil>", "fallback=open device xla:cpu", "headstart doctor"}},
		"half a program for CPU": {map[string][]byte{cpu: program[:len(program)/2]}, "auto", []string{"go  error=<nil>", "is cut or damaged"}},
		"a text for CPU by name": {map[string][]byte{cpu: []byte("text")}, "cpu", []string{"error: open device xla:cpu", "headstart doctor"}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "nvidia, mit Lücke")
			if err := os.Mkdir(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			for file, content := range test.files {
				var err error
				if content == nil {
					err = os.Symlink(real, filepath.Join(dir, file))
				} else {
					err = os.WriteFile(filepath.Join(dir, file), content, 0o755)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			command := exec.Command(os.Args[0])
			command.Env = append(os.Environ(), besideDamaged+"="+test.device, pjrt.PJRTPluginPathsEnv+"="+dir)
			out, err := command.Output()
			if err != nil {
				t.Fatalf("the program ended with %v", err)
			}
			for _, want := range test.want {
				if !strings.Contains(string(out), want) {
					t.Errorf("got %q, want %q in it", out, want)
				}
			}
		})
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
			need.Lack(t, need.Setup, "no PJRT CPU plugin: make setup ("+err.Error()+")")
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

func TestPanicsBecomeErrors(t *testing.T) {
	reason := errors.New("reason")
	var list []int
	for name, run := range map[string]func() error{
		"an error":  func() error { panic(reason) },
		"a text":    func() error { panic("reason") },
		"the run's": func() error { return reason },
		"a bug's":   func() error { list[3] = 1; return nil },
	} {
		if err := Try(run); err == nil {
			t.Errorf("%s is lost", name)
		}
	}
	if err := Try(func() error { return nil }); err != nil {
		t.Error(err)
	}
}
