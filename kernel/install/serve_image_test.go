package install

import (
	"cmp"
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/semver"

	"github.com/headstart-nb/headstart/internal/need"
)

// The image of the model server brings the same plugin as an installation.
func TestTheServeImageHasTheSamePlugin(t *testing.T) {
	data, err := os.ReadFile("../../docker/serve/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	w := cpuWheels()["linux/amd64"]
	for _, want := range []string{"PLUGIN=" + w.project + "==" + w.version + "\n", "PLUGIN_SHA256=" + w.sha256 + "\n", "'" + w.member + "'"} {
		if !strings.Contains(string(data), want) {
			t.Errorf("docker/serve/Dockerfile lacks %q", want)
		}
	}
}

// The image's base, distroless/cc of Debian 12, has few libraries, and no package manager to add one: what the programs and XLA's plugin
// ask the loader for is among them. Building the image takes minutes (make images); this takes none.
func TestTheServeImageHasEveryLibrary(t *testing.T) {
	libraries := []string{"ld-linux-x86-64.so.2", "libc.so.6", "libdl.so.2", "libgcc_s.so.1", "libgomp.so.1", "libm.so.6", "libpthread.so.0",
		"libresolv.so.2", "librt.so.1", "libstdc++.so.6"}
	newest := map[string]string{"GLIBC": "v2.36.0", "GLIBCXX": "v3.4.30", "CXXABI": "v1.3.13", "GCC": "v12.0.0"} // of Debian 12
	transfer := filepath.Join(os.Getenv("HEADSTART_BIN"), transferProgram)
	plugin := ""
	for _, folder := range filepath.SplitList(os.Getenv(pluginPathVar)) {
		plugin = cmp.Or(plugin, pluginIn(folder, DeviceCPU))
	}
	if !exists(transfer) || plugin == "" {
		need.Lack(t, need.Setup, "no headstart-transfer or no plugin: make setup")
	}
	for _, file := range []string{transfer, plugin} {
		binary, err := elf.Open(file)
		if err != nil {
			need.Lack(t, need.System, "the image is for Linux: "+err.Error())
		}
		defer binary.Close() // only read
		wanted, err := binary.ImportedLibraries()
		if err != nil {
			t.Fatal(err)
		}
		for _, library := range wanted {
			if !slices.Contains(libraries, library) {
				t.Errorf("%s needs %s, which the base of docker/serve does not have", file, library)
			}
		}
		if file == transfer { // the image's is linked in Debian 12
			continue
		}
		needs, err := binary.DynamicVersionNeeds()
		if err != nil {
			t.Fatal(err)
		}
		for _, library := range needs {
			for _, version := range library.Needs {
				name, number, _ := strings.Cut(version.Dep, "_")
				if limit := newest[name]; limit != "" && semver.Compare("v"+number, limit) > 0 {
					t.Errorf("%s needs %s of %s, which is newer than the one of Debian 12", file, version.Dep, library.Name)
				}
			}
		}
	}
}
