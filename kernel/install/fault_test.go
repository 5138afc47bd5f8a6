package install

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/testfile"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// TestExplain holds the sentences against what the system, pip and go print.
func TestExplain(t *testing.T) {
	printed := func(text string) error {
		return &commandError{command: "pip download", output: text, err: errors.New("exit status 1")}
	}
	for name, test := range map[string]struct {
		err  error
		want string
	}{
		"disk full":       {&fs.PathError{Op: "write", Path: "/a/b", Err: syscall.ENOSPC}, "the thing (/a/b): the disk is full: free some space"},
		"disk full, pip":  {printed("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"), "the disk is full"},
		"disk full, go":   {printed("go: writing stat cache: write /m: no space left on device"), "the disk is full"},
		"quota":           {&fs.PathError{Op: "write", Path: "/a/b", Err: syscall.EDQUOT}, "the disk quota is used up"},
		"read-only":       {&fs.PathError{Op: "mkdir", Path: "/a/b", Err: syscall.EROFS}, "the file system is read-only: choose a place"},
		"read-only, go":   {printed("mkdir /m: read-only file system"), "the file system is read-only"},
		"not one's own":   {&fs.PathError{Op: "mkdir", Path: "/a/b", Err: syscall.EACCES}, "no permission to write there: choose a place of your own"},
		"not one's, pip":  {printed("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/opt/x'"), "no permission to write there"},
		"file in the way": {&fs.PathError{Op: "mkdir", Path: "/a/b", Err: syscall.ENOTDIR}, "a file stands where a folder is needed"},
		"no such program": {&commandError{command: "python3", err: &exec.Error{Name: "python3", Err: exec.ErrNotFound}}, "install it, or put its folder on PATH"},
		"hash, pip": {printed("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."),
			"does not have the expected hash and was deleted"},
		"hash, go":  {printed("verifying m@v1: checksum mismatch\n\tdownloaded: h1:a\n\tgo.sum: h1:b\n\nSECURITY ERROR\n"), "does not have the expected hash"},
		"cut, pip":  {printed("pip._vendor.urllib3.exceptions.ProtocolError: ('Connection broken: IncompleteRead(1 bytes read)'"), "the download was cut off"},
		"cut, go":   {printed("go: m@v1: Get \"https://x/m.zip\": unexpected EOF"), "the download was cut off"},
		"reset, go": {printed("go: m@v1: read tcp 127.0.0.1:1->127.0.0.1:2: read: connection reset by peer"), "the download was cut off"},
		"no network, pip": {printed("WARNING: Retrying after NewConnectionError\nERROR: No matching distribution found for x==1"),
			"the network cannot be reached: connect, or set HTTPS_PROXY"},
		"no network, go": {printed("dial tcp: lookup proxy on 1.1.1.1:53: no such host"), "the network cannot be reached"},
		"no proxy":       {printed("go: m@v1: module lookup disabled by GOPROXY=off"), "GOPROXY is off"},
		"proxy refuses":  {printed("Cannot connect to proxy. OSError('Tunnel connection failed: 407 Proxy Authentication Required')"), "check HTTPS_PROXY and its user name"},
		"certificate":    {printed("tls: failed to verify certificate: x509: certificate signed by unknown authority"), "certificate is not trusted"},
		"old Python": {printed("ERROR: Ignored the following versions that require a different python version: 1 Requires-Python >=3.11\nERROR: No matching distribution found for x==1"),
			"this Python is too old for x==1"},
		"poor mirror": {printed("ERROR: No matching distribution found for x==1"), "the package index in use does not have x==1"},
		"unknown":     {printed("\n# a package\n./x.go:1:1: wrong\n"), "pip download: exit status 1: # a package; ./x.go:1:1: wrong"},
	} {
		got := explain(fmt.Errorf("while at it: %w", test.err), "the thing")
		if !strings.HasPrefix(got.Error(), "the thing") || !strings.Contains(got.Error(), test.want) || strings.Contains(got.Error(), "\n") {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
		if again := explain(got, "something else"); again != got {
			t.Errorf("%s: explained twice: %q", name, again)
		}
	}
}

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
