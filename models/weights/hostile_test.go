package weights

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/hostile"
	"github.com/headstart-nb/headstart/internal/safefile"
)

func TestWeightsThatArePipesOrDevicesAreRefused(t *testing.T) {
	hostile.Each(t, "model.safetensors", func(t *testing.T, path string) {
		err := hostile.InTime(t, path, func() error { _, err := openSafetensors(path, maxHeader); return err })
		if !errors.Is(err, safefile.ErrNotRegular) {
			t.Error(err)
		}
		if _, err := Open(path); err == nil {
			t.Error("it was opened")
		}
	})
}

// A command that an error proposes is pasted into a shell, and runs nothing of a file's name.
func TestProposedCommandRunsNothingOfAName(t *testing.T) {
	folder := t.TempDir()
	python := filepath.Join(folder, "python")
	script := "#!/bin/sh\nshift 3 # -P -c PROGRAM\nprintf '%s\\n' \"$@\" > " + filepath.Join(folder, "arguments") + "\n"
	if err := os.WriteFile(python, []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{
		"a'; touch pwned; '.h5", "$(touch pwned).h5", "`touch pwned`.keras", "\"; touch pwned; \".pth", "'+__import__('os').system('touch pwned')+'.bin",
		"a b.h5", "-x.pt", "a\\.h5",
	} {
		path := filepath.Join(folder, name)
		if err := os.WriteFile(path, []byte("\x80\x02cos\nsystem\n)R."), 0o644); err != nil {
			t.Fatal(err)
		}
		_, err := Open(path)
		if err == nil {
			t.Fatalf("%s is opened", name)
		}
		_, command, found := strings.Cut(err.Error(), "convert it with: ")
		if !found {
			t.Fatalf("no command in %v", err)
		}
		command, _, _ = strings.Cut(command, " (with include_top")
		shell := exec.Command("/bin/sh", "-c", command)
		shell.Dir = folder
		shell.Env = []string{"PATH=" + folder + ":/usr/bin:/bin"}
		if output, err := shell.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command, err, output)
		}
		got, err := os.ReadFile(filepath.Join(folder, "arguments"))
		want := path + "\n" + strings.TrimSuffix(path, filepath.Ext(path)) + ".safetensors\n"
		if err != nil || string(got) != want {
			t.Errorf("%s: the arguments are %q, want %q, %v", command, got, want, err)
		}
		if _, err := os.Stat(filepath.Join(folder, "pwned")); err == nil {
			t.Fatalf("%s ran what a file's name says", command)
		}
	}
	// The program's own text holds nothing of a name either.
	for format, conversion := range conversions {
		if program, _, _ := strings.Cut(strings.SplitN(conversion, `"`, 2)[1], `"`); strings.Contains(program, "%") {
			t.Errorf("%s: a name is part of the program: %s", format, program)
		}
	}
}
