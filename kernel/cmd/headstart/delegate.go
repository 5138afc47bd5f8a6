package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/headstart-nb/headstart/kernel/install"
)

// transferProgram has the machine learning; it lies beside this program, which links none.
const transferProgram = "headstart-transfer"

// newDelegateCommands are the verbs that the sibling program carries out, with its own flags and help.
func newDelegateCommands() []*cobra.Command {
	verbs := []struct{ use, short string }{
		{"dataset DIR", "Check a folder of images: counts, and what is skipped and why"},
		{"features INPUT...", "Compute the backbone's features of every image in a folder, in archives or in a bucket"},
		{"train DIR", "Train a classifier of the images in a folder with one folder per class"},
		{"tune DIR", "Search for a better head, learning rate, dropout and weight decay on a folder of images"},
		{"teach MODEL [FILE...]", "Add images of a class to a saved model that predicts by them at once, without a training"},
		{"evaluate MODEL DIR", "Evaluate a saved model on a folder with one folder per class"},
		{"predict MODEL FILE...", "Predict the classes of images with a saved model"},
		{"explain MODEL FILE...", "Show which parts of images the predictions of a saved model depend on (Grad-CAM)"},
		{"verify MODEL", "Repeat the training of a saved model and compare the numbers"},
		{"export MODEL FORMAT", "Write a saved model for other programs: onnx, torch or hf"},
		{"serve MODEL...", "Answer predictions of saved models over HTTP and gRPC"},
		{"clean DIR", "List doubtful images of a folder, and edit its labels without changing a file"},
		{"runs", "List, compare and remove the trainings on disk"},
	}
	var commands []*cobra.Command
	for _, verb := range verbs {
		command := &cobra.Command{
			Use:                verb.use,
			Short:              verb.short,
			DisableFlagParsing: true,
			PersistentPreRunE:  useInstallation,
			RunE: func(command *cobra.Command, args []string) error {
				return delegate(command, append([]string{command.Name()}, args...))
			},
		}
		command.SetHelpFunc(func(command *cobra.Command, _ []string) { // headstart help train
			if err := delegate(command, []string{command.Name(), "--help"}); err != nil {
				fmt.Fprintln(command.ErrOrStderr(), "headstart: "+err.Error())
			}
		})
		commands = append(commands, command)
	}
	return commands
}

// useInstallation gives this process, and what it starts, the environment that the kernelspec of its installation gives to
// notebooks, so that both have one device, one home and one cache. What is set already stays.
func useInstallation(*cobra.Command, []string) error {
	layout, ok := install.Here()
	if !ok {
		return nil
	}
	session, err := layout.Session(os.Getenv)
	if err != nil {
		return nil //nolint:nilerr // an installation without a kernelspec says nothing of sessions; doctor reports it
	}
	for name, value := range session {
		if _, set := os.LookupEnv(name); set {
			continue
		}
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("set %s as the kernelspec does: %w", name, err)
		}
	}
	return nil
}

// delegate becomes the sibling program, so that signals, the terminal and the exit status are its own: an interrupt ends what
// computes, and the shell waits for its last line.
func delegate(command *cobra.Command, args []string) error {
	program, err := sibling(transferProgram)
	if err == nil {
		err = syscall.Exec(program, append([]string{program}, args...), os.Environ()) // does not return where it succeeds
		err = fmt.Errorf("start %s: %w", program, err)
	}
	return fmt.Errorf("%s: %w", command.Name(), err)
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
