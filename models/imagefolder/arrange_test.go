package imagefolder

import (
	"context"
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/diagnosis"
)

// splitFiles are four images of the classes a and b in each of the folders, no two the same.
func splitFiles(t *testing.T, folders ...string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for n, folder := range folders {
		for c, class := range []string{"a", "b"} {
			for i := range 4 {
				files[folder+"/"+class+"/"+string(rune('0'+i))+".png"] = pngOf(t, drawing(10000*n+1000*c+i))
			}
		}
	}
	return files
}

func TestASplitIsRecognizedBesideOtherFolders(t *testing.T) {
	for name, extra := range map[string]map[string]string{
		"unlabeled": {"unlabeled/x.png": pngOf(t, drawing(900)), "unlabeled/deep/y.png": pngOf(t, drawing(901))},
		"notes":     {"annotations/x.xml": "<xml/>"},
		"empty":     {"annotations/none/x.xml": "<xml/>"},
	} {
		for _, side := range []string{"val", "valid", "Validation", "test", "dev"} {
			t.Run(name+" "+side, func(t *testing.T) {
				files := splitFiles(t, "train", side)
				maps.Copy(files, extra)
				d := mustLoad(t, write(t, files), options(func(o *Options) { o.FollowSplit = true }))
				if diff := cmp.Diff([]string{"a", "b"}, d.Classes); diff != "" || !d.GivenSplit || len(d.Items) != 16 {
					t.Errorf("given split %t, %d items, classes %s", d.GivenSplit, len(d.Items), diff)
				}
				n, _ := noteOf(d, CodeSplit)
				ignored := "annotations"
				if name == "unlabeled" {
					ignored = "unlabeled"
				}
				if !strings.Contains(n.Sentence, "is ignored: "+ignored) {
					t.Errorf("the note says %q", n.Sentence)
				}
				if got := reasonFor(d, ignored); !strings.Contains(got, "not part of the split") {
					t.Errorf("%s was skipped because %q", ignored, got)
				}
			})
		}
	}
}

func TestClassesThatAreNamedAsSplits(t *testing.T) {
	files := map[string]string{}
	for name, content := range someFiles(t, 3, "train/red", "test/blue", "bus") {
		files[name] = content
	}
	d := mustLoad(t, write(t, files), DefaultOptions())
	if diff := cmp.Diff([]string{"bus", "test", "train"}, d.Classes); diff != "" {
		t.Error(diff)
	}
	if n, _ := noteOf(d, CodeSplit); n.Severity != diagnosis.Warning || !strings.Contains(n.Sentence, "test, train count as classes") {
		t.Errorf("the note is %+v", n)
	}
}

func TestFoldersWithoutImagesAreNoClasses(t *testing.T) {
	files := someFiles(t, 3, "b", "d")
	for _, name := range []string{
		"lost+found/x.png", "__pycache__/x.pyc", "$RECYCLE.BIN/x.png", "@eaDir/x.png", ".ipynb_checkpoints/x.png", "__MACOSX/x.png",
		"System Volume Information/x.png", "Thumbs.db", "b/Thumbs.db", "b/@eaDir/x.png",
	} {
		files[name] = pngOf(t, drawing(len(name)))
	}
	d := mustLoad(t, write(t, files), DefaultOptions())
	if len(d.Classes) != 2 || len(d.Items) != 6 || len(d.Skipped) != 0 {
		t.Errorf("classes %q, %d items, skipped %v", d.Classes, len(d.Items), d.Skipped)
	}
	if _, ok := noteOf(d, CodeEmptyClass); ok {
		t.Error("a folder that nobody means is noted")
	}
	files["a/x.xml"], files["c/damaged.png"] = "<xml/>", "\x89PNG\r\n\x1a\n"
	dir := write(t, files)
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
