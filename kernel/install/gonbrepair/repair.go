// Package gonbrepair corrects faults of the pinned GoNB in its source, before it is built.
//
// GoNB v0.11.4 passes on the output of programs in pieces of 32 KiB, each as JSON: a character that lies across the end of a
// piece becomes several U+FFFD, and cannot be restored from them.
package gonbrepair

import (
	_ "embed" // for whole.go
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Folder is where the corrected source belongs, below the module that it is built in. The name is in the build info of a
// GoNB that has these corrections: count on with each change of them.
const Folder = "gonb-repaired-1"

// wholeSource is what GoNB gets besides its own files.
//
//go:embed whole.go
var wholeSource string

// copier is the file of GoNB that copies the output of programs.
const copier = "internal/jpyexec/jpyexec.go"

// corrections are texts of copier with what takes their place; each occurs once.
func corrections() map[string]string {
	return map[string]string{
		"io.Copy(exec.stdoutWriter, exec.cmdStdout)": "io.Copy(exec.stdoutWriter, &wholeReader{from: exec.cmdStdout})",
		"io.Copy(exec.stderrWriter, exec.cmdStderr)": "io.Copy(exec.stderrWriter, &wholeReader{from: exec.cmdStderr})",
	}
}

// Apply copies GoNB's source to a folder that is not there yet, and corrects it.
func Apply(source, folder string) error {
	if err := os.CopyFS(folder, os.DirFS(source)); err != nil {
		return fmt.Errorf("copy the source of GoNB: %w", err)
	}
	file := filepath.Join(folder, filepath.FromSlash(copier))
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("correct the source of GoNB: %w", err)
	}
	corrected := string(text)
	for old, replacement := range corrections() {
		if strings.Count(corrected, old) != 1 {
			return fmt.Errorf("correct the source of GoNB: %s has not the text %q once: it is another release than the one that is known", copier, old)
		}
		corrected = strings.Replace(corrected, old, replacement, 1)
	}
	if err := os.WriteFile(file, []byte(corrected), 0o644); err != nil {
		return fmt.Errorf("correct the source of GoNB: %w", err)
	}
	whole := strings.Replace(wholeSource, "package gonbrepair\n", "package jpyexec\n", 1)
	if err := os.WriteFile(filepath.Join(filepath.Dir(file), "headstart_whole.go"), []byte(whole), 0o644); err != nil {
		return fmt.Errorf("correct the source of GoNB: %w", err)
	}
	return nil
}
