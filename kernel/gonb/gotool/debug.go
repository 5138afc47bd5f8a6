package gotool

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/headstart-nb/headstart/kernel/gonb/debug"
	"github.com/headstart-nb/headstart/kernel/gonb/linemap"
)

// unoptimized are the flags for a program that is debugged: those of the cell's own package. The packages that it imports stay
// as they are, in Go's build cache: without optimization the standard library would be built anew.
var unoptimized = []string{"-gcflags=-N -l"}

// debugBuild builds the program of a cell that is debugged, and puts the launcher in its place. Done is false where nothing is
// debugged, and where the program does not compile: the usual build says what is wrong, about the program's own lines.
func (t *Tool) debugBuild(output string, flags []string) (done bool) {
	return t.debugged(output, mainFile, func(annotated string) error {
		debugged := *t
		debugged.program, debugged.changed = annotated, true
		var messages bytes.Buffer
		debugged.Stderr = &messages
		if debugged.buildAndKeep("", output+debug.ProgramSuffix, slices.Concat(flags, unoptimized)) != 0 {
			return fmt.Errorf("build the program for the debugger: %s", messages.String())
		}
		return nil
	})
}

// debugTest is debugBuild for the tests of a cell, which GoNB writes to a file of their own.
func (t *Tool) debugTest(output string, flags []string) (done bool) {
	text, err := os.ReadFile(filepath.Join(t.Dir, testFile))
	if err != nil {
		return false
	}
	t.program = string(text)
	return t.debugged(output, testFile, func(annotated string) error {
		temp, err := t.workFolder()
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		file := filepath.Join(temp, testFile)
		if err := os.WriteFile(file, []byte(annotated), 0o600); err != nil {
			return err
		}
		overlay, err := t.overlay(temp, testFile, file)
		if err != nil {
			return err
		}
		var messages bytes.Buffer
		// The usual build vets the tests; its complaints would name other lines here.
		command := slices.Concat([]string{"test", "-c", "-vet=off", "-o", output + debug.ProgramSuffix}, overlay, flags, unoptimized)
		if t.run(&messages, &messages, command...) != 0 {
			return fmt.Errorf("build the tests for the debugger: %s", messages.String())
		}
		return nil
	})
}

// debugged builds a program whose lines are those of cells, where one is debugged, and puts the launcher in its place. Name is
// the file that GoNB wrote.
func (t *Tool) debugged(output, name string, build func(annotated string) error) (done bool) {
	description, ok := debug.ReadDescription(t.Dir)
	if !ok {
		return false
	}
	err := t.buildForDelve(description, output, name, build)
	if err != nil {
		// A description that nobody waits with would let the launcher start what was built before.
		_ = os.Remove(filepath.Join(t.Dir, debug.DescriptionFile))
	}
	return err == nil
}

func (t *Tool) buildForDelve(description debug.Description, output, name string, build func(annotated string) error) error {
	file := filepath.Join(t.Dir, name)
	original, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	annotated, err := linemap.Annotate(t.program, file, linemap.Find(string(original), description.Cells))
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	if err := build(annotated); err != nil {
		return err
	}
	return debug.WriteLauncher(output, self, t.Dir)
}
