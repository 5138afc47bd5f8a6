package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/python"
	"github.com/headstart-nb/headstart/kernel/install"
)

func checkKernelspec(_ context.Context, s *subject) diagnosis.Diagnosis {
	const name = "kernelspec"
	argv, env, err := install.ReadKernelspec(s.Layout)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return failed(name, fmt.Sprintf("there is none in %s: Jupyter does not list Headstart", s.Layout.Kernelspec()), s.Layout.Command())
	case err != nil:
		return failed(name, fmt.Sprintf("%s cannot be used: %v", s.Layout.Kernelspec(), err), s.Layout.Command())
	case !exists(argv[0]):
		return failed(name, fmt.Sprintf("it starts %s, which is missing", argv[0]), s.Layout.Command())
	case argv[0] != s.Layout.Program("headstart"):
		return warning(name, fmt.Sprintf("it starts %s, which belongs to another installation", argv[0]), s.Layout.Command())
	}
	for _, variable := range []string{"HEADSTART_SRC", "PJRT_PLUGIN_LIBRARY_PATH"} {
		for _, folder := range filepath.SplitList(env[variable]) {
			if !exists(folder) {
				return failed(name, fmt.Sprintf("its %s names %s, which is missing", variable, folder), s.Layout.Command())
			}
		}
	}
	return ok(name, s.Layout.Kernelspec())
}

// jupyterScript reports what Jupyter has and whether it finds the kernelspec.
const jupyterScript = `
import json, sys
found = {"python": sys.version.split()[0]}
for module in ("jupyter_client", "jupyterlab", "notebook"):
    try:
        found[module] = __import__(module).__version__
    except ImportError:
        pass
if "jupyter_client" in found:
    from jupyter_client.kernelspec import KernelSpecManager
    found["kernels"] = sorted(KernelSpecManager().find_kernel_specs().items())
print(json.dumps(found))
`

func checkJupyter(ctx context.Context, s *subject) diagnosis.Diagnosis {
	const name = "Jupyter"
	interpreter := s.Python
	if interpreter == "" && s.Layout.Checkout != "" {
		interpreter = filepath.Join(s.Layout.Prefix, "bin", "python")
	}
	if interpreter == "" {
		interpreter, _ = install.Jupyter("")
	}
	bring := interpreter + " -P -m pip install jupyterlab"
	if s.Layout.Checkout != "" {
		bring = s.Layout.Command()
	}
	out, err := run(ctx, nil, "", interpreter, python.Code(jupyterScript)...)
	if err != nil {
		return failed(name, fmt.Sprintf("%s does not run: %v", interpreter, err), "install Python 3, or name yours with --python")
	}
	var found struct {
		Python     string
		Client     string `json:"jupyter_client"`
		JupyterLab string
		Notebook   string
		Kernels    [][2]string
	}
	if err := json.Unmarshal([]byte(out), &found); err != nil {
		return failed(name, fmt.Sprintf("%s answered %q", interpreter, oneLine(out)), "name another interpreter with --python")
	}
	if found.Client == "" {
		return failed(name, fmt.Sprintf("%s has no Jupyter", interpreter), bring)
	}
	at := slices.IndexFunc(found.Kernels, func(k [2]string) bool { return k[0] == install.KernelName })
	switch {
	case at < 0:
		return failed(name, fmt.Sprintf("the Jupyter of %s does not look into %s", interpreter, s.Layout.Share),
			"headstart install --sys-prefix --python "+interpreter+", or add "+s.Layout.Share+" to JUPYTER_PATH")
	case !sameFolder(found.Kernels[at][1], s.Layout.Kernelspec()):
		return warning(name, fmt.Sprintf("the Jupyter of %s uses another installation, in %s", interpreter, found.Kernels[at][1]),
			"remove that one with its own headstart uninstall")
	}
	versions := []string{"Python " + found.Python}
	if found.JupyterLab != "" {
		versions = append(versions, "JupyterLab "+found.JupyterLab)
	}
	if found.Notebook != "" {
		versions = append(versions, "Notebook "+found.Notebook)
	}
	if major, _, _ := strings.Cut(found.JupyterLab, "."); found.JupyterLab != "" && len(major) == 1 && major < "4" {
		return warning(name, strings.Join(versions, ", ")+": the extension needs JupyterLab 4", bring)
	}
	return ok(name, strings.Join(versions, ", "))
}

func sameFolder(a, b string) bool {
	infoA, errA := os.Stat(a)
	infoB, errB := os.Stat(b)
	return errA == nil && errB == nil && os.SameFile(infoA, infoB)
}

// checkLabextension compares the installed extension with the one that the program carries.
func checkLabextension(_ context.Context, s *subject) diagnosis.Diagnosis {
	const name = "labextension"
	if s.Labextension == nil {
		return warning(name, "this program was built without it: figures are images and text", "build it as CONTRIBUTING.md says, then "+s.Layout.Command())
	}
	folder, err := s.Layout.Labextension(s.Labextension)
	if err != nil {
		return failed(name, err.Error(), "")
	}
	missing, changed := 0, 0
	err = fs.WalkDir(s.Labextension, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		want, err := fs.ReadFile(s.Labextension, path)
		if err != nil {
			return err
		}
		got, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(path)))
		if err != nil {
			missing++
		} else if string(got) != string(want) {
			changed++
		}
		return nil
	})
	switch {
	case err != nil:
		return failed(name, err.Error(), "")
	case missing > 0:
		return failed(name, fmt.Sprintf("%d of its files are missing in %s", missing, folder), s.Layout.Command())
	case changed > 0:
		return warning(name, fmt.Sprintf("%d of its files in %s are of another version", changed, folder), s.Layout.Command())
	}
	return ok(name, folder)
}
