package plugins

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Binary is a plugin's program.
type Binary struct {
	Name string // as people call it: the file's name without the prefix "headstart-" and without an extension
	Path string // absolute
}

// Folder is where the plugins that a user has installed lie, below the state folder HEADSTART_HOME.
func Folder(home string) string { return filepath.Join(home, "plugins") }

// Discover lists the plugins that may run: the programs in shipped, which come with the kernel, and those that the user
// has installed into the folder. A missing folder, or a shipped program that is not there, is not an error. Of two of a name
// the first counts; the error is about the others, and about nothing that is listed.
func Discover(folder string, shipped ...string) ([]Binary, error) {
	installed, err := programsIn(folder)
	problems := []error{err}
	var found []Binary
	origins := map[string]string{}
	for _, path := range slices.Concat(slices.DeleteFunc(slices.Clone(shipped), noProgram), installed) {
		path, err := filepath.Abs(path)
		if err != nil {
			problems = append(problems, fmt.Errorf("find the plugin %s: %w", path, err))
			continue
		}
		name := NameOf(path)
		if other, taken := origins[name]; taken {
			problems = append(problems, fmt.Errorf("two plugins are called %s: %s and %s, which is not used; remove one of them", name, other, path))
			continue
		}
		origins[name] = path
		found = append(found, Binary{name, path})
	}
	return found, errors.Join(problems...)
}

// Installed are the programs of a plugin that the user has installed into the folder: more than one where somebody put a
// further one of the same name there.
func Installed(folder, name string) ([]string, error) {
	programs, err := programsIn(folder)
	return slices.DeleteFunc(programs, func(path string) bool { return NameOf(path) != name }), err
}

// programsIn are the programs in the folder of plugins, sorted.
func programsIn(folder string) (programs []string, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("list the plugins in %s: %w", folder, err)
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if !strings.HasPrefix(e.Name(), ".") && !noProgram(path) { // a dot begins what an installation is writing
			programs = append(programs, path)
		}
	}
	return programs, nil
}

// noProgram tells a read-me, a half-written file and a dangling link from a program.
func noProgram(path string) bool {
	info, err := os.Stat(path)
	return err != nil || info.IsDir() || info.Mode()&0o111 == 0
}

// NameOf is the name of the plugin in a file.
func NameOf(path string) string {
	base := filepath.Base(path)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	return strings.TrimPrefix(base, "headstart-")
}
