// Package gonbrepair corrects faults of the pinned GoNB in its source, before it is built.
//
// GoNB v0.11.4 passes on the output of programs in pieces of 32 KiB, each as JSON: a character that lies across the end of a
// piece becomes several U+FFFD, and cannot be restored from them. It also learns who waits for input after it has asked for it: an
// answer that comes at once, as of a program that runs a notebook, is lost, and the cell waits for ever. It drops what a program has
// displayed, and GoNB has not read yet, when the program ends.
package gonbrepair

import (
	_ "embed" // for whole.go and pipe.go
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Folder is where the corrected source belongs, below the module that it is built in. The name is in the build info of a
// GoNB that has these corrections: count on with each change of them.
const Folder = "gonb-repaired-3"

// wholeSource and pipeSource are what GoNB gets besides its own files.
var (
	//go:embed whole.go
	wholeSource string
	//go:embed pipe.go
	pipeSource string
)

// correction is a text of GoNB, which occurs once in its file, and what takes its place.
type correction struct{ file, old, replacement string }

const (
	copier   = "internal/jpyexec/jpyexec.go"    // copies the output of programs
	pipes    = "internal/jpyexec/namedpipes.go" // reads what programs display
	messages = "internal/kernel/messages.go"    // asks the front end for input
)

func corrections() []correction {
	return []correction{
		{copier, "io.Copy(exec.stdoutWriter, exec.cmdStdout)", "io.Copy(exec.stdoutWriter, &wholeReader{from: exec.cmdStdout})"},
		{copier, "io.Copy(exec.stderrWriter, exec.cmdStderr)", "io.Copy(exec.stderrWriter, &wholeReader{from: exec.cmdStderr})"},
		{copier, "\tisDone    bool\n", "\tisDone    bool\n\tpipeRead  chan struct{} // closed when the pipe that the program displays by has been read\n"},
		{copier, "\texec.exitError = cmd.Wait()\n",
			"\texec.exitError = cmd.Wait()\n\tif exec.useNamedPipes {\n\t\tawaitPipe(exec.namedPipeReaderPath, exec.pipeRead, WaitToKill)\n\t}\n"},
		{pipes, "\texec.openPipeReader()\n", "\texec.pipeRead = make(chan struct{})\n\texec.openPipeReader()\n"},
		{pipes, "\t\tgo exec.pollNamedPipeReader()\n", "\t\tgo func() {\n\t\t\tdefer close(exec.pipeRead)\n\t\t\texec.pollNamedPipeReader()\n\t\t}()\n"},
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
	for name, source := range map[string]string{"whole": wholeSource, "pipe": pipeSource} {
		source = strings.Replace(source, "package gonbrepair\n", "package jpyexec\n", 1)
		file := filepath.Join(folder, filepath.FromSlash(path.Dir(copier)), "headstart_"+name+".go")
		if err := os.WriteFile(file, []byte(source), 0o644); err != nil {
			return fmt.Errorf("correct the source of GoNB: %w", err)
		}
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
