package install

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/safefile"
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
func (k *kernelspec) path() string    { return filepath.Join(k.layout.Kernelspec(), "kernel.json") }
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

// maxSpec bounds kernel.json in bytes.
const maxSpec = 64 << 20

// ReadKernelspec returns the command and the environment that an installed kernelspec gives a session.
func ReadKernelspec(layout Layout) (argv []string, env map[string]string, err error) {
	data, err := safefile.ReadFile((&kernelspec{layout: layout}).path(), maxSpec)
	if err != nil {
		return nil, nil, err
	}
	var spec specFile
	if err := json.Unmarshal(data, &spec); err != nil {
		return nil, nil, fmt.Errorf("it is damaged: %w", err)
	}
	if len(spec.Argv) == 0 {
		return nil, nil, errors.New("it is damaged: it names no program")
	}
	return spec.Argv, spec.Env, nil
}

// A specFile is kernel.json's shape: jupyter_client, "Kernel specs".
type specFile struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
	Metadata      map[string]any    `json:"metadata"`
}

func (k *kernelspec) content() ([]byte, error) {
	return encodeSpec([]string{k.layout.Program(kernelProgram + exeSuffix()), "kernel", "--connection-file", "{connection_file}"}, k.environment(), k.host.debugs)
}

// encodeSpec writes kernel.json. Debugger shows JupyterLab's debugger button.
func encodeSpec(argv []string, env map[string]string, debugger bool) ([]byte, error) {
	spec := specFile{
		Argv:          argv,
		DisplayName:   "Go (Headstart)",
		Language:      "go",
		InterruptMode: "message",
		Env:           env,
		Metadata:      map[string]any{"debugger": debugger},
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(spec); err != nil {
		return nil, err
	}
	return text.Bytes(), nil
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
