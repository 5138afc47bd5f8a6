// Package specfile reads and writes kernel.json, the file of a kernelspec.
package specfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/safefile"
)

// maxSize bounds the file in bytes.
const maxSize = 64 << 20

// A File is kernel.json's shape: jupyter_client, "Kernel specs".
type File struct {
	Argv          []string          `json:"argv"`
	DisplayName   string            `json:"display_name"`
	Language      string            `json:"language"`
	InterruptMode string            `json:"interrupt_mode"`
	Env           map[string]string `json:"env"`
	Metadata      map[string]any    `json:"metadata"`
}

// Read reads a file that names a program.
func Read(path string) (File, error) {
	data, err := safefile.ReadFile(path, maxSize)
	if err != nil {
		return File{}, err
	}
	var spec File
	if err := json.Unmarshal(data, &spec); err != nil {
		return File{}, fmt.Errorf("it is damaged: %w", err)
	}
	if len(spec.Argv) == 0 {
		return File{}, errors.New("it is damaged: it names no program")
	}
	return spec, nil
}

// Encode writes the file of the Go kernel. Debugger shows JupyterLab's debugger button.
func Encode(argv []string, env map[string]string, debugger bool) ([]byte, error) {
	spec := File{
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

// Runs reports whether the kernelspec starts that program, by whichever of its paths.
func (f File) Runs(program string) bool {
	if f.Argv[0] == program {
		return true
	}
	named, err := os.Stat(f.Argv[0])
	if err != nil {
		return false
	}
	wanted, err := os.Stat(program)
	return err == nil && os.SameFile(named, wanted)
}

// OfInstallation reports whether an installation of the kernel has written the file: this program's, or the launcher of a
// Python project, from wherever it is.
func (f File) OfInstallation(program, project string) bool {
	own := strings.EqualFold(filepath.Base(f.Argv[0]), filepath.Base(program)) && len(f.Argv) > 1 && f.Argv[1] == "kernel"
	return own || slices.Contains(f.Argv, project)
}
