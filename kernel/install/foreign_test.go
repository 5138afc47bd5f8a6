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
	h.pluginPath, h.tools = h.home, nil
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

// TestAFolderThatIsALink has Jupyter's folder for kernels elsewhere, which an earlier version installed into.
func TestAFolderThatIsALink(t *testing.T) {
	h, o := quick(t)
	layout := prefixLayout(o.Place.Prefix, "")
	if err := installOn(t.Context(), h, o); err != nil {
		t.Fatal(err)
	}
	kernels, elsewhere := filepath.Dir(layout.Kernelspec()), filepath.Join(t.TempDir(), "kernels")
	if err := os.Rename(kernels, elsewhere); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(elsewhere, kernels); err != nil {
		t.Fatal(err)
	}
	err := installOn(t.Context(), h, o)
	if err == nil || !strings.Contains(err.Error(), kernels+": it is a link to "+elsewhere) {
		t.Errorf("installing: %v", err)
	}
	spec := filepath.Join(layout.Kernelspec(), specName)
	var said strings.Builder
	err = Uninstall(t.Context(), o.Place, "", false, &said)
	if err == nil || !strings.Contains(said.String(), "by hand: "+spec) || exists(layout.Program("headstart")) {
		t.Errorf("uninstalling: %v\n%s", err, said.String())
	}
	if err := os.RemoveAll(filepath.Join(elsewhere, KernelName)); err != nil {
		t.Fatal(err)
	}
	if err := Uninstall(t.Context(), o.Place, "", false, nil); err != nil || exists(layout.Root) {
		t.Errorf("uninstalling what is left: %v", err)
	}
}

// TestLinksThatLeadToNoHarm are one within the prefix, and the user's own folder for libraries on another disk.
func TestLinksThatLeadToNoHarm(t *testing.T) {
	h, o := quick(t)
	within := prefixLayout(o.Place.Prefix, "")
	user, err := userLayout("")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		place       Place
		layout      Layout
		link, leads string
	}{
		{o.Place, within, filepath.Join(within.Share, "kernels"), "../../kernels"},
		{Place{User: true}, user, filepath.Dir(user.Root), t.TempDir()},
	} {
		target := test.leads
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(test.link), target)
		}
		for _, dir := range []string{filepath.Dir(test.link), target} {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Symlink(test.leads, test.link); err != nil {
			t.Fatal(err)
		}
		o.Place = test.place
		if err := installOn(t.Context(), h, o); err != nil {
			t.Fatal(err)
		}
		if err := Uninstall(t.Context(), o.Place, "", false, nil); err != nil || exists(test.layout.Kernelspec()) || exists(test.layout.manifest()) {
			t.Errorf("%s is a link: uninstalling: %v", test.link, err)
		}
	}
}
