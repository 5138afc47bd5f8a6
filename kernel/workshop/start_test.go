package workshop

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestStart runs the script where everything is installed, with a relative folder, and again after the class's folder was moved.
func TestStart(t *testing.T) {
	o := options(t)
	if _, err := Prepare(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	for name, text := range map[string]string{
		"bin/python3": "#!/bin/sh\n", "mine/installed": "", "mine/venv/bin/lab": "#!/bin/sh\npwd\ncat datasets/photos/cat/1.png\n",
	} {
		file := filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	moved := o.Out + " moved"
	for _, class := range []string{o.Out, moved} {
		if class == moved {
			if err := os.Rename(o.Out, moved); err != nil {
				t.Fatal(err)
			}
		}
		start := exec.CommandContext(t.Context(), "sh", filepath.Join(class, "start.sh"), "mine", "lab")
		start.Dir, start.Env = home, append(os.Environ(), "PATH="+filepath.Join(home, "bin")+":"+os.Getenv("PATH"))
		said, err := start.CombinedOutput()
		if err != nil || !strings.HasSuffix(string(said), "/mine/lessons\nimage") {
			t.Errorf("%s: %v: %s", class, err, said)
		}
	}
}
