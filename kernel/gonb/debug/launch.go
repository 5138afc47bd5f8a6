package debug

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/headstart-nb/headstart/kernel/gonb/linemap"
)

// DescriptionFile is where the kernel tells the stand-in for go that the next program is debugged, in the folder of GoNB's
// module.
const DescriptionFile = ".headstart-debug.json"

// A Description is what it says.
type Description struct {
	Delve  string // the program
	Socket string // where the kernel waits for it
	Cells  []linemap.Cell
}

// ReadDescription reads the description in a folder; ok is false where the next program is not debugged.
func ReadDescription(folder string) (d Description, ok bool) {
	text, err := os.ReadFile(filepath.Join(folder, DescriptionFile))
	return d, err == nil && json.Unmarshal(text, &d) == nil && d.Delve != ""
}

// LaunchCommand is the first argument of the program that stands in for go where it is to be the launcher.
const LaunchCommand = "launch-debugged-cell"

// Names of files beside a program.
const (
	ProgramSuffix = ".debugged" // the program that is debugged: GoNB starts the launcher in its place
	startSuffix   = ".start"
	exitSuffix    = ".exit"
)

// WriteLauncher makes the program that GoNB starts.
func WriteLauncher(output, self, folder string) error {
	quote := func(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
	script := fmt.Sprintf("#!/bin/sh\nexec %s %s %s %s \"$@\"\n", quote(self), LaunchCommand, quote(folder), quote(output+ProgramSuffix))
	if err := os.Remove(output); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.WriteFile(output, []byte(script), 0o700)
}

// RemoveLauncher removes the launcher of an earlier cell: go build replaces no file that is not a program.
func RemoveLauncher(output string) error {
	file, err := os.Open(output)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	begin := make([]byte, 2)
	_, err = io.ReadFull(file, begin)
	_ = file.Close() // it was only read
	if err != nil || string(begin) != "#!" {
		return nil
	}
	return os.Remove(output)
}

// start is what the launcher tells the kernel.
type start struct {
	Program string
	Args    []string
	Dir     string
}

// interrupted is the exit status of what an interrupt has ended, as in a shell.
const interrupted = 130

// killAfter is how long Delve may take to end on a signal.
const killAfter = 300 * time.Millisecond

// Launch is the launcher: it runs Delve with its own input and output, which the program inherits, and returns the program's
// exit status. Arguments are the folder of the description, the program, and the program's own.
func Launch(arguments []string, stderr io.Writer) int {
	if len(arguments) < 2 {
		fmt.Fprintln(stderr, "debug a cell: the program is missing; only the kernel starts this")
		return 2
	}
	status, err := launch(arguments[0], arguments[1], arguments[2:])
	_ = os.Remove(arguments[1]) // GoNB removes its folder at its end
	if err != nil {
		fmt.Fprintln(stderr, "debug a cell:", err)
	}
	return status
}

func launch(folder, program string, arguments []string) (int, error) {
	description, ok := ReadDescription(folder)
	if !ok {
		return 1, errors.New("the kernel does not wait for the program; run the cell again")
	}
	dir, err := os.Getwd()
	if err != nil {
		return 1, fmt.Errorf("find the working directory: %w", err)
	}
	text, err := json.Marshal(start{Program: program, Args: arguments, Dir: dir})
	if err == nil {
		err = os.WriteFile(filepath.Join(folder, DescriptionFile+startSuffix), text, 0o600)
	}
	exit := filepath.Join(folder, DescriptionFile+exitSuffix)
	if removeErr := os.Remove(exit); err == nil && removeErr != nil && !errors.Is(removeErr, os.ErrNotExist) {
		err = removeErr
	}
	if err != nil {
		return 1, fmt.Errorf("tell the kernel what to debug: %w", err)
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	delve := exec.Command(description.Delve, "dap", "--client-addr=unix:"+description.Socket, "--check-go-version=false")
	delve.Stdin, delve.Stdout, delve.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := delve.Start(); err != nil {
		return 1, fmt.Errorf("start Delve: %w; `headstart install` installs it", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- delve.Wait() }()
	select {
	case err = <-ended:
	case <-signals:
		_ = delve.Process.Signal(syscall.SIGTERM) // it kills the program
		select {
		case <-ended:
		case <-time.After(killAfter):
			_ = delve.Process.Kill()
		}
		return interrupted, nil
	}
	patience := exitPatience
	if err != nil {
		patience = failedPatience
	}
	return exitStatus(exit, err, patience, signals)
}

// How long the kernel may take to read what Delve has said until its end. A Delve that failed may never have reached the kernel.
const (
	exitPatience   = 10 * time.Second
	failedPatience = time.Second
)

// exitStatus is the program's, which the kernel passes on when it has heard of Delve's end: often later than the launcher. The
// file is empty where Delve named no status. A signal ends the waiting.
func exitStatus(file string, ended error, patience time.Duration, signals <-chan os.Signal) (int, error) {
	text, err := os.ReadFile(file)
	for begun := time.Now(); err != nil && time.Since(begun) < patience; text, err = os.ReadFile(file) {
		select {
		case <-signals:
			return interrupted, nil
		case <-time.After(time.Millisecond):
		}
	}
	if err != nil || len(text) == 0 {
		return 1, fmt.Errorf("the debugger ended before the program (%v); run the cell again, or without the debugger", ended)
	}
	status, err := strconv.Atoi(string(text))
	if err != nil || status < 0 || status > 255 {
		return 1, nil
	}
	return status, nil
}

// awaited is what the launcher said, read when Delve has connected.
func awaited(folder string) (s start, err error) {
	text, err := os.ReadFile(filepath.Join(folder, DescriptionFile+startSuffix))
	if err == nil {
		err = json.Unmarshal(text, &s)
	}
	return s, err
}

// handshakePatience is how long Delve may take to load a program.
const handshakePatience = 60 * time.Second

// timeout is a context for one exchange with Delve.
func timeout(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, handshakePatience)
}
