package install

import (
	"debug/elf"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// TestRepairAsksForTheSame damages an installation with a source of its own, for the CPU only, on a machine that has a GPU
// by now: neither may change, and what is damaged must be whole.
func TestRepairAsksForTheSame(t *testing.T) {
	h, o := ready(t)
	o.Place.Source = t.TempDir()
	write(t, filepath.Join(o.Place.Source, "go.mod"), "module m\n")
	if err := installOn(t.Context(), h, o); err != nil {
		t.Fatal(err)
	}
	layout := prefixLayout(o.Place.Prefix, "")
	spec := filepath.Join(layout.Kernelspec(), "kernel.json")
	want, err := os.ReadFile(spec)
	if err != nil {
		t.Fatal(err)
	}
	write(t, spec, `{"argv": [`)
	plugin := filepath.Join(layout.Lib(), cpuPluginFile)
	write(t, plugin, "half of it")
	write(t, filepath.Join(h.root, "proc", "driver", "nvidia", "version"), "NVRM version: NVIDIA UNIX x86_64 Kernel Module  580.65.06  x")
	if got := layout.Installed(); got.Source != o.Place.Source {
		t.Errorf("the installation's source is %q", got.Source)
	}
	if err := repairOn(t.Context(), h, layout, Options{Python: o.Python, Labextension: o.Labextension, Source: o.Source}); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(spec); err != nil || string(got) != string(want) {
		t.Errorf("kernel.json is now (%v)\n%s\nand was\n%s", err, got, want)
	}
	if data, err := os.ReadFile(plugin); err != nil || !strings.HasPrefix(string(data), "machine code") {
		t.Errorf("the plugin is still %.20q, %v", data, err)
	}
}

// TestRepairWithoutManifest leaves an installation alone that it knows nothing of.
func TestRepairWithoutManifest(t *testing.T) {
	h := testHost(t)
	layout := prefixLayout(filepath.Join(t.TempDir(), "prefix"), "")
	write(t, layout.manifest(), "{")
	err := repairOn(t.Context(), h, layout, Options{})
	if err == nil || !strings.Contains(err.Error(), "is damaged") || !strings.Contains(err.Error(), "remove that file") {
		t.Errorf("got %v", err)
	}
}

// TestRepairLeavesAWheelWhole: what pip brought only pip can bring again.
func TestRepairLeavesAWheelWhole(t *testing.T) {
	prefix := t.TempDir()
	layout := prefixLayout(prefix, "")
	write(t, filepath.Join(layout.Root, WheelMark), "{}")
	write(t, layout.Program("gonb"), "damaged")
	if err := repairOn(t.Context(), testHost(t), prefixLayout(prefix, ""), Options{}); err == nil || !strings.Contains(err.Error(), "pip install --upgrade") {
		t.Errorf("got %v", err)
	}
	if !exists(layout.Program("gonb")) {
		t.Error("a file of pip's was removed, and not brought again")
	}
}

// A manifest is JSON, which has no other text.
func TestInstallNeedsUTF8(t *testing.T) {
	h, o := ready(t)
	o.Place.Prefix = filepath.Join(t.TempDir(), "caf\xe9")
	if err := installOn(t.Context(), h, o); err == nil || !strings.Contains(err.Error(), "not UTF-8") || exists(o.Place.Prefix) {
		t.Errorf("got %v", err)
	}
}

// PATH is parted at colons, and so is the list of XLA's plugins: a session would find neither.
func TestInstallNeedsAPathWithoutColons(t *testing.T) {
	h, o := ready(t)
	o.Place.Prefix = filepath.Join(t.TempDir(), "10:30")
	if err := installOn(t.Context(), h, o); err == nil || !strings.Contains(err.Error(), "name another folder") || exists(o.Place.Prefix) {
		t.Errorf("got %v", err)
	}
}

// The root of a checkout's installation holds runs and caches as well: nobody may be told to remove it.
func TestADamagedManifestIsReplaced(t *testing.T) {
	h, o := ready(t)
	layout := prefixLayout(o.Place.Prefix, "")
	write(t, layout.manifest(), "{")
	err := installOn(t.Context(), h, o)
	if err == nil || !strings.Contains(err.Error(), layout.manifest()+" is damaged") || strings.Contains(err.Error(), "remove "+layout.Root+" ") {
		t.Errorf("got %v", err)
	}
	if err := os.Remove(layout.manifest()); err != nil {
		t.Fatal(err)
	}
	if err := installOn(t.Context(), h, o); err != nil {
		t.Error(err)
	}
}

func TestInstalledKeepsTheShareOfThatTime(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	t.Setenv("JUPYTER_DATA_DIR", "")
	layout := prefixLayout(filepath.Join(os.Getenv("HOME"), ".local"), "")
	data, err := json.Marshal(transaction.Manifest{Asked: transaction.Request{Share: "/data/jupyter", Source: "/a checkout"}})
	if err != nil {
		t.Fatal(err)
	}
	write(t, layout.manifest(), string(data))
	got := layout.Installed()
	if got.Share != "/data/jupyter" || got.Source != "/a checkout" || got.Root != layout.Root {
		t.Errorf("got %+v", got)
	}
	if want := "headstart install --prefix " + got.Prefix + " --source '/a checkout'"; got.Command() != want {
		t.Errorf("installed again by %q, want %q", got.Command(), want)
	}
}

// TestCutPlugin cuts a shared library, where this system has one in the format of Linux.
func TestCutPlugin(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if file, err := elf.Open(program); err != nil {
		need.Lack(t, need.System, "programs in the ELF format: "+err.Error())
	} else if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	if err := CheckPlugin(t.Context(), program); err != nil {
		t.Errorf("a whole file: %v", err)
	}
	data, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.so")
	write(t, cut, string(data[:2<<20]))
	if err := CheckPlugin(t.Context(), cut); err == nil || !strings.Contains(err.Error(), "it was cut") {
		t.Errorf("a cut file: %v", err)
	}
}
