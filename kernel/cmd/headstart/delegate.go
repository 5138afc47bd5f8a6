package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/spf13/cobra"
)

// transferProgram has the machine learning; it lies beside this program, which links none.
const transferProgram = "headstart-transfer"

// newDelegateCommands are the verbs that the sibling program carries out, with its own flags and help.
func newDelegateCommands() []*cobra.Command {
	verbs := []struct{ use, short string }{
		{"dataset DIR", "Check a folder of images: counts, and what is skipped and why"},
		{"features DIR", "Compute a backbone's features of a folder of images"},
		{"train DIR", "Train a classifier on a folder of images"},
		{"evaluate MODEL DIR", "Measure a saved model on a folder of images"},
		{"predict MODEL FILE...", "Classify images with a saved model"},
		{"verify MODEL", "Repeat the training of a saved model and compare"},
	}
	var commands []*cobra.Command
	for _, verb := range verbs {
		commands = append(commands, &cobra.Command{
			Use:                verb.use,
			Short:              verb.short,
			DisableFlagParsing: true,
			RunE: func(command *cobra.Command, args []string) error {
				return delegate(command, append([]string{command.Name()}, args...))
			},
		})
	}
	return commands
}

func delegate(command *cobra.Command, args []string) error {
	program, err := sibling(transferProgram)
	if err != nil {
		return fmt.Errorf("%s: %w", command.Name(), err)
	}
	run := exec.CommandContext(command.Context(), program, args...)
	run.Stdin, run.Stdout, run.Stderr = os.Stdin, os.Stdout, os.Stderr
	return run.Run()
}

// binDir is the folder of this program, links resolved.
func binDir() (string, error) {
	self, err := os.Executable()
	if err == nil {
		self, err = filepath.EvalSymlinks(self)
	}
	if err != nil {
		return "", fmt.Errorf("find the folder of this program: %w", err)
	}
	return filepath.Dir(self), nil
}

// sibling finds a program beside this one, else on PATH.
func sibling(name string) (string, error) {
	dir, err := binDir()
	if err != nil {
		return "", err
	}
	beside := filepath.Join(dir, name)
	if _, err := os.Stat(beside); err == nil {
		return beside, nil
	}
	if found, err := exec.LookPath(name); err == nil {
		return found, nil
	}
	return "", fmt.Errorf("find the program %s: it is neither in %s nor on PATH; headstart install installs it", name, dir)
}
