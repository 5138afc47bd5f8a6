package install

import (
	"archive/zip"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/headstart-nb/headstart/internal/python"
	"github.com/headstart-nb/headstart/kernel/install/command"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// cudaPins are the wheels of each release of CUDA, with the hashes of the package index: the plugin at the version of the CPU's
// (cpuWheel), and NVIDIA's libraries that its project asks for. scripts/pins.sh writes them.
//
//go:embed cuda12.txt cuda13.txt
var cudaPins embed.FS

// cudaNames are the plugins for CUDA, with the folder of the libraries that has the program ptxas.
func cudaNames() map[string]string { return map[string]string{"cuda12": "cuda_nvcc", "cuda13": "cu13"} }

// fromPins downloads a plugin for CUDA with NVIDIA's libraries by pip, which refuses a file whose hash is not in the list, and
// unpacks them as XLA looks for them.
func (c *pluginComponent) fromPins(ctx context.Context, tx *transaction.Transaction) error {
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return fmt.Errorf("bringing %s: it was prepared for linux/amd64 only", c.name())
	}
	dir, err := tx.Scratch(cudaTree(c.layout))
	if err != nil {
		return err
	}
	wheels, err := tx.Scratch(cudaTree(c.layout) + "-wheels")
	if err != nil {
		return err
	}
	nvidia := filepath.Join(dir, "go-xla", "nvidia")
	if err := os.MkdirAll(nvidia, 0o755); err != nil {
		return err
	}
	pins, err := fs.ReadFile(c.plugin.pins, c.plugin.cuda+".txt")
	if err != nil {
		return fmt.Errorf("there is no list of the files of %s: %w", c.plugin.cuda, err)
	}
	list := filepath.Join(dir, "pins.txt") // stays, and says what was installed
	if err := os.WriteFile(list, pins, 0o644); err != nil {
		return err
	}
	err = c.log.during(fmt.Sprintf("downloading %s (%s, about 3 GB)", c.name(), c.plugin.cuda), func() error {
		err := command.Run(ctx, "", nil, c.python, python.Module("pip", "download", "--no-deps", "--no-input", "--disable-pip-version-check",
			"--no-cache-dir", "--only-binary", ":all:", "--require-hashes", "--dest", wheels, "-r", list)...)
		return c.explainPip(err)
	})
	if err != nil {
		return err
	}
	if err := unpackCUDA(wheels, nvidia); err != nil {
		return err
	}
	if err := linkCUDA(dir, c.plugin.cuda); err != nil {
		return err
	}
	tx.Place(dir, cudaTree(c.layout))
	return nil
}

// explainPip says what to do where pip is missing.
func (c *pluginComponent) explainPip(err error) error {
	if err != nil && strings.Contains(err.Error(), "No module named pip") {
		return command.Fault(err, "downloading %s needs pip, which %s lacks: name an interpreter that has it with --python", c.name(), c.python)
	}
	return err
}

// unpackCUDA unpacks what the wheels in a folder have below nvidia/, and the plugin itself, and removes each wheel.
func unpackCUDA(wheels, nvidia string) error {
	files, err := filepath.Glob(filepath.Join(escapeGlob(wheels), "*.whl"))
	if err != nil {
		return err
	}
	for _, file := range files {
		if err := unpackLibraries(file, nvidia); err != nil {
			return fmt.Errorf("unpacking %s: %w", filepath.Base(file), err)
		}
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	if pluginIn(nvidia, DeviceCUDA) == "" {
		return errors.New("the wheels for CUDA have no plugin: install another release of Headstart")
	}
	return nil
}

func unpackLibraries(wheel, nvidia string) error {
	archive, err := zip.OpenReader(wheel)
	if err != nil {
		return err
	}
	defer archive.Close()
	for _, file := range archive.File {
		name, library := strings.CutPrefix(file.Name, "nvidia/")
		mode := os.FileMode(0o644)
		switch {
		case path.Base(file.Name) == "xla_cuda_plugin.so":
			name = "pjrt_c_api_cuda_plugin.so"
		case !library || strings.HasSuffix(name, "/") || !filepath.IsLocal(name):
			continue
		case path.Base(path.Dir(name)) == "bin":
			mode = 0o755
		}
		if err := unpackLibrary(file, filepath.Join(nvidia, filepath.FromSlash(name)), mode); err != nil {
			return err
		}
	}
	return nil
}

func unpackLibrary(file *zip.File, dest string, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(dest), 0o755); err != nil {
		return err
	}
	content, err := file.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	// Several wheels may have the same file, such as an __init__.py.
	out, err := os.OpenFile(dest, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	return errors.Join(err, out.Close())
}

// linkCUDA makes the links by which XLA finds ptxas beside its plugin, and NVIDIA's libraries each other.
func linkCUDA(dir, name string) error {
	nvidia := filepath.Join(dir, "go-xla", "nvidia")
	tools := cudaNames()[name]
	if err := os.MkdirAll(filepath.Join(nvidia, "bin"), 0o755); err != nil {
		return err
	}
	if err := os.Symlink(filepath.Join("..", tools, "bin", "ptxas"), filepath.Join(nvidia, "bin", "ptxas")); err != nil {
		return err
	}
	if name != "cuda13" {
		return nil
	}
	for _, library := range []string{"libcublasLt.so.13", "libcublas.so.13"} {
		if err := os.Symlink(filepath.Join("go-xla", "nvidia", "cu13", "lib", library), filepath.Join(dir, library)); err != nil {
			return err
		}
	}
	return nil
}
