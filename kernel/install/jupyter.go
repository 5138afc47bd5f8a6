package install

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
)

// Jupyter finds the Python interpreter that belongs to the installation of the running program, and the folders in which
// that one's Jupyter has to look for the kernelspec (a value for JUPYTER_PATH). A given interpreter stays as it is.
func Jupyter(given string) (python, searchPath string) {
	python = cmp.Or(given, os.Getenv(PythonEnv))
	folders := []string{}
	if running, err := os.Executable(); err == nil {
		if resolved, err := filepath.EvalSymlinks(running); err == nil {
			running = resolved
		}
		root := filepath.Dir(filepath.Dir(running)) // ROOT/bin/headstart
		inVenv := filepath.Join(root, "venv", "bin", "python")
		if python == "" && exists(inVenv) {
			python = inVenv
		}
		for _, prefix := range []string{filepath.Join(root, "venv"), filepath.Dir(filepath.Dir(root))} { // PREFIX/lib/headstart
			if share := filepath.Join(prefix, "share", "jupyter"); exists(filepath.Join(share, "kernels", KernelName)) {
				folders = append(folders, share)
			}
		}
	}
	if python == "" {
		python = "python3"
	}
	if set := os.Getenv("JUPYTER_PATH"); set != "" {
		folders = append(folders, set)
	}
	return python, strings.Join(folders, string(os.PathListSeparator))
}
