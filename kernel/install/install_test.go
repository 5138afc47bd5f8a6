package install

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/kernel/install/specfile"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

func TestInstallAndUninstall(t *testing.T) {
	h, o := ready(t)
	prefix := o.Place.Prefix
	theirs := filepath.Join(prefix, "share", "jupyter", "kernels", "other", "kernel.json")
	if err := os.MkdirAll(filepath.Dir(theirs), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(theirs, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, prefix)
	if err := installOn(t.Context(), h, o); err != nil {
		t.Fatal(err)
	}
	layout := prefixLayout(prefix, "")
	for _, file := range []string{
		layout.Program("headstart"), layout.Program("gonb"), layout.Program("goimports"), layout.Program("gopls"), layout.Program("dlv"),
		filepath.Join(layout.Lib(), "pjrt_c_api_cpu_plugin.so"), filepath.Join(layout.SourceDir(), "nbhelpers", "a.go"),
		filepath.Join(layout.Share, "labextensions", "@headstart-nb", "lab", "static", "remote.123.js"),
		filepath.Join(layout.Share, "labextensions", "@headstart-nb", "lab", "install.json"),
	} {
		if !exists(file) {
			t.Errorf("%s is missing", file)
		}
	}
	checkKernelspec(t, layout, h)

	var installed transaction.Manifest
	data, err := os.ReadFile(layout.manifest())
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &installed); err != nil {
		t.Fatal(err)
	}
	for name, content := range snapshot(t, prefix) {
		path := filepath.Join(prefix, name)
		if content == fs.ModeDir.String() || path == theirs || path == layout.manifest() || filepath.Base(path) == ".lock" {
			continue
		}
		if !slices.Contains(installed.Files, path) {
			t.Errorf("%s is in no list of installed files", path)
		}
	}
	if err := Uninstall(t.Context(), o.Place, "", false, nil); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, snapshot(t, prefix)); diff != "" {
		t.Errorf("uninstall left or took something (-before +after):\n%s", diff)
	}
	if err := Uninstall(t.Context(), o.Place, "", false, nil); err != nil {
		t.Errorf("uninstalling nothing: %v", err)
	}
}

func checkKernelspec(t *testing.T, layout Layout, h host) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(layout.Kernelspec(), "kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got specfile.File
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	want := specfile.File{
		Argv:        []string{layout.Program("headstart"), "kernel", "--connection-file", "{connection_file}"},
		DisplayName: "Go (Headstart)", Language: "go", InterruptMode: "message",
		Env: map[string]string{
			"PATH":                  layout.Bin() + ":" + filepath.Dir(h.goTool) + ":/usr/bin:/usr/local/bin:/bin:${PATH}",
			"GLIBC_TUNABLES":        mallocTunables,
			"GOMLX_NO_AUTO_INSTALL": "1", "HEADSTART_SRC": layout.SourceDir(), "PJRT_PLUGIN_LIBRARY_PATH": layout.Lib(),
		},
		Metadata: map[string]any{"debugger": h.debugs},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("kernel.json (-want +got):\n%s", diff)
	}
}

// TestAgainChangesNothing also shows that the second run needs neither network nor compiler.
func TestAgainChangesNothing(t *testing.T) {
	h, o := ready(t)
	h.tools = nil // fake programs have no build information by which to see that they are the right ones
	if err := installOn(t.Context(), h, o); err != nil {
		t.Fatal(err)
	}
	before := times(t, o.Place.Prefix)
	usePip(t, "http://127.0.0.1:1")
	h.goTool = filepath.Join(h.home, "go")
	var log bytes.Buffer
	o.Log = &log
	if err := installOn(t.Context(), h, o); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, times(t, o.Place.Prefix)); diff != "" {
		t.Errorf("the second run wrote something:\n%s", diff)
	}
	if strings.Contains(log.String(), "downloading") {
		t.Errorf("the second run downloaded:\n%s", log.String())
	}
}

func times(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name := range snapshot(t, dir) {
		info, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if !info.IsDir() {
			all[name] = info.ModTime().String()
		}
	}
	return all
}

// TestDryRun shows that it writes nothing, and lists exactly the files that the installation then has.
func TestDryRun(t *testing.T) {
	h, o := ready(t)
	var log bytes.Buffer
	o.DryRun, o.Log = true, &log
	if err := installOn(t.Context(), h, o); err != nil {
		t.Fatal(err)
	}
	if exists(o.Place.Prefix) {
		t.Error("a dry run made the prefix")
	}
	var listed []string
	for line := range strings.Lines(log.String()) {
		line, ok := strings.CutPrefix(strings.TrimSpace(line), "would write ")
		if !ok {
			t.Errorf("the dry run says %q", line)
		}
		if at := strings.LastIndex(line, " ("); at > 0 {
			line = line[:at]
		}
		listed = append(listed, line)
	}
	o.DryRun, o.Log = false, nil
	if err := installOn(t.Context(), h, o); err != nil {
		t.Fatal(err)
	}
	var there []string
	for name, content := range snapshot(t, o.Place.Prefix) {
		if content != fs.ModeDir.String() && filepath.Base(name) != ".lock" {
			there = append(there, filepath.Join(o.Place.Prefix, name))
		}
	}
	// The test's program has no others beside it, which are therefore left out.
	listed = slices.DeleteFunc(listed, func(file string) bool { return strings.HasPrefix(filepath.Base(file), kernelProgram+"-") })
	slices.Sort(listed)
	slices.Sort(there)
	if diff := cmp.Diff(there, listed); diff != "" {
		t.Errorf("what is installed (-) and what the dry run lists (+):\n%s", diff)
	}
}

func TestTwoAtOnceTakeTurns(t *testing.T) {
	h, o := ready(t)
	var wait sync.WaitGroup
	errs := make([]error, 3)
	for i := range errs {
		wait.Go(func() { errs[i] = installOn(context.Background(), h, o) })
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	checkKernelspec(t, prefixLayout(o.Place.Prefix, ""), h)
	litter, _ := filepath.Glob(filepath.Join(escapeGlob(o.Place.Prefix), "*", "*", ".*"))
	litter = slices.DeleteFunc(litter, func(name string) bool { return filepath.Base(name) == ".lock" })
	if len(litter) > 0 {
		t.Errorf("left behind: %v", litter)
	}
}

// TestDownloadFaults shows that each fault is told in one sentence, and that nothing is in place after it.
func TestDownloadFaults(t *testing.T) {
	python := pythonWithPip(t)
	cases := map[string]struct {
		serve func(http.ResponseWriter, []byte)
		hash  string
		want  string
	}{
		"wrong hash": {serve: whole, hash: strings.Repeat("0", 64), want: "instead of " + strings.Repeat("0", 64)},
		"cut": {serve: func(w http.ResponseWriter, content []byte) {
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			_, _ = w.Write(content[:len(content)/2])
			panic(http.ErrAbortHandler)
		}, want: "the download was cut off"},
		"no network": {want: "the network cannot be reached"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			h, o := testHost(t), options(t)
			o.Python = python
			if test.serve == nil {
				usePip(t, "http://127.0.0.1:1")
			} else {
				h.wheel.sha256 = serveIndex(t, test.serve)
			}
			if test.hash != "" {
				h.wheel.sha256 = test.hash
			}
			err := installOn(t.Context(), h, o)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one sentence with %q", err, test.want)
			}
			if exists(prefixLayout(o.Place.Prefix, "").Kernelspec()) {
				t.Error("a kernelspec is in place")
			}
			if err := Uninstall(t.Context(), o.Place, "", false, nil); err != nil {
				t.Fatal(err)
			}
			if left := snapshot(t, o.Place.Prefix); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// TestDiskFaults mounts a small and a read-only file system, which only root may.
func TestDiskFaults(t *testing.T) {
	if runtime.GOOS != "linux" {
		need.Lack(t, need.System, "tmpfs is a file system of Linux")
	}
	if os.Geteuid() != 0 {
		need.Lack(t, need.Root, "to mount file systems")
	}
	cases := map[string]struct{ mount, want string }{
		"full":      {"size=200k", "the disk is full"},
		"read-only": {"ro,size=1m", "the file system is read-only"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			h, o := ready(t)
			if err := os.MkdirAll(o.Place.Prefix, 0o755); err != nil {
				t.Fatal(err)
			}
			if out, err := exec.Command("mount", "-t", "tmpfs", "-o", test.mount, "tmpfs", o.Place.Prefix).CombinedOutput(); err != nil {
				need.Lack(t, need.Root, "to mount file systems: "+string(out))
			}
			t.Cleanup(func() { _ = exec.Command("umount", o.Place.Prefix).Run() })
			err := installOn(t.Context(), h, o)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one sentence with %q", err, test.want)
			}
		})
	}
}

func TestFileInTheWay(t *testing.T) {
	h, o := ready(t)
	if err := os.WriteFile(o.Place.Prefix, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	err := installOn(t.Context(), h, o)
	if err == nil || !strings.Contains(err.Error(), "a file stands where a folder is needed") {
		t.Errorf("got %v", err)
	}
}

func TestNoGo(t *testing.T) {
	h, o := ready(t)
	h.goTool = ""
	err := installOn(t.Context(), h, o)
	if err == nil || !strings.Contains(err.Error(), "needs the Go toolchain, which was not found: ") {
		t.Errorf("got %v", err)
	}
}

// TestToolVersions compares the versions with those of the tool modules, from which a checkout builds.
func TestToolVersions(t *testing.T) {
	for _, tool := range tools() {
		data, err := os.ReadFile(filepath.Join("..", "..", filepath.FromSlash(tool.pins), "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), tool.module+" "+tool.version+" ") {
			t.Errorf("%s is at another version than %s in %s/go.mod", tool.module, tool.version, tool.pins)
		}
	}
}

// A tool of the right version without the corrections of this release is built again.
func TestToolWithoutCorrectionsIsNotReady(t *testing.T) {
	file := filepath.Join(os.Getenv("HEADSTART_BIN"), "goimports")
	if !exists(file) {
		need.Lack(t, need.Setup, "no goimports: make setup")
	}
	at := tools()[1]
	if !at.builtAs(file) {
		t.Fatalf("%s is not at %s", file, at.version)
	}
	at.repaired = "goimports-repaired-1"
	if at.builtAs(file) {
		t.Errorf("%s is said to have corrections", file)
	}
}
