package install

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/headstart-nb/headstart/internal/need"
)

// fakeGo stands in for the go command: go get does nothing, go build -o FILE writes FILE.
const fakeGo = `#!/bin/sh
[ "$1" = build ] || exit 0
sleep ${FAKE_GO_SECONDS:-0}
echo "built $4" > "$3"
chmod +x "$3"
`

var extension = fstest.MapFS{
	"package.json":         {Data: []byte(`{"name": "@headstart-nb/lab"}`)},
	"static/remote.123.js": {Data: []byte("js")},
}

// testHost is a machine without any plugin, whose wheel comes from the package index that the test serves.
func testHost(t testing.TB) host {
	t.Helper()
	dir := t.TempDir()
	goTool := filepath.Join(dir, "go")
	if err := os.WriteFile(goTool, []byte(fakeGo), 0o755); err != nil {
		t.Fatal(err)
	}
	return host{
		os: "linux", arch: "amd64", root: dir, home: dir, goTool: goTool, compiler: "/usr/bin/cc",
		wheel: &wheel{project: "sample-pjrt", version: "1.0", sha256: "unset", member: "sample_pjrt/plugin.so"},
		tools: unrepaired(tools()), pins: cudaPins,
	}
}

// unrepaired are tools that a stand-in for go can build.
func unrepaired(list []tool) []tool {
	for i := range list {
		list[i].repaired = ""
	}
	return list
}

// aWheel is a small wheel that pip accepts.
func aWheel(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	archive := zip.NewWriter(&out)
	for name, text := range map[string]string{
		"sample_pjrt/plugin.so":              strings.Repeat("machine code ", 10_000),
		"sample_pjrt-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: sample-pjrt\nVersion: 1.0\n",
		"sample_pjrt-1.0.dist-info/WHEEL":    "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
		"sample_pjrt-1.0.dist-info/RECORD":   "",
	} {
		w, err := archive.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// serveIndex makes pip see a package index with one wheel, whose download is answered by serve.
func serveIndex(t *testing.T, serve func(http.ResponseWriter, []byte)) (wheelHash string) {
	t.Helper()
	content := aWheel(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".whl") {
			serve(w, content)
			return
		}
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<a href="/sample_pjrt-1.0-py3-none-any.whl">sample_pjrt-1.0-py3-none-any.whl</a>`)
	}))
	t.Cleanup(server.Close)
	usePip(t, server.URL)
	return fmt.Sprintf("%x", sha256.Sum256(content))
}

func usePip(t *testing.T, index string) {
	t.Helper()
	for name, value := range map[string]string{
		"PIP_INDEX_URL": index, "PIP_CONFIG_FILE": os.DevNull, "PIP_FIND_LINKS": "", "PIP_NO_CACHE_DIR": "1", "PIP_RETRIES": "1",
		"PIP_DEFAULT_TIMEOUT": "5", "PIP_CERT": "", "HTTP_PROXY": "", "http_proxy": "", "NO_PROXY": "*",
	} {
		t.Setenv(name, value)
	}
}

func whole(w http.ResponseWriter, content []byte) { _, _ = w.Write(content) }

// pythonWithPip finds an interpreter for the tests that download.
func pythonWithPip(t *testing.T) string {
	t.Helper()
	for _, python := range []string{filepath.Join(os.Getenv("HEADSTART_BIN"), "..", "venv", "bin", "python"), "python3"} {
		if exec.Command(python, "-P", "-m", "pip", "--version").Run() == nil {
			return python
		}
	}
	need.Lack(t, need.Setup, "no python3 with pip: make setup")
	return ""
}

// options installs into a folder with a name that quoting mistakes trip over.
func options(t *testing.T) Options {
	t.Helper()
	return Options{
		Place:        Place{Prefix: filepath.Join(t.TempDir(), "Präfix mit Lücke")},
		Device:       DeviceCPU,
		Labextension: extension,
		Source:       fstest.MapFS{"go.mod": {Data: []byte("module m\n")}, "nbhelpers/a.go": {Data: []byte("package a\n")}},
	}
}

// ready is a host and options with which an installation succeeds.
func ready(t *testing.T) (host, Options) {
	t.Helper()
	h, o := testHost(t), options(t)
	o.Python = pythonWithPip(t)
	h.wheel.sha256 = serveIndex(t, whole)
	return h, o
}

// snapshot lists everything below a folder with its content.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		rel, _ := filepath.Rel(dir, path)
		if !entry.Type().IsRegular() {
			all[rel] = entry.Type().String()
			return nil
		}
		data, err := os.ReadFile(path)
		all[rel] = string(data)
		if len(data) > 1<<16 { // the test's own program, the plugin
			all[rel] = fmt.Sprintf("%x", sha256.Sum256(data))
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return all
}
