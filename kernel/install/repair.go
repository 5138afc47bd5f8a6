package install

import (
	"context"
	"debug/buildinfo"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/headstart-nb/headstart/kernel/install/command"
)

// Repair installs again what is missing or damaged of an installation, for the device that it was asked for. Of the
// options, Place, Device and DryRun do not count.
func Repair(ctx context.Context, layout Layout, options Options) error {
	return repairOn(ctx, systemHost(), layout, options)
}

func repairOn(ctx context.Context, h host, layout Layout, options Options) error {
	installed, err := readManifest(layout)
	if err != nil {
		return err
	}
	if err := belongsToPip(layout, "repair"); err != nil {
		return err // before anything is removed that only pip can bring again
	}
	if err := removeDamaged(ctx, layout); err != nil {
		return err
	}
	options.Device, options.DryRun = Device(installed.Asked.Device), false
	return installInto(ctx, h, layout.Installed(), options)
}

// removeDamaged removes programs that are not executable and plugins that were cut off, of those that an installation brought: a file
// that is there counts as good when it installs again.
func removeDamaged(ctx context.Context, layout Layout) error {
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
			return command.Explain(err, "removing the damaged "+file)
		}
	}
	plugin := filepath.Join(layout.Lib(), cpuPluginFile)
	if !exists(plugin) || CheckPlugin(ctx, plugin) == nil {
		return nil
	}
	if err := os.Remove(plugin); err != nil {
		return command.Explain(err, "removing the damaged "+plugin)
	}
	return nil
}

// smallestPlugin is far below the size of any PJRT plugin, which have a hundred megabytes and more.
const smallestPlugin = 1 << 20

// CheckPlugin reports a PJRT plugin that was cut, or replaced where a record has its hash: loading one can end the process that tries, or
// do anything.
func CheckPlugin(ctx context.Context, file string) error {
	if err := checkUncut(file); err != nil {
		return err
	}
	return checkRecorded(ctx, file)
}

func checkUncut(file string) error {
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	if info.Size() < smallestPlugin {
		return fmt.Errorf("it has only %d bytes", info.Size())
	}
	library, err := elf.Open(file)
	if format := (*elf.FormatError)(nil); errors.As(err, &format) {
		return nil // another system's format, of which only loading tells more
	}
	if err != nil { // the table of its sections stands at its end
		return fmt.Errorf("it has only %d bytes: it was cut", info.Size())
	}
	defer library.Close() // only read
	for _, segment := range library.Progs {
		if end := segment.Off + segment.Filesz; segment.Type == elf.PT_LOAD && end > uint64(info.Size()) {
			return fmt.Errorf("it has only %d of at least %d bytes: it was cut", info.Size(), end)
		}
	}
	return nil
}
