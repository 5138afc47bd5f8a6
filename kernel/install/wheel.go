package install

import (
	"fmt"
	"path"
	"path/filepath"

	"github.com/headstart-nb/headstart/kernel/install/specfile"
)

// WheelProject is the project of the Python wheel that holds an installation.
const WheelProject = "headstart_kernel"

// WheelMark is the file in an installation's root by which a wheel says that it brought the files there. Pip keeps the list
// of them, so that there is no manifest.
const WheelMark = "wheel.json"

// fromWheel reports whether a wheel brought the installation in a root.
func fromWheel(root string) bool { return exists(filepath.Join(root, WheelMark)) }

// belongsToPip refuses to change what pip installed and will remove.
func belongsToPip(layout Layout, attempted string) error {
	if !layout.Wheel {
		return nil
	}
	return fmt.Errorf("%s %s: pip installed %s there; update it with pip install --upgrade %[3]s, or remove it with pip uninstall %[3]s",
		attempted, layout.Root, WheelProject)
}

// A Requirement is a project of the Python package index at a version.
type Requirement struct{ Project, Version string }

// CPUPlugin is the project that has the PJRT plugin for the CPU on the platform that wheels are built for.
func CPUPlugin() Requirement {
	w := cpuWheels()["linux/amd64"]
	return Requirement{w.project, w.version}
}

// PythonEnv is the variable in which a wheel's launcher names its Python interpreter.
const PythonEnv = "HEADSTART_LAUNCHER_PYTHON"

// WheelShare is what a wheel puts into Jupyter's data folder, by slash-separated paths below it: the kernelspec and the
// kernel's logo. Its command is the wheel's launcher, which knows where the rest of the installation is; a front end puts
// its own interpreter in the place of "python".
func WheelShare() (map[string][]byte, error) {
	// Without -P, -m would import from the folder of the notebook first.
	argv := []string{"python", "-P", "-m", WheelProject, "kernel", "--connection-file", "{connection_file}"}
	spec, err := specfile.Encode(argv, map[string]string{noAutoInstall: "1", glibcTunables: mallocTunables}, true) // a machine that allows no debugger is told so
	if err != nil {
		return nil, err
	}
	folder := path.Join(kernelsFolder, KernelName)
	files := map[string][]byte{path.Join(folder, specName): spec}
	for file, content := range (&logo{}).contents() {
		files[path.Join(folder, filepath.Base(file))] = content
	}
	return files, nil
}

// Session is the environment that a session of the installation has, apart from PATH. What depends on where a wheel was
// installed comes from its launcher.
func (l Layout) Session(getenv func(string) string) (map[string]string, error) {
	_, env, err := ReadKernelspec(l)
	if err != nil {
		return nil, err
	}
	delete(env, "PATH")
	if l.Wheel {
		for _, name := range []string{pluginPathVar, sourceVar} {
			if value := getenv(name); value != "" {
				env[name] = value
			}
		}
	}
	return env, nil
}

// A Build is one program of an installation and what it is built from.
type Build struct {
	Program string
	Folder  string // of the module, slash-separated from the checkout's root
	Package string
	Cgo     bool
	// Repaired says that its source is corrected before it is built: CorrectSource does so in a copy of its module.
	Repaired bool
}

// Builds are all programs of an installation: the project's own, then the tools.
func Builds() []Build {
	var builds []Build
	for _, own := range ownPrograms() {
		builds = append(builds, Build{Program: own.program, Folder: ".", Package: "./" + own.pkg, Cgo: own.cgo})
	}
	for _, t := range tools() {
		builds = append(builds, Build{Program: t.program, Folder: t.pins, Package: t.pkg, Repaired: t.repaired != ""})
	}
	return builds
}
