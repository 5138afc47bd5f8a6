package install

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/testfile"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

const sampleTool = "tools.test/sample"

// aModule is a program as a module proxy sends it.
func aModule(t *testing.T) []byte {
	t.Helper()
	const root = sampleTool + "@v1.0.0/"
	return testfile.Zip(t, map[string]string{
		root + "go.mod": "module " + sampleTool + "\n\ngo 1.21\n", root + "main.go": "package main\n\nfunc main() {}\n",
	})
}

// TestToolFaults lets the real go command fetch a tool from a module proxy that the test serves.
func TestToolFaults(t *testing.T) {
	goTool := FindGo()
	if goTool == "" {
		need.Lack(t, need.Setup, "no Go toolchain: unpack one into /usr/local")
	}
	content := aModule(t)
	const otherHash = sampleTool + " v1.0.0 h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
	cases := map[string]struct {
		serve func(http.ResponseWriter, []byte) // nil where nobody listens
		sums  string                            // go.sum of a checkout that pins the tool
		want  string                            // "" where it succeeds
	}{
		"works":      {serve: whole},
		"no network": {want: "the network cannot be reached"},
		"wrong hash": {serve: whole, sums: otherHash, want: "does not have the expected hash"},
		"cut": {serve: func(w http.ResponseWriter, content []byte) {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			_, _ = w.Write(content[:len(content)/2])
			panic(http.ErrAbortHandler)
		}, want: "the download was cut off"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch filepath.Ext(r.URL.Path) {
				case ".info":
					fmt.Fprint(w, `{"Version": "v1.0.0"}`)
				case ".mod":
					fmt.Fprint(w, "module "+sampleTool+"\n\ngo 1.21\n")
				case ".zip":
					test.serve(w, content)
				default:
					http.NotFound(w, r)
				}
			}))
			defer server.Close()
			if test.serve == nil {
				server.Close()
			}
			cache := filepath.Join(t.TempDir(), "mod")
			t.Cleanup(func() { _ = transaction.RemoveAll(cache) }) // its folders are read-only
			for variable, value := range map[string]string{
				"GOPROXY": server.URL, "GOSUMDB": "off", "GOMODCACHE": cache, "GOFLAGS": "", "GONOPROXY": "", "GOPRIVATE": "",
				"HTTP_PROXY": "", "http_proxy": "", "NO_PROXY": "*",
			} {
				t.Setenv(variable, value)
			}
			h, o := testHost(t), options(t)
			write(t, filepath.Join(h.home, "pjrt_c_api_cpu_plugin.so"), "")
			h.goTool, h.pluginPath = goTool, h.home
			h.tools = []tool{{program: "gonb", pkg: sampleTool, module: sampleTool, version: "v1.0.0", pins: "tools/sample"}}
			if test.sums != "" {
				o.Place.Source = t.TempDir()
				pins := filepath.Join(o.Place.Source, "tools", "sample")
				write(t, filepath.Join(o.Place.Source, "go.mod"), "module m\n")
				write(t, filepath.Join(pins, "go.mod"), "module tool\n\ngo 1.26\n\nrequire "+sampleTool+" v1.0.0\n")
				write(t, filepath.Join(pins, "go.sum"), test.sums)
			}
			err := installOn(t.Context(), h, o)
			layout := prefixLayout(o.Place.Prefix, "")
			if test.want == "" {
				if err != nil || !BuiltFrom(layout.Program("gonb"), "v1.0.0") {
					t.Errorf("the tool was not built: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one sentence with %q", err, test.want)
			}
			if exists(layout.Kernelspec()) || exists(layout.Program("gonb")) {
				t.Error("something is in place")
			}
		})
	}
}

// TestReadOnlyPrefix installs where this user may not write.
func TestReadOnlyPrefix(t *testing.T) {
	if os.Geteuid() == 0 {
		need.Lack(t, need.User, "root may write anywhere; TestDiskFaults has a read-only file system")
	}
	h, o := ready(t)
	if err := os.MkdirAll(o.Place.Prefix, 0o555); err != nil {
		t.Fatal(err)
	}
	err := installOn(t.Context(), h, o)
	if err == nil || !strings.Contains(err.Error(), "no permission to write there") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
}
