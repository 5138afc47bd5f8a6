// Package gonbrepair corrects faults of the pinned GoNB in its source, before it is built.
//
// GoNB v0.11.4 passes on the output of programs in pieces of 32 KiB, each as JSON: a character that lies across the end of a
// piece becomes several U+FFFD, and cannot be restored from them. It also learns who waits for input after it has asked for it: an
// answer that comes at once, as of a program that runs a notebook, is lost, and the cell waits for ever.
package gonbrepair

import (
	_ "embed" // for whole.go
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Folder is where the corrected source belongs, below the module that it is built in. The name is in the build info of a
// GoNB that has these corrections: count on with each change of them.
const Folder = "gonb-repaired-2"

// wholeSource is what GoNB gets besides its own files.
//
//go:embed whole.go
var wholeSource string

// correction is a text of GoNB, which occurs once in its file, and what takes its place.
type correction struct{ file, old, replacement string }

const (
	copier   = "internal/jpyexec/jpyexec.go" // copies the output of programs
	messages = "internal/kernel/messages.go" // asks the front end for input
)

func corrections() []correction {
	return []correction{
		{copier, "io.Copy(exec.stdoutWriter, exec.cmdStdout)", "io.Copy(exec.stdoutWriter, &wholeReader{from: exec.cmdStdout})"},
		{copier, "io.Copy(exec.stderrWriter, exec.cmdStderr)", "io.Copy(exec.stderrWriter, &wholeReader{from: exec.cmdStderr})"},
		{messages, "\t// Register callback.\n\tm.kernel.stdinMsg = m\n\tm.kernel.stdinFn = onInput\n\n", ""},
		{messages, "\terr = m.kernel.sockets.StdinSocket.RunLocked(\n",
			"\tm.kernel.stdinMsg, m.kernel.stdinFn = m, onInput\n\terr = m.kernel.sockets.StdinSocket.RunLocked(\n"},
	}
}

// Apply copies GoNB's source to a folder that is not there yet, and corrects it.
func Apply(source, folder string) error {
	if err := os.CopyFS(folder, os.DirFS(source)); err != nil {
		return fmt.Errorf("copy the source of GoNB: %w", err)
	}
	for _, c := range corrections() {
		if err := c.apply(folder); err != nil {
			return fmt.Errorf("correct the source of GoNB: %w", err)
		}
	}
	whole := strings.Replace(wholeSource, "package gonbrepair\n", "package jpyexec\n", 1)
	if err := os.WriteFile(filepath.Join(folder, filepath.FromSlash(path.Dir(copier)), "headstart_whole.go"), []byte(whole), 0o644); err != nil {
		return fmt.Errorf("correct the source of GoNB: %w", err)
	}
	return nil
}

func (c correction) apply(folder string) error {
	file := filepath.Join(folder, filepath.FromSlash(c.file))
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if strings.Count(string(text), c.old) != 1 {
		return fmt.Errorf("%s has not the text %q once: it is another release than the one that is known", c.file, c.old)
	}
	return os.WriteFile(file, []byte(strings.Replace(string(text), c.old, c.replacement, 1)), 0o644)
}
