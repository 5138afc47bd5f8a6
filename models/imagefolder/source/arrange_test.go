package source

import (
	"maps"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/testfile"
)

// splitFiles are four files of the classes a and b in each of the folders.
func splitFiles(folders ...string) map[string]string {
	files := map[string]string{}
	for _, folder := range folders {
		maps.Copy(files, someFiles(4, folder+"/a", folder+"/b"))
	}
	return files
}

func TestASplitIsRecognizedBesideOtherFolders(t *testing.T) {
	for name, extra := range map[string]map[string]string{
		"unlabeled": {"unlabeled/x.png": "image", "unlabeled/deep/y.png": "image"},
		"notes":     {"annotations/x.xml": "<xml/>"},
		"empty":     {"annotations/none/x.xml": "<xml/>"},
	} {
		for _, side := range []string{"val", "valid", "Validation", "test", "dev"} {
			t.Run(name+" "+side, func(t *testing.T) {
				files := splitFiles("train", side)
				maps.Copy(files, extra)
				l := mustOpen(t, testfile.Write(t, files), defaults())
				if diff := cmp.Diff([]string{"a", "b"}, l.Classes); diff != "" || !l.Given || len(l.Candidates) != 16 {
					t.Errorf("given split %t, %d items, classes %s", l.Given, len(l.Candidates), diff)
				}
				n, _ := noteOf(l, CodeSplit)
				ignored := "annotations"
				if name == "unlabeled" {
					ignored = "unlabeled"
				}
				if !strings.Contains(n.Sentence, "is ignored: "+ignored) {
					t.Errorf("the note says %q", n.Sentence)
				}
				if got := reasonFor(l, ignored); !strings.Contains(got, "not part of the split") {
					t.Errorf("%s was skipped because %q", ignored, got)
				}
			})
		}
	}
}

func TestClassesThatAreNamedAsSplits(t *testing.T) {
	files := map[string]string{}
	for name, content := range someFiles(3, "train/red", "test/blue", "bus") {
		files[name] = content
	}
	l := mustOpen(t, testfile.Write(t, files), defaults())
	if diff := cmp.Diff([]string{"bus", "test", "train"}, l.Classes); diff != "" {
		t.Error(diff)
	}
	if n, _ := noteOf(l, CodeSplit); n.Severity != diagnosis.Warning || !strings.Contains(n.Sentence, "test, train count as classes") {
		t.Errorf("the note is %+v", n)
	}
}
