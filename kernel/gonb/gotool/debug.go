package gotool

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/headstart-nb/headstart/kernel/gonb/debug"
	"github.com/headstart-nb/headstart/kernel/gonb/linemap"
)

// unoptimized are the flags for a program that is debugged: those of the cell's own package. The packages that it imports stay
// as they are, in Go's build cache: without optimization the standard library would be built anew.
var unoptimized = []string{"-gcflags=-N -l"}

// debugBuild builds the program of a cell that is debugged, and puts the launcher in its place. Done is false where nothing is
// debugged, and where the program does not compile: the usual build says what is wrong, about the program's own lines.
func (t *Tool) debugBuild(output string, flags []string) (done bool) {
	description, ok := debug.ReadDescription(t.Dir)
	if !ok {
		return false
	}
	err := t.buildForDelve(description, output, flags)
	if err != nil {
		// A description that nobody waits with would let the launcher start what was built before.
		_ = os.Remove(filepath.Join(t.Dir, debug.DescriptionFile))
	}
	return err == nil
}

func (t *Tool) buildForDelve(description debug.Description, output string, flags []string) error {
	main := filepath.Join(t.Dir, mainFile)
	original, err := os.ReadFile(main)
	if err != nil {
		return err
	}
	annotated, err := linemap.Annotate(t.program, main, linemap.Find(string(original), description.Cells))
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	debugged := *t
	debugged.program, debugged.changed = annotated, true
	var messages bytes.Buffer
	debugged.Stderr = &messages
	if debugged.buildAndKeep("", output+debug.ProgramSuffix, append(flags[:len(flags):len(flags)], unoptimized...)) != 0 {
		return fmt.Errorf("build the program for the debugger: %s", messages.String())
	}
	return debug.WriteLauncher(output, self, t.Dir)
}
