// Package gotool stands in for the go command where GoNB calls it to build the program of a cell.
//
// GoNB runs `go mod init` once, and for every cell `go get` and `go build`. Most of their time goes into finding out what
// the cell before had found out. So the first build with a set of imports is left to the real go, its import
// configurations are kept as a plan, and while nothing that they depend on has changed the next builds call the compiler
// and the linker with them. Whatever else the command is called for is handed to the real go, which replaces this process.
package gotool

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/headstart-nb/headstart/kernel/gonb/debug"
)

// Names of the environment variables that the kernel sets for it.
const (
	RealGoVar = "HEADSTART_GO"  // the path of the real go command
	SourceVar = "HEADSTART_SRC" // the folder of this project's module, which cells import; may be empty
	PlansVar  = "HEADSTART_CELL_PLANS"
)

// WorkVar is set by GoNB: the folder of the module that it generates for cells.
const WorkVar = "GONB_TMP_DIR"

// A Tool is one call of the go command.
type Tool struct {
	Args   []string // without the program's name
	Dir    string   // the working directory
	Env    []string
	Stdout io.Writer
	Stderr io.Writer

	program string // the text to compile as main.go
	changed bool   // it is not what GoNB wrote
}

// Run does what the go command would do and returns its exit status. It does not return where the real go takes over.
func (t *Tool) Run() int {
	t.guard()
	if slices.Equal(t.Args, []string{"env", "GOROOT"}) {
		if status, done := t.goRoot(); done {
			return status
		}
	}
	if !t.isCell() {
		return t.handOver()
	}
	if at := slices.Index(t.Args, "-o"); at >= 0 && at+1 < len(t.Args) {
		_ = debug.RemoveLauncher(t.Args[at+1]) // go says what is wrong
	}
	switch {
	case len(t.Args) == 3 && t.Args[0] == "mod" && t.Args[1] == "init":
		return t.initModule()
	case slices.Equal(t.Args, []string{"get"}), slices.Equal(t.Args, []string{"get", "-t"}):
		if t.resolved() {
			return 0
		}
	case len(t.Args) >= 3 && t.Args[0] == "build" && t.Args[1] == "-o" && t.getenv("GOARCH") != "wasm":
		return t.build(t.Args[2], t.Args[3:])
	case len(t.Args) >= 4 && slices.Equal(t.Args[:3], []string{"test", "-c", "-o"}):
		if t.debugTest(t.Args[3], t.Args[4:]) {
			return 0
		}
	}
	return t.handOver()
}

// isCell tells a call in the folder of GoNB's module.
func (t *Tool) isCell() bool {
	work := t.getenv(WorkVar)
	return work != "" && filepath.Clean(work) == filepath.Clean(t.Dir)
}

func (t *Tool) getenv(name string) string {
	for _, entry := range slices.Backward(t.Env) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// RunGopls stands in for gopls: it does nothing where GoNB starts it as a server, else the real one takes over.
func (t *Tool) RunGopls() int {
	if len(t.Args) == 2 && t.Args[0] == "-listen" && t.isCell() {
		return 0
	}
	path, err := t.behind("gopls")
	if err == nil {
		err = syscall.Exec(path, append([]string{"gopls"}, t.Args...), t.Env)
	}
	fmt.Fprintln(t.Stderr, "gopls:", err)
	return 1
}

// handOver replaces this process by the real go.
func (t *Tool) handOver() int {
	path, err := t.realGo()
	if err == nil {
		err = syscall.Exec(path, append([]string{"go"}, t.Args...), t.Env)
	}
	fmt.Fprintln(t.Stderr, "go:", err)
	return 1
}

// realGo is the go command that this one stands before.
func (t *Tool) realGo() (string, error) {
	if path := t.getenv(RealGoVar); path != "" {
		return path, nil
	}
	return t.behind("go")
}

// behind is the program of that name that comes on PATH behind this one.
func (t *Tool) behind(name string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	own, err := os.Stat(self)
	if err != nil {
		return "", err
	}
	for _, folder := range filepath.SplitList(t.getenv("PATH")) {
		if !filepath.IsAbs(folder) { // below whatever folder the notebook lies in
			continue
		}
		path := filepath.Join(folder, name)
		info, err := os.Stat(path)
		if err == nil && !info.IsDir() && info.Mode()&0o111 != 0 && !os.SameFile(info, own) {
			return path, nil
		}
	}
	return "", fmt.Errorf("find %s: it is not on PATH; `headstart doctor` checks the installation", name)
}

// run runs the real go to its end.
func (t *Tool) run(stdout, stderr io.Writer, args ...string) int {
	path, err := t.realGo()
	if err != nil {
		fmt.Fprintln(t.Stderr, "go:", err)
		return 1
	}
	return t.exec(stdout, stderr, t.Env, path, args...)
}

// exec runs a program in the working directory and returns its exit status.
func (t *Tool) exec(stdout, stderr io.Writer, env []string, path string, args ...string) int {
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = t.Dir, env, stdout, stderr
	if err := cmd.Run(); err != nil {
		if cmd.ProcessState == nil {
			fmt.Fprintln(t.Stderr, "go:", err)
		}
		return 1
	}
	return 0
}
