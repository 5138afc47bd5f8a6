package accel

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/gomlx/go-xla/pjrt"
	"golang.org/x/mod/semver"
)

// plugins are the names of the PJRT plugins that were found, by device; empty where there is none.
type plugins struct {
	cpu, cuda string
	driver    bool // an NVIDIA driver is loaded
	// files are the plugins' files by name, where go-xla cannot be asked for the name; otherwise nil.
	files map[string]string
}

// installedPlugins lets go-xla search for plugins. It opens each file that it finds, panics on one that does not load, and
// would end the process on one that was cut. With such a file there, plugins are found by their files' names instead: that
// one does not keep the others from being used.
func installedPlugins() plugins {
	files := pluginFiles(searchFolders())
	found := plugins{}
	names, ok := searchable(files)
	if !ok {
		names, found.files = files, files
	}
	for name := range names {
		switch {
		case pjrt.IsCUDAName(name):
			found.cuda = newest(found.cuda, name)
		case name == "cpu" || strings.HasPrefix(name, "cpu_"):
			found.cpu = newest(found.cpu, name)
		}
	}
	_, err := os.Stat("/proc/driver/nvidia/version")
	found.driver = err == nil
	return found
}

// searchFolders are PJRT_PLUGIN_LIBRARY_PATH's, else those that go-xla's installer fills.
func searchFolders() []string {
	if folders, ok := os.LookupEnv(pjrt.PJRTPluginPathsEnv); ok {
		return strings.FieldsFunc(folders, func(r rune) bool { return r == ':' })
	}
	folders := []string{"/usr/local/lib/go-xla", "/usr/local/lib/go-xla/nvidia"}
	if home, err := os.UserHomeDir(); err == nil {
		own := filepath.Join(home, ".local", "lib", "go-xla")
		folders = append([]string{own, filepath.Join(own, "nvidia"), filepath.Join(home, "Library", "Application Support", "go-xla")}, folders...)
	}
	return folders
}

// pluginFile is how go-xla names the files of plugins: pjrt_c_api_NAME_plugin.so, pjrt_plugin_NAME.so, pjrt-plugin-NAME.so.
var pluginFile = regexp.MustCompile(`^(?:pjrt_c_api_(.+)_plugin|pjrt[-_]plugin[-_](.+))\.(?:so|dylib|dll)$`)

// pluginFiles lists plugins' files by the plugins' names, the first folder's first, without opening them.
func pluginFiles(folders []string) map[string]string {
	files := map[string]string{}
	for _, folder := range folders {
		folder, err := filepath.Abs(folder)
		if err != nil {
			continue
		}
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue // a folder that is not there has none
		}
		for _, entry := range entries {
			match := pluginFile.FindStringSubmatch(entry.Name())
			if match == nil {
				continue
			}
			if name := match[1] + match[2]; files[name] == "" {
				files[name] = filepath.Join(folder, entry.Name())
			}
		}
	}
	return files
}

// searchable asks go-xla for its plugins; ok is false where it cannot be asked.
func searchable(files map[string]string) (names map[string]string, ok bool) {
	for _, file := range files {
		if whole(file) != nil {
			return nil, false
		}
	}
	err := Try(func() error { names = pjrt.AvailablePlugins(); return nil })
	return names, err == nil
}

// whole reports a shared library that is shorter than its own header says. Files of other formats than Linux's pass.
func whole(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	library, err := elf.Open(file)
	if format := (*elf.FormatError)(nil); errors.As(err, &format) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s is cut or damaged", file)
	}
	defer func() { _ = library.Close() }() // only read
	for _, segment := range library.Progs {
		if segment.Type == elf.PT_LOAD && segment.Off+segment.Filesz > uint64(info.Size()) {
			return fmt.Errorf("%s was cut after %d bytes", file, info.Size())
		}
	}
	return nil
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
