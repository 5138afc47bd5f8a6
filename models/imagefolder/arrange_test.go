package imagefolder

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/testfile"
)

func TestFoldersWithoutImagesAreNoClasses(t *testing.T) {
	files := someFiles(t, 3, "b", "d")
	for _, name := range []string{
		"lost+found/x.png", "__pycache__/x.pyc", "$RECYCLE.BIN/x.png", "@eaDir/x.png", ".ipynb_checkpoints/x.png", "__MACOSX/x.png",
		"System Volume Information/x.png", "Thumbs.db", "b/Thumbs.db", "b/@eaDir/x.png",
	} {
		files[name] = pngOf(t, drawing(len(name)))
	}
	d := mustLoad(t, testfile.Write(t, files), DefaultOptions())
	if len(d.Classes) != 2 || len(d.Items) != 6 || len(d.Skipped) != 0 {
		t.Errorf("classes %q, %d items, skipped %v", d.Classes, len(d.Items), d.Skipped)
	}
	if _, ok := noteOf(d, CodeEmptyClass); ok {
		t.Error("a folder that nobody means is noted")
	}
	files["a/x.xml"], files["c/damaged.png"] = "<xml/>", "\x89PNG\r\n\x1a\n"
	dir := testfile.Write(t, files)
	d = mustLoad(t, dir, DefaultOptions())
	if diff := cmp.Diff([]string{"b", "d"}, d.Classes); diff != "" {
		t.Error(diff)
	}
	for _, i := range d.Items {
		if !strings.HasPrefix(i.Path, d.Classes[i.Label]) {
			t.Errorf("%s has the label %s", i.Path, d.Classes[i.Label])
		}
	}
	if n, _ := noteOf(d, CodeEmptyClass); !strings.Contains(n.Sentence, "2 folders have no usable image, and so no class: a, c") {
		t.Errorf("the note says %q", n.Sentence)
	}
	if n, ok := noteOf(d, CodeFewImages); ok && n.Severity == diagnosis.Error {
		t.Errorf("an empty folder keeps from training: %+v", n)
	}
	// An image may move to a class that has none yet.
	edit(t, d, Relabel, "b/aa.png", "c")
	if d = mustLoad(t, dir, DefaultOptions()); d.Classes[1] != "c" || d.Classes[d.Items[item(t, d, "b/aa.png")].Label] != "c" {
		t.Errorf("classes %q", d.Classes)
	}
	// Where a model is judged, files that are no images do not matter, and images do.
	known := options(func(o *Options) { o.Classes, o.NoEdits = []string{"b", "d"}, true })
	if d = mustLoad(t, dir, known); len(d.Items) != 6 {
		t.Errorf("%d items", len(d.Items))
	}
	known.Classes = []string{"d"}
	_, err := Load(context.Background(), dir, known)
	wantError(t, err, "class b is not one of the 1")
}
