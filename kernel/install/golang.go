package install

import (
	"context"
	"debug/buildinfo"
	"fmt"
	"go/version"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/headstart-nb/headstart/kernel/install/command"
)

// MinimumGo is the oldest Go release that builds the module.
const MinimumGo = "1.26.5"

// FindGo returns the go command, from PATH or from where Go's own installers put it; "" where there is none.
func FindGo() string {
	if path, err := exec.LookPath("go"); err == nil {
		if abs, err := filepath.Abs(path); err == nil {
			return abs
		}
	}
	candidates := []string{"/usr/local/go/bin/go", "/opt/homebrew/bin/go", "/usr/lib/go/bin/go", "/snap/bin/go"}
	if home, err := os.UserHomeDir(); err == nil {
		candidates = append(candidates, filepath.Join(home, "go-sdk", "bin", "go"), filepath.Join(home, "sdk", "go", "bin", "go"))
	}
	for _, path := range candidates {
		if exists(path) {
			return path
		}
	}
	return ""
}

// FindCompiler returns the C compiler that cgo would run; "" where there is none.
func FindCompiler() string {
	for _, name := range []string{os.Getenv("CC"), "gcc", "clang", "cc"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// GoHint and CompilerHint are the commands that bring what is missing.
func GoHint() string {
	if runtime.GOOS == "darwin" {
		return "brew install go"
	}
	return "unpack Go " + MinimumGo + " or newer from go.dev/dl into /usr/local and put /usr/local/go/bin on PATH"
}

// CompilerHint is the command that brings a C compiler, which the bridge to XLA needs.
func CompilerHint() string {
	switch {
	case runtime.GOOS == "darwin":
		return "xcode-select --install"
	case exists("/usr/bin/apt-get"):
		return "sudo apt-get install gcc libc6-dev"
	case exists("/usr/bin/dnf"):
		return "sudo dnf install gcc glibc-devel"
	case exists("/sbin/apk"):
		return "apk add gcc musl-dev"
	}
	return "install gcc or clang with your system's package manager"
}

func needGo(goTool, purpose string) error {
	if goTool != "" {
		return nil
	}
	return command.Fault(exec.ErrNotFound, "%s needs the Go toolchain, which was not found: %s", purpose, GoHint())
}

// Vectors is the environment in which go builds models/imageio with its loops over many samples at once. They are written
// with simd/archsimd, which Go 1.26 has as an experiment; another Go builds the plain loops. A go.mod may ask for another release
// than goTool's, hence the checkout, whose release it is; one around the current folder is nobody's choice.
func Vectors(ctx context.Context, checkout, goTool string) []string {
	release, err := command.Output(ctx, checkout, goTool, "env", "GOVERSION")
	if err != nil || version.Lang(strings.TrimSpace(release)) != "go1.26" {
		return nil
	}
	return []string{"GOEXPERIMENT=simd"}
}

// BuiltFrom reports whether a program was built from that version of its module.
func BuiltFrom(program, version string) bool {
	found, err := VersionOf(program)
	return err == nil && found == version
}

// VersionOf is the version of the module that a Go program was built from.
func VersionOf(program string) (string, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return "", fmt.Errorf("read the version of %s: %w", program, err)
	}
	return info.Main.Version, nil
}
