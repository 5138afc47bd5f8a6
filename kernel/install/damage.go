package install

import (
	"debug/buildinfo"
	"os"
	"path/filepath"
)

// smallestPlugin is far below the size of any PJRT plugin, which have a hundred megabytes and more.
const smallestPlugin = 1 << 20

// RemoveDamaged removes programs that are none and plugins that were cut, of those that an installation brought, so that
// the next one brings them anew.
func RemoveDamaged(layout Layout) error {
	var names []string
	for _, own := range ownPrograms() {
		names = append(names, own.program)
	}
	for _, t := range tools() {
		names = append(names, t.program)
	}
	for _, name := range names {
		file := layout.Program(name + exeSuffix())
		if _, err := buildinfo.ReadFile(file); err == nil || !exists(file) {
			continue
		}
		if err := os.Remove(file); err != nil {
			return explain(err, "removing the damaged "+file)
		}
	}
	plugin := filepath.Join(layout.Lib(), cpuWheel().file)
	if info, err := os.Stat(plugin); err == nil && info.Size() < smallestPlugin {
		if err := os.Remove(plugin); err != nil {
			return explain(err, "removing the damaged "+plugin)
		}
	}
	return nil
}
