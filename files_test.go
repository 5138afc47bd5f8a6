package headstart_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// rawOpen finds what opens a file whatever it is: it waits for a pipe's writer, and reads a device without an end.
var rawOpen = regexp.MustCompile(`\bos\.(Open|OpenFile|ReadFile)\(|\bzip\.OpenReader\(`)

// opensNothingOfStrangers are the files in which that is right, with the reason.
var opensNothingOfStrangers = []string{
	"models/imagefolder/source/scan.go", // a folder, whose entries are looked at before they are opened
	"nbhelpers/pipe.go",                 // GoNB's pipes, with a time limit
}

// TestFilesOfStrangersAreOpenedSafely holds the packages that read what people point at to internal/safefile.
func TestFilesOfStrangersAreOpenedSafely(t *testing.T) {
	for _, top := range []string{"models", "kernel/notebook", "magics/transfer", "magics/cmd/headstart-transfer", "nbhelpers"} {
		err := filepath.WalkDir(top, func(file string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == "testdata") {
				return filepath.SkipDir
			}
			if !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go") || slices.Contains(opensNothingOfStrangers, filepath.ToSlash(file)) {
				return nil
			}
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			if found := rawOpen.Find(text); found != nil {
				t.Errorf("%s uses %s: open what people point at by internal/safefile", file, found)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestWhatSetupMakesIsNotTracked: a link named .headstart that is committed replaces the folder of whoever checks it out.
func TestWhatSetupMakesIsNotTracked(t *testing.T) {
	tracked, err := exec.Command("git", "ls-files", "--", ".headstart", "bench-out", "nbhelpers/labextension/node_modules").Output()
	if err != nil {
		need.Lack(t, need.System, "not a git checkout: "+err.Error())
	}
	if len(tracked) > 0 {
		t.Errorf("git tracks %s: git rm --cached it", tracked)
	}
}
