package gotool

import (
	"path/filepath"
	"slices"
	"strings"
)

// Off is the value of GOWORK with which go uses no workspace.
const Off = "off"

// guard keeps files outside of the cells' module from having a say in it. The go command looks in every parent folder for
// go.work, which replaces modules, and for a repository to stamp programs with; other users may write to some of them. A
// go.work in the module itself is the user's own, as is a GOWORK or a -buildvcs that the environment names.
func (t *Tool) guard() {
	work := filepath.Clean(t.getenv(WorkVar))
	if !t.inModule(work) {
		return
	}
	workspace := t.getenv("GOWORK")
	if workspace == "" {
		workspace = Workspace(t.Dir, work)
	}
	flags := t.getenv("GOFLAGS")
	if flags == "" { // then the go command reads them from the user's file, which a variable would hide
		if settings, err := t.goEnv(); err == nil {
			flags = settings.GOFLAGS
		}
	}
	// A program takes the first of two entries for a variable, so that appending one would not replace it.
	env := slices.DeleteFunc(slices.Clone(t.Env), func(entry string) bool {
		return strings.HasPrefix(entry, "GOWORK=") || strings.HasPrefix(entry, "GOFLAGS=")
	})
	t.Env = append(env, "GOWORK="+workspace, "GOFLAGS="+Unstamped(flags))
}

// inModule tells a call in the folder of GoNB's module or below it.
func (t *Tool) inModule(work string) bool {
	return t.isCell() || t.getenv(WorkVar) != "" && strings.HasPrefix(filepath.Clean(t.Dir), work+string(filepath.Separator))
}

// Workspace is the value of GOWORK for a folder below root or root itself: the go.work file between the two, or Off.
func Workspace(folder, root string) string {
	folder, root = filepath.Clean(folder), filepath.Clean(root)
	for {
		if file := filepath.Join(folder, "go.work"); exists(file) {
			return file
		}
		if folder == root || folder == filepath.Dir(folder) {
			return Off
		}
		folder = filepath.Dir(folder)
	}
}

// Unstamped adds to a value of GOFLAGS that programs are not stamped with the state of a repository, unless it says
// something about that itself.
func Unstamped(goflags string) string {
	for _, flag := range strings.Fields(goflags) {
		name, _, _ := strings.Cut(strings.TrimLeft(flag, "-"), "=")
		if name == "buildvcs" {
			return goflags
		}
	}
	return strings.TrimSpace(goflags + " -buildvcs=false")
}
