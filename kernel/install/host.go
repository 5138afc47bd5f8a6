package install

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/kernel/gonb/debug"
)

// A host is what this machine offers, and what is brought to it.
type host struct {
	os, arch   string
	root       string // "/" but for tests
	home       string
	pluginPath string // PJRT_PLUGIN_LIBRARY_PATH
	goTool     string // "" where there is none
	compiler   string // of C; "" where there is none
	wheel      *wheel // with the plugin for the CPU; nil where the package index has none
	tools      []tool
	debugs     bool  // a program may trace another, which a debugger needs
	pins       fs.FS // has the lists of CUDA's wheels
}

func systemHost() host {
	home, _ := os.UserHomeDir() // without one there is nothing to find in it
	return host{
		os: runtime.GOOS, arch: runtime.GOARCH, root: "/", home: home, pluginPath: os.Getenv(pluginPathVar),
		goTool: FindGo(), compiler: FindCompiler(), wheel: cpuWheels()[runtime.GOOS+"/"+runtime.GOARCH], tools: tools(), pins: cudaPins,
		debugs: debug.CanTrace() == nil,
	}
}

// A driverVersion is an NVIDIA driver's, such as 580.65.06.
type driverVersion [3]int

func (v driverVersion) String() string {
	return fmt.Sprintf("%d.%02d.%02d", v[0], v[1], v[2])
}

func (v driverVersion) atLeast(other driverVersion) bool {
	for i := range v {
		if v[i] != other[i] {
			return v[i] > other[i]
		}
	}
	return true
}

// The oldest drivers for a major version of CUDA: NVIDIA's CUDA toolkit release notes, "CUDA Toolkit and Minimum Required
// Driver Version for CUDA Minor Version Compatibility".
var (
	driverForCUDA12 = driverVersion{525, 60, 13}
	driverForCUDA13 = driverVersion{580, 0, 0}
)

var driverLine = regexp.MustCompile(`(?:Kernel Module|Open Kernel Module for \S+)\s+(?:for \S+\s+)?(\d+)\.(\d+)(?:\.(\d+))?`)

// nvidiaDriver reads the loaded driver's version from the kernel. Under WSL there is no such file: the Windows driver
// serves, and libcuda is what tells of it.
func (h host) nvidiaDriver() (version driverVersion, found bool) {
	data, err := os.ReadFile(filepath.Join(h.root, "proc", "driver", "nvidia", "version"))
	if err != nil {
		return driverVersion{}, false
	}
	match := driverLine.FindStringSubmatch(string(data))
	if match == nil {
		return driverVersion{}, false
	}
	for i := range version {
		version[i], _ = strconv.Atoi(match[i+1])
	}
	return version, true
}

// wslGPU reports whether this is WSL with a GPU handed through.
func (h host) wslGPU() bool {
	return exists(filepath.Join(h.root, "dev", "dxg")) && exists(filepath.Join(h.root, "usr", "lib", "wsl", "lib", "libcuda.so.1"))
}

// cudaFor chooses the CUDA plugin that the driver can serve.
func (h host) cudaFor() (plugin string, err error) {
	if h.os != "linux" || h.arch != "amd64" {
		return "", fmt.Errorf("there is no CUDA plugin for %s/%s, only for linux/amd64: use --device cpu", h.os, h.arch)
	}
	driver, found := h.nvidiaDriver()
	switch {
	case !found && h.wslGPU():
		return "cuda12", nil
	case !found:
		return "", fmt.Errorf("no NVIDIA driver is loaded on this machine (/proc/driver/nvidia/version is missing): install one, or use --device cpu")
	case driver.atLeast(driverForCUDA13):
		return "cuda13", nil
	case driver.atLeast(driverForCUDA12):
		return "cuda12", nil
	}
	return "", fmt.Errorf("the NVIDIA driver %s is too old: CUDA 12 needs %s or newer and CUDA 13 needs %d; update the driver, or use --device cpu",
		driver, driverForCUDA12, driverForCUDA13[0])
}

// pluginFolders are where a plugin may be already, first choice first: what the user said, else go-xla's own folders.
func (h host) pluginFolders() []string {
	if h.pluginPath != "" {
		return strings.FieldsFunc(h.pluginPath, func(r rune) bool { return r == filepath.ListSeparator })
	}
	var folders []string
	for _, lib := range []string{filepath.Join(h.home, ".local", "lib"), filepath.Join(h.root, "usr", "local", "lib")} {
		folders = append(folders, filepath.Join(lib, "go-xla"), filepath.Join(lib, "go-xla", "nvidia"), filepath.Join(lib, "gomlx", "pjrt"))
	}
	if h.os == "darwin" {
		folders = append(folders, filepath.Join(h.home, "Library", "Application Support", "go-xla"))
	}
	return folders
}

// pluginIn returns the plugin for a device in a folder, by the names that go-xla searches for.
func pluginIn(folder string, device Device) string {
	for _, pattern := range []string{
		"pjrt_c_api_%s_plugin.*", "pjrt_c_api_%s_*_plugin.*", "pjrt_plugin_%s.*", "pjrt_plugin_%s_*", "pjrt-plugin-%s.*", "pjrt-plugin-%s-*",
	} {
		found, err := filepath.Glob(filepath.Join(escapeGlob(folder), fmt.Sprintf(pattern, device)))
		if err == nil && len(found) > 0 {
			return found[0]
		}
	}
	return ""
}

func escapeGlob(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
