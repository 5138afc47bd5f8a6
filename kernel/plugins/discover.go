package plugins

import (
	"fmt"
	"os"
	"path/filepath"
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
// has installed into the folder. A missing folder, or a shipped program that is not there, is not an error.
func Discover(folder string, shipped ...string) ([]Binary, error) {
	var found []Binary
	origins := map[string]string{}
	add := func(path string) error {
		info, err := os.Stat(path)
		if err != nil || info.IsDir() || info.Mode()&0o111 == 0 {
			return nil // no program: a read-me, a half-written file, a dangling link
		}
		path, err = filepath.Abs(path)
		if err != nil {
			return fmt.Errorf("find the plugin %s: %w", path, err)
		}
		name := NameOf(path)
		if other, taken := origins[name]; taken {
			return fmt.Errorf("two plugins are called %s: %s and %s; remove one of them", name, other, path)
		}
		origins[name] = path
		found = append(found, Binary{name, path})
		return nil
	}
	for _, path := range shipped {
		if err := add(path); err != nil {
			return found, err
		}
	}
	entries, err := os.ReadDir(folder)
	if err != nil && !os.IsNotExist(err) {
		return found, fmt.Errorf("list the plugins in %s: %w", folder, err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue // what an installation is writing
		}
		if err := add(filepath.Join(folder, e.Name())); err != nil {
			return found, err
		}
	}
	return found, nil
}

// NameOf is the name of the plugin in a file.
func NameOf(path string) string {
	base := filepath.Base(path)
	base = strings.TrimSuffix(base, filepath.Ext(base))
	return strings.TrimPrefix(base, "headstart-")
}
