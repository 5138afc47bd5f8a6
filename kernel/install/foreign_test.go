package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// quick is a host and options with which an installation succeeds without pip and a network.
func quick(t *testing.T) (host, Options) {
	t.Helper()
	h, o := testHost(t), options(t)
	t.Setenv("HOME", t.TempDir())
	t.Setenv("JUPYTER_DATA_DIR", "")
	t.Setenv("XDG_DATA_HOME", "")
	h.pluginPath = h.home
	write(t, filepath.Join(h.home, cpuPluginFile), "")
	return h, o
}

// plantSpec writes a kernelspec into the place of the kernel's.
func plantSpec(t *testing.T, layout Layout, text string) (spec string) {
	t.Helper()
	if err := os.MkdirAll(layout.Kernelspec(), 0o755); err != nil {
		t.Fatal(err)
	}
	spec = filepath.Join(layout.Kernelspec(), specName)
	write(t, spec, text)
	return spec
}

func TestAKernelspecOfSomebodyElseIsRefused(t *testing.T) {
	h, o := quick(t)
	layout := prefixLayout(o.Place.Prefix, "")
	for name, text := range map[string]string{"of another kernel": `{"argv":["mine"],"display_name":"My own"}`, "damaged": `{"argv":`} {
		spec := plantSpec(t, layout, text)
		err := installOn(t.Context(), h, o)
		if err == nil || !strings.Contains(err.Error(), spec) || !strings.Contains(err.Error(), "move it away") {
			t.Errorf("%s: %v", name, err)
		}
		if data, err := os.ReadFile(spec); err != nil || string(data) != text {
			t.Errorf("%s: it became %q, %v", name, data, err)
		}
		if exists(layout.Root) {
			t.Errorf("%s: something was installed", name)
		}
	}
}

// TestTheKernelspecOfAnotherInstallation is replaced, since a folder that was moved has one, and stays when that other one
// has taken its place.
func TestTheKernelspecOfAnotherInstallation(t *testing.T) {
	h, o := quick(t)
	layout := prefixLayout(o.Place.Prefix, "")
	const other = `{"argv":["/elsewhere/lib/headstart/bin/headstart","kernel"]}`
	spec := plantSpec(t, layout, other)
	var said strings.Builder
	o.Log = &said
	if err := installOn(t.Context(), h, o); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), "replacing the kernelspec "+spec) {
		t.Errorf("it said: %s", said.String())
	}
	checkKernelspecProgram(t, layout)
	write(t, spec, other)
	for _, dryRun := range []bool{true, false} {
		said.Reset()
		if err := Uninstall(t.Context(), o.Place, "", dryRun, &said); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(said.String(), "leaving the kernelspec "+layout.Kernelspec()) || strings.Contains(said.String(), "would remove "+spec) {
			t.Errorf("it said: %s", said.String())
		}
	}
	if data, err := os.ReadFile(spec); err != nil || string(data) != other {
		t.Errorf("it became %q, %v", data, err)
	}
	if !exists(filepath.Join(layout.Kernelspec(), "logo-svg.svg")) || exists(layout.Root) {
		t.Error("its logo is gone, or the installation is still there")
	}
}

func checkKernelspecProgram(t *testing.T, layout Layout) {
	t.Helper()
	if argv, _, err := ReadKernelspec(layout); err != nil || argv[0] != layout.Program("headstart") {
		t.Errorf("the kernelspec starts %q, %v", argv, err)
	}
}
