package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/kernel/install/specfile"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// kernelspec is kernel.json, with everything that a session needs to find its programs: front ends started from a menu or
// a service have a bare PATH.
type kernelspec struct {
	layout  Layout
	host    host
	plugins plugins
}

func (k *kernelspec) name() string    { return "the kernelspec" }
func (k *kernelspec) path() string    { return filepath.Join(k.layout.Kernelspec(), specName) }
func (k *kernelspec) files() []string { return []string{k.path()} }

func (k *kernelspec) ready() bool {
	content, err := k.content()
	return err == nil && holds(k.path(), content)
}

func (k *kernelspec) stage(_ context.Context, tx *transaction.Transaction) error {
	content, err := k.content()
	if err != nil {
		return err
	}
	return tx.WriteBytes(k.path(), 0o644, content)
}

// program is the kernel's own.
func (k *kernelspec) program() string { return k.layout.Program(kernelProgram + exeSuffix()) }

// free refuses to take the place of somebody else's kernelspec. That of another installation is replaced, as always: it may
// be this one, whose folder was moved.
func (k *kernelspec) free(installed transaction.Manifest, log *progress) error {
	spec, err := specfile.Read(k.path())
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && spec.Runs(k.program()):
	case err == nil && spec.OfInstallation(k.program(), WheelProject):
		log.line("replacing the kernelspec %s, which starts %s of another installation", k.path(), spec.Argv[0])
	case !slices.Contains(installed.Files, k.path()):
		return fmt.Errorf("install the kernelspec %s: one that is not Headstart's is there: move it away, or install with --prefix", k.path())
	}
	return nil
}

// foreign reports whether one of the installed files belongs to a kernelspec that has become another program's, and which.
func (k *kernelspec) foreign(file string) (program string, yes bool) {
	folder := filepath.Dir(file) // as it was when it was installed: Jupyter's folder may be another by now
	if filepath.Base(folder) != KernelName || filepath.Base(filepath.Dir(folder)) != kernelsFolder {
		return "", false
	}
	spec, err := specfile.Read(filepath.Join(folder, specName))
	if err != nil || spec.Runs(k.program()) {
		return "", false
	}
	return spec.Argv[0], true
}

// ReadKernelspec returns the command and the environment that an installed kernelspec gives a session.
func ReadKernelspec(layout Layout) (argv []string, env map[string]string, err error) {
	spec, err := specfile.Read((&kernelspec{layout: layout}).path())
	return spec.Argv, spec.Env, err
}

func (k *kernelspec) content() ([]byte, error) {
	return specfile.Encode([]string{k.program(), "kernel", "--connection-file", "{connection_file}"}, k.environment(), k.host.debugs)
}

// mallocTunables make glibc back big blocks with huge pages: XLA allocates and frees every batch's activations as one block,
// and small pages cost an eighth of the frozen pass. From 64 MiB on a block is mapped by itself, since a thread's heap would
// give it small pages again; smaller ones are kept when freed. bench/features.py measures with them. They are read
// when a process starts, so that only the kernelspec can set them.
const mallocTunables = "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=67108864:glibc.malloc.trim_threshold=4294967296"

// Variables of a session.
const (
	glibcTunables = "GLIBC_TUNABLES"
	noAutoInstall = "GOMLX_NO_AUTO_INSTALL" // GoMLX fetches no plugin by itself
	pluginPathVar = "PJRT_PLUGIN_LIBRARY_PATH"
	sourceVar     = "HEADSTART_SRC"
)

func (k *kernelspec) environment() map[string]string {
	env := map[string]string{
		"PATH":        k.searchPath(),
		noAutoInstall: "1",
		sourceVar:     k.layout.SourceDir(),
	}
	if len(k.plugins.folders) > 0 {
		env[pluginPathVar] = strings.Join(slices.Compact(k.plugins.folders), ":") // go-xla splits at colons everywhere
	}
	if k.host.os == "linux" {
		env[glibcTunables] = mallocTunables
	}
	if k.layout.Home != "" {
		env["HEADSTART_HOME"] = k.layout.Home
	}
	return env
}

// searchPath names the folders that the kernel and its children need, then what the front end has: jupyter_client fills in
// ${PATH}, and for a front end that does not, the folders before it are enough.
func (k *kernelspec) searchPath() string {
	folders := []string{k.layout.Bin()}
	for _, program := range []string{k.host.goTool, k.host.compiler} {
		if program != "" {
			folders = append(folders, filepath.Dir(program))
		}
	}
	folders = append(folders, "/usr/local/bin", "/usr/bin", "/bin")
	seen := map[string]bool{}
	folders = slices.DeleteFunc(folders, func(dir string) bool {
		again := seen[dir]
		seen[dir] = true
		return again
	})
	return strings.Join(append(folders, "${PATH}"), string(os.PathListSeparator))
}
