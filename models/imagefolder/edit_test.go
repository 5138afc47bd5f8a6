package imagefolder

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/testfile"
)

func edit(t *testing.T, d *Dataset, action, path, to string) {
	t.Helper()
	if err := d.Edit(action, []int{item(t, d, path)}, to); err != nil {
		t.Fatal(err)
	}
}

func TestEditsAreReplayed(t *testing.T) {
	dir := testfile.Write(t, someFiles(t, 6, "a", "b"))
	d := mustLoad(t, dir, DefaultOptions())
	edit(t, d, Delete, "a/aa.png", "")
	edit(t, d, Relabel, "a/ab.png", "b")
	edit(t, d, Keep, "a/ac.png", "")
	edit(t, d, Delete, "a/ad.png", "")
	edit(t, d, Keep, "a/ad.png", "") // the last word counts
	if _, err := os.Stat(filepath.Join(dir, "a", "aa.png")); err != nil {
		t.Errorf("an edit has touched the file: %v", err)
	}

	edited := mustLoad(t, dir, DefaultOptions())
	if got := reasonFor(edited, "a/aa.png"); !strings.Contains(got, "deleted in edit 1") || len(edited.Items) != 11 {
		t.Errorf("the deleted image was skipped because %q, %d items are left", got, len(edited.Items))
	}
	moved := edited.Items[item(t, edited, "a/ab.png")]
	if edited.Classes[moved.Label] != "b" || !moved.Reviewed {
		t.Errorf("the relabeled image is %+v", moved)
	}
	if !edited.Items[item(t, edited, "a/ad.png")].Reviewed || edited.Digest == d.Digest {
		t.Error("a kept image is not marked, or the digest does not know of the edits")
	}
	if plain := mustLoad(t, dir, options(func(o *Options) { o.NoEdits = true })); plain.Digest != d.Digest {
		t.Error("without edits the dataset is not as it was")
	}

	if err := edited.Undo(0); err != nil { // the Keep of ad: the Delete before it stands again
		t.Fatal(err)
	}
	if err := edited.Undo(2); err != nil {
		t.Fatal(err)
	}
	undone := mustLoad(t, dir, DefaultOptions())
	if undone.Classes[undone.Items[item(t, undone, "a/ab.png")].Label] != "a" || reasonFor(undone, "a/ad.png") == "" {
		t.Error("undo has not brought back what was before")
	}
	var stand []int
	for _, e := range undone.Edits {
		stand = append(stand, e.Number)
	}
	if diff := cmp.Diff([]int{1, 3, 4}, stand); diff != "" {
		t.Error(diff)
	}
	wantError(t, undone.Undo(2), "edit 2, which does not stand")
	wantError(t, undone.Undo(99), "does not stand")
	for range 3 {
		if err := undone.Undo(0); err != nil {
			t.Fatal(err)
		}
	}
	wantError(t, undone.Undo(0), "there is none")
	if last := mustLoad(t, dir, DefaultOptions()); last.Digest != d.Digest {
		t.Error("with every edit undone the dataset is not as it was")
	}
}

func TestEditsFollowTheContent(t *testing.T) {
	files := someFiles(t, 4, "a", "b")
	files["b/copy.png"] = files["a/aa.png"]
	dir := testfile.Write(t, files)
	d := mustLoad(t, dir, DefaultOptions())
	edit(t, d, Delete, "b/copy.png", "")
	if d = mustLoad(t, dir, DefaultOptions()); reasonFor(d, "b/copy.png") == "" || reasonFor(d, "a/aa.png") != "" {
		t.Errorf("deleting one of two copies: skipped %v", d.Skipped)
	}
	edit(t, d, Relabel, "a/ab.png", "b")
	if err := os.Rename(filepath.Join(dir, "a", "ab.png"), filepath.Join(dir, "a", "renamed.png")); err != nil {
		t.Fatal(err)
	}
	if d = mustLoad(t, dir, DefaultOptions()); d.Items[item(t, d, "a/renamed.png")].Label != 1 {
		t.Error("the renamed image has lost its label")
	}
	if err := os.Remove(filepath.Join(dir, "a", "renamed.png")); err != nil {
		t.Fatal(err)
	}
	if n, _ := noteOf(mustLoad(t, dir, DefaultOptions()), CodeEdits); !strings.Contains(n.Sentence, "[2]") {
		t.Errorf("an edit of an image that is gone is noted as %+v", n)
	}
}

func TestEditRefusals(t *testing.T) {
	dir := testfile.Write(t, someFiles(t, 2, "a", "b"))
	d := mustLoad(t, dir, DefaultOptions())
	wantError(t, d.Edit("burn", []int{0}, ""), `unknown action "burn"`)
	wantError(t, d.Edit(Relabel, []int{0}, "c"), "no class c")
	wantError(t, d.Edit(Keep, []int{9}, ""), "no item 9")
	if _, err := os.Stat(d.EditsFile()); err == nil {
		t.Error("a refused edit has left a log")
	}
	if err := os.WriteFile(d.EditsFile(), []byte("{\"number\":1,\"action\":\"burn\"}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := Load(t.Context(), dir, DefaultOptions())
	wantError(t, err, "line 1: unknown action")
}

func TestCutLogIsRepaired(t *testing.T) {
	dir := testfile.Write(t, someFiles(t, 3, "a", "b"))
	d := mustLoad(t, dir, DefaultOptions())
	edit(t, d, Delete, "a/aa.png", "")
	log, err := os.ReadFile(d.EditsFile())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(d.EditsFile(), append(log, `{"number":2,"acti`...), 0o644); err != nil {
		t.Fatal(err)
	}
	d = mustLoad(t, dir, DefaultOptions())
	edit(t, d, Delete, "a/ab.png", "")
	if d = mustLoad(t, dir, DefaultOptions()); len(d.Edits) != 2 || len(d.Items) != 4 {
		t.Errorf("after a cut line: edits %+v, %d items", d.Edits, len(d.Items))
	}
}

func FuzzParseEdits(f *testing.F) {
	f.Add([]byte(`{"number":1,"action":"delete","path":"a"}` + "\n" + `{"number":2,"action":"undo","of":1}` + "\n"))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		edits, whole, err := parseEdits(data)
		if err != nil {
			return
		}
		if whole > int64(len(data)) || whole < int64(len(data)) && len(edits) == 0 {
			t.Errorf("%d of %d bytes are kept, with %d edits", whole, len(data), len(edits))
		}
		for i, e := range edits {
			if e.Number != i+1 {
				t.Errorf("edit %d has the number %d", i+1, e.Number)
			}
		}
		for _, e := range standing(edits) {
			if e.Action == Undo {
				t.Error("an undo stands")
			}
		}
	})
}

func TestSuspects(t *testing.T) {
	files := someFiles(t, 4, "a", "b")
	files["b/copy.png"] = files["a/aa.png"]
	dir := testfile.Write(t, files)
	d := mustLoad(t, dir, DefaultOptions())
	all := []int{0, 1, 2, 3, 4, 5, 6, 7, 8}
	sure := make([]float32, 0, 18)
	for i := range all {
		p := float32(0.9)
		if i == 2 {
			p = 0.2 // the model sees b in a/ac
		}
		if d.Items[i].Label == 1 {
			p = 1 - p
		}
		sure = append(sure, p, 1-p)
	}
	list, err := d.Suspects(all, sure, 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range list {
		got = append(got, d.Items[s.Item].Path+" "+s.Propose+" "+s.To)
	}
	if diff := cmp.Diff([]string{"a/aa.png keep ", "b/copy.png delete ", "a/ac.png relabel b"}, got); diff != "" {
		t.Error(diff)
	}
	edit(t, d, Keep, "a/ac.png", "")
	d = mustLoad(t, dir, DefaultOptions())
	list, err = d.Suspects(all, sure, 10)
	if err != nil || slices.ContainsFunc(list, func(s Suspect) bool { return d.Items[s.Item].Path == "a/ac.png" }) {
		t.Errorf("an image that was kept is proposed again: %+v, %v", list, err)
	}
	if _, err := d.Suspects(all, sure[1:], 10); err == nil {
		t.Error("a missing probability passes")
	}
}

// Two kernels, or a notebook and the command line, may edit one folder at the same time.
func TestEditsAtTheSameTime(t *testing.T) {
	log := FolderLog{t.TempDir()}
	const writers, each = 8, 10
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() {
			for i := range each {
				if err := log.Exclude(fmt.Sprintf("%d/%d.png", w, i), digest.Of([]byte{byte(w), byte(i)}).String()); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	if edits, err := ReadEdits(log.file()); err != nil || len(edits) != writers*each {
		t.Errorf("%d edits, %v", len(edits), err)
	}
}

// A copy that is deleted by an edit, and then on the disk, does not take the image with it that was to stay.
func TestADeletedCopyMayGo(t *testing.T) {
	files := someFiles(t, 4, "a", "b")
	files["a/copy.png"] = files["a/aa.png"]
	files["b/ax.png"], files["b/ay.png"] = files["b/aa.png"], files["b/aa.png"]
	dir := testfile.Write(t, files)
	d := mustLoad(t, dir, DefaultOptions())
	edit(t, d, Delete, "a/copy.png", "")
	if err := d.Edit(Delete, []int{item(t, d, "b/aa.png"), item(t, d, "b/ax.png"), item(t, d, "b/ay.png")}, ""); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "a", "copy.png")); err != nil {
		t.Fatal(err)
	}
	d = mustLoad(t, dir, DefaultOptions())
	if reason := reasonFor(d, "a/aa.png"); reason != "" {
		t.Errorf("the image itself: %s", reason)
	}
	if n, ok := noteOf(d, CodeEdits); !ok || !strings.Contains(n.Sentence, "Edits [1] of the log") {
		t.Errorf("of the copy's edit: %+v", n)
	}
	if err := os.Rename(filepath.Join(dir, "b"), filepath.Join(dir, "c")); err != nil {
		t.Fatal(err)
	}
	for _, copied := range []string{"c/aa.png", "c/ax.png", "c/ay.png"} { // none was to stay
		if reason := reasonFor(mustLoad(t, dir, DefaultOptions()), copied); !strings.Contains(reason, "deleted in edit") {
			t.Errorf("%s was renamed, and is used again: %q", copied, reason)
		}
	}
}

// A model that was trained without a class, since edits have emptied it, is judged on the same folder.
func TestAClassThatEditsHaveEmptiedMayBeUnknown(t *testing.T) {
	dir := testfile.Write(t, someFiles(t, 3, "a", "b", "junk"))
	d := mustLoad(t, dir, DefaultOptions())
	known := options(func(o *Options) { o.Classes, o.Val = []string{"b", "a"}, 0 })
	edit(t, d, Delete, "junk/aa.png", "")
	edit(t, d, Delete, "junk/ab.png", "")
	_, err := Load(t.Context(), dir, known)
	wantError(t, err, "its class junk is not one of the 2 known classes")
	edit(t, d, Relabel, "junk/ac.png", "b")
	judged := mustLoad(t, dir, known)
	if !slices.Equal(judged.Classes, []string{"b", "a"}) || judged.Items[item(t, judged, "junk/ac.png")].Label != 0 || len(judged.Items) != 7 {
		t.Errorf("classes %q, %d items, skipped %v", judged.Classes, len(judged.Items), judged.Skipped)
	}
	known.NoEdits = true
	_, err = Load(t.Context(), dir, known)
	wantError(t, err, "its class junk is not one of the 2 known classes")
}
