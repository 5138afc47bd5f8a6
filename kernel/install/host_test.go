package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestCUDAForDriver(t *testing.T) {
	cases := map[string]struct {
		os, arch, version string
		want, problem     string
	}{
		"580": {"linux", "amd64", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  Sun Jul 27 07:09:29 UTC 2025\nGCC version: 12", "cuda13", ""},
		"open 595": {"linux", "amd64",
			"NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  595.12  Release Build  (x@y)  Tue", "cuda13", ""},
		"550":       {"linux", "amd64", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  Tue Mar  5 22:23:56 UTC 2024", "cuda12", ""},
		"525 exact": {"linux", "amd64", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  525.60.13  x", "cuda12", ""},
		"525 older": {"linux", "amd64", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  525.60.11  x", "", "525.60.11 is too old"},
		"470":       {"linux", "amd64", "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.223.02  x", "", "470.223.02 is too old: CUDA 12 needs 525.60.13"},
		"none":      {"linux", "amd64", "", "", "no NVIDIA driver is loaded"},
		"unknown":   {"linux", "amd64", "something else", "", "no NVIDIA driver is loaded"},
		"mac":       {"darwin", "arm64", "", "", "no CUDA plugin for darwin/arm64"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			h := host{os: test.os, arch: test.arch, root: t.TempDir()}
			if test.version != "" {
				write(t, filepath.Join(h.root, "proc", "driver", "nvidia", "version"), test.version)
			}
			got, err := h.cudaFor()
			if got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
			if test.problem == "" && err != nil || test.problem != "" && (err == nil || !strings.Contains(err.Error(), test.problem)) {
				t.Errorf("got error %v, want %q", err, test.problem)
			}
		})
	}
	wsl := host{os: "linux", arch: "amd64", root: t.TempDir()}
	write(t, filepath.Join(wsl.root, "dev", "dxg"), "")
	write(t, filepath.Join(wsl.root, "usr", "lib", "wsl", "lib", "libcuda.so.1"), "")
	if got, err := wsl.cudaFor(); got != "cuda12" || err != nil {
		t.Errorf("WSL: got %q, %v", got, err)
	}
}

func TestChoosePlugins(t *testing.T) {
	const driver550 = "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15  x"
	cases := map[string]struct {
		os, arch, driver string
		present          []string // files, relative to the home folder
		pluginPath       string   // relative to the home folder
		device           Device
		folders          []string // with ROOT and HOME
		bring            []string // what for
	}{
		"bare linux":        {os: "linux", arch: "amd64", folders: []string{"ROOT/lib"}, bring: []string{"cpu wheel"}},
		"bare arm64":        {os: "linux", arch: "arm64", folders: []string{"ROOT/lib"}, bring: []string{"cpu wheel"}},
		"bare mac":          {os: "darwin", arch: "arm64", folders: []string{"ROOT/lib"}, bring: []string{"cpu go-xla"}},
		"go-xla's folder":   {os: "linux", arch: "amd64", present: []string{".local/lib/go-xla/pjrt_c_api_cpu_v0.83.4_plugin.so"}, folders: []string{"HOME/.local/lib/go-xla"}},
		"the user's folder": {os: "linux", arch: "amd64", present: []string{"my/pjrt_c_api_cpu_plugin.so"}, pluginPath: "my", folders: []string{"HOME/my"}},
		"a wrong folder":    {os: "linux", arch: "amd64", present: []string{"my/pjrt_c_api_cuda_plugin.so"}, pluginPath: "my", folders: []string{"ROOT/lib"}, bring: []string{"cpu wheel"}},
		"gpu":               {os: "linux", arch: "amd64", driver: driver550, folders: []string{"ROOT/lib/cuda/go-xla/nvidia", "ROOT/lib"}, bring: []string{"cuda cuda12", "cpu wheel"}},
		"image for gpus":    {os: "linux", arch: "amd64", device: DeviceCUDA13, folders: []string{"ROOT/lib/cuda/go-xla/nvidia", "ROOT/lib"}, bring: []string{"cuda cuda13", "cpu wheel"}},
		"gpu unused":        {os: "linux", arch: "amd64", driver: driver550, device: DeviceCPU, folders: []string{"ROOT/lib"}, bring: []string{"cpu wheel"}},
		"gpu at hand": {os: "linux", arch: "amd64", driver: driver550, device: DeviceCUDA, present: []string{".local/lib/go-xla/nvidia/pjrt_c_api_cuda_plugin.so"},
			folders: []string{"HOME/.local/lib/go-xla/nvidia", "ROOT/lib"}, bring: []string{"cpu wheel"}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			h := host{os: test.os, arch: test.arch, root: filepath.Join(home, "machine"), home: home, wheel: cpuWheels()[test.os+"/"+test.arch]}
			if test.driver != "" {
				write(t, filepath.Join(h.root, "proc", "driver", "nvidia", "version"), test.driver)
			}
			for _, file := range test.present {
				write(t, filepath.Join(home, file), "")
			}
			if test.pluginPath != "" {
				h.pluginPath = filepath.Join(home, test.pluginPath)
			}
			layout := prefixLayout(filepath.Join(home, "prefix"), "")
			got, err := choosePlugins(layout, test.device, h)
			if err != nil {
				t.Fatal(err)
			}
			var folders, bring []string
			for _, folder := range got.folders {
				folders = append(folders, strings.NewReplacer(layout.Root, "ROOT", home, "HOME").Replace(folder))
			}
			for _, p := range got.bring {
				by := p.cuda
				switch {
				case p.wheel != nil:
					by = "wheel"
				case by == "":
					by = "go-xla"
				}
				bring = append(bring, string(p.device)+" "+by)
			}
			if diff := cmp.Diff(test.folders, folders); diff != "" {
				t.Errorf("folders (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(test.bring, bring); diff != "" {
				t.Errorf("to bring (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDeviceThatCannotBe(t *testing.T) {
	h := host{os: "linux", arch: "amd64", root: t.TempDir()}
	for device, want := range map[Device]string{DeviceCUDA: "no NVIDIA driver is loaded", "tpu": "choose auto, cpu or cuda"} {
		if _, err := choosePlugins(prefixLayout(t.TempDir(), ""), device, h); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", device, err, want)
		}
	}
}
