package imagefolder

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/internal/testfile"
)

func TestLoadArchive(t *testing.T) {
	files := map[string]string{}
	for name, content := range someFiles(t, 3, "a", "b") {
		files["wrapped/in/"+name] = content
	}
	files["wrapped/in/a/notes.txt"] = "text"
	file := filepath.Join(t.TempDir(), "set.zip")
	if err := os.WriteFile(file, testfile.Zip(t, files), 0o644); err != nil {
		t.Fatal(err)
	}
	withState := options(func(o *Options) { o.StateDir = t.TempDir() })
	d := mustLoad(t, file, withState)
	if len(d.Items) != 6 || d.Name != "set" || reasonFor(d, "a/notes.txt") == "" {
		t.Errorf("%d items in %s, skipped %v", len(d.Items), d.Name, d.Skipped)
	}
	if again := mustLoad(t, file, withState); again.Digest != d.Digest || again.Root != d.Root {
		t.Error("it is another set the second time")
	}
	edit(t, d, Delete, "a/aa.png", "")
	if again := mustLoad(t, file, withState); len(again.Items) != 5 {
		t.Error("the edit is lost")
	}
}
