package install

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/testfile"
)

// fakeWheel is a wheel of one file.
func fakeWheel(t *testing.T, project, version, file string) []byte {
	t.Helper()
	info := strings.ReplaceAll(project, "-", "_") + "-" + version + ".dist-info/"
	return testfile.Zip(t, map[string]string{
		file:              "content of " + file,
		"../escaped":      "outside",
		info + "METADATA": "Metadata-Version: 2.1\nName: " + project + "\nVersion: " + version + "\n",
		info + "WHEEL":    "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		info + "RECORD":   "",
	})
}

// serveCUDA makes pip see an index with small wheels in place of CUDA's, and returns the list that has their hashes.
func serveCUDA(t *testing.T) string {
	t.Helper()
	wheels := map[string][]byte{}
	var list strings.Builder
	for project, file := range map[string]string{
		"jax-cuda13-pjrt": "jax_plugins/xla_cuda13/xla_cuda_plugin.so", "nvidia-cublas": "nvidia/cu13/lib/libcublas.so.13",
		"nvidia-cuda-nvcc": "nvidia/cu13/bin/ptxas",
	} {
		name := strings.ReplaceAll(project, "-", "_") + "-0.11.2-py3-none-any.whl"
		wheels[name] = fakeWheel(t, project, "0.11.2", file)
		fmt.Fprintf(&list, "%s==0.11.2 --hash=sha256:%x\n", project, sha256.Sum256(wheels[name]))
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if content, ok := wheels[path.Base(r.URL.Path)]; ok {
			_, _ = w.Write(content)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		for name := range wheels {
			fmt.Fprintf(w, `<a href="/%s">%[1]s</a>`, name)
		}
	}))
	t.Cleanup(server.Close)
	usePip(t, server.URL)
	return list.String()
}

func onLinuxAMD64(t *testing.T) {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		need.Lack(t, need.System, "CUDA is installed on linux/amd64")
	}
}

func TestCUDAIsInstalledFromPins(t *testing.T) {
	onLinuxAMD64(t)
	h, o := testHost(t), options(t)
	o.Python, o.Device = pythonWithPip(t), DeviceCUDA13
	h.pins = fstest.MapFS{"cuda13.txt": {Data: []byte(serveCUDA(t))}}
	layout := prefixLayout(o.Place.Prefix, "")
	write(t, filepath.Join(layout.Lib(), cpuPluginFile), "") // the CPU's is there
	if err := installOn(t.Context(), h, o); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"go-xla/nvidia/pjrt_c_api_cuda_plugin.so": "content of jax_plugins/xla_cuda13/xla_cuda_plugin.so",
		"go-xla/nvidia/bin/ptxas":                 "content of nvidia/cu13/bin/ptxas",
		"libcublas.so.13":                         "content of nvidia/cu13/lib/libcublas.so.13",
	} {
		if got, err := os.ReadFile(filepath.Join(cudaTree(layout), filepath.FromSlash(file))); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", file, got, err)
		}
	}
	info, err := os.Stat(filepath.Join(cudaFolder(layout), "cu13", "bin", "ptxas"))
	if err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("ptxas: %v, %v", info, err)
	}
	for name := range snapshot(t, o.Place.Prefix) {
		if strings.HasSuffix(name, ".whl") || strings.Contains(name, "escaped") {
			t.Errorf("%s is there", name)
		}
	}
}

// An index that serves other files than those of the list is refused, before anything of them is unpacked.
func TestCUDAOfAnotherHashIsRefused(t *testing.T) {
	onLinuxAMD64(t)
	h, o := testHost(t), options(t)
	o.Python, o.Device = pythonWithPip(t), DeviceCUDA13
	list := regexp.MustCompile(`sha256:\w+`).ReplaceAllString(serveCUDA(t), "sha256:"+strings.Repeat("0", 64))
	h.pins = fstest.MapFS{"cuda13.txt": {Data: []byte(list)}}
	write(t, filepath.Join(prefixLayout(o.Place.Prefix, "").Lib(), cpuPluginFile), "")
	err := installOn(t.Context(), h, o)
	if err == nil || !strings.Contains(err.Error(), "does not have the expected hash") {
		t.Errorf("got %v", err)
	}
	if exists(cudaTree(prefixLayout(o.Place.Prefix, ""))) {
		t.Error("something was installed")
	}
}

// Every file that pip fetches has a version and a hash in a list.
func TestEveryPinHasAHash(t *testing.T) {
	lists := map[string][]byte{}
	for name := range cudaNames() {
		data, err := cudaPins.ReadFile(name + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		lists[name] = data
		if !strings.Contains(string(data), "jax-"+name+"-pjrt=="+cpuWheels()["linux/amd64"].version+" ") {
			t.Errorf("%s: the plugin is not at the version of the CPU's, %s", name, cpuWheels()["linux/amd64"].version)
		}
	}
	requirements, err := os.ReadFile(filepath.FromSlash("../../" + requirementsFile))
	if err != nil {
		t.Fatal(err)
	}
	lists[requirementsFile] = requirements
	pin := regexp.MustCompile(`^[A-Za-z0-9._-]+==[^\s\\]+( --hash=sha256:[0-9a-f]{64})+$`)
	for name, list := range lists {
		text := regexp.MustCompile(`\s*\\\n\s*`).ReplaceAllString(string(list), " ")
		for line := range strings.Lines(text) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !pin.MatchString(line) {
				t.Errorf("%s: %.80s has no version or no hash", name, line)
			}
		}
	}
}
