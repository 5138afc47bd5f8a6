package imagefolder

import (
	"context"
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/digest"
	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/testfile"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/imageio"
)

func TestLoadFolder(t *testing.T) {
	files := someFiles(t, 10, "cat", "dog")
	files["cat/deep/er/x.JPG"] = jpegOf(t, drawing(77), 80)
	files["cat/.hidden.png"] = "ignored"
	files["LICENSE"] = "text"
	d := mustLoad(t, testfile.Write(t, files), options(func(o *Options) { o.Seed = 1 }))
	if diff := cmp.Diff([]string{"cat", "dog"}, d.Classes); diff != "" {
		t.Error(diff)
	}
	if len(d.Items) != 21 || !slices.IsSorted(paths(d)) {
		t.Errorf("%d items %v, want 21 in order", len(d.Items), paths(d))
	}
	deep := d.Items[item(t, d, "cat/deep/er/x.JPG")]
	if deep.Label != 0 || deep.Width != 48 || deep.Height != 40 || deep.SHA256 == (digest.Sum{}) {
		t.Errorf("the deep image is %+v", deep)
	}
	if diff := cmp.Diff([]int{2, 2}, d.Count(Val)); diff != "" {
		t.Error(diff)
	}
	if got := reasonFor(d, "LICENSE"); !strings.Contains(got, "outside of any class folder") {
		t.Errorf("LICENSE was skipped because %q", got)
	}
}

func TestStrangeNames(t *testing.T) {
	files := someFiles(t, 2, "a", "b")
	names := []string{"new\nline.png", "\"quoted\".png", "<b>bold</b>.png", "not\xffutf8.png", "sp ace.png", "$(touch x).png"}
	for i, name := range names {
		files["a/"+name] = pngOf(t, drawing(500+i))
	}
	d := mustLoad(t, testfile.Write(t, files), DefaultOptions())
	for _, name := range names {
		i := item(t, d, "a/"+name)
		if _, err := d.Pixels(i, Geometry{Size: 8}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
		if shown := phrase.Printable(d.Items[i].Path); !utf8.ValidString(shown) || strings.Contains(shown, "\n") {
			t.Errorf("phrase.Printable(%q) shows what cannot be shown", name)
		}
	}
}

func TestUnusableFilesAreSkipped(t *testing.T) {
	files := someFiles(t, 3, "a", "b")
	files["a/empty.png"] = ""
	files["a/text.jpg"] = "this is not an image"
	files["a/cut.png"] = files["a/aa.png"][:200]
	dir := testfile.Write(t, files)
	for link, target := range map[string]string{
		"a/dangling.png": "nowhere", "a/loop": "..", "a/self.png": "self.png", "a/passwd.png": "/etc/passwd", "a/more.png": "aa.png",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "a", "pipe.png"), 0o644); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"a/empty.png": "empty", "a/text.jpg": "not an image", "a/cut.png": "damaged PNG", "a/pipe.png": "pipe",
		"a/dangling.png": "symbolic link", "a/loop": "symbolic link", "a/self.png": "symbolic link",
		"a/passwd.png": "symbolic link", "a/more.png": "symbolic link",
	}
	if os.Getuid() != 0 { // root may read everything
		if err := os.Chmod(filepath.Join(dir, "b", "aa.png"), 0); err != nil {
			t.Fatal(err)
		}
		want["b/aa.png"] = "permission denied"
	}
	d := mustLoad(t, dir, DefaultOptions())
	for path, reason := range want {
		if got := reasonFor(d, path); !strings.Contains(got, reason) {
			t.Errorf("%s was skipped because %q, want something with %q", path, got, reason)
		}
	}
	if len(d.Skipped) != len(want) {
		t.Errorf("skipped: %v, want %d files", d.Skipped, len(want))
	}

	d = mustLoad(t, dir, options(func(o *Options) { o.FollowLinks = true }))
	item(t, d, "a/more.png")
	for path, reason := range map[string]string{"a/dangling.png": "leads nowhere", "a/loop": "read already", "a/self.png": "circle",
		"a/passwd.png": "out of the folder"} {
		if got := reasonFor(d, path); !strings.Contains(got, reason) {
			t.Errorf("following links, %s was skipped because %q, want something with %q", path, got, reason)
		}
	}
}

func TestLoadSaysWhatIsWrong(t *testing.T) {
	one := map[string]string{"a.png": pngOf(t, drawing(1))}
	for _, c := range []struct {
		name  string
		files map[string]string
		o     Options
		want  string
	}{
		{"empty folder", nil, DefaultOptions(), "there are no files"},
		{"no class folder", one, DefaultOptions(), "no class folder"},
		{"no image", map[string]string{"a/x.png": "text"}, DefaultOptions(), "none of its 1 files is an image"},
		{"no split to follow", someFiles(t, 1, "a", "b"), options(func(o *Options) { o.FollowSplit = true }), "no split to follow"},
		{"shares", someFiles(t, 1, "a", "b"), options(func(o *Options) { o.Val = 0.6; o.Test = 0.5 }), "must leave something to train on"},
		{"size", someFiles(t, 1, "a", "b"), options(func(o *Options) { o.Size = -1 }), "image size"},
		{"method", someFiles(t, 1, "a", "b"), options(func(o *Options) { o.Method = "cubic" }), "choose bilinear, nearest or crop"},
		{"too many", someFiles(t, 5, "a", "b"), options(func(o *Options) { o.MaxFiles = 9 }), "more than 9 files"},
		{"another class", someFiles(t, 1, "a", "b"), options(func(o *Options) { o.Classes = []string{"b", "c"} }), "class a is not one of the 2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Load(context.Background(), testfile.Write(t, c.files), c.o)
			wantError(t, err, c.want)
		})
	}
	_, err := Load(context.Background(), "/no/such/folder", DefaultOptions())
	wantError(t, err, "load images from /no/such/folder: no such file")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Load(ctx, testfile.Write(t, someFiles(t, 1, "a")), DefaultOptions()); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
}

func TestClassesOfAModel(t *testing.T) {
	d := mustLoad(t, testfile.Write(t, someFiles(t, 2, "a", "b")), options(func(o *Options) { o.Classes = []string{"z", "b", "a"}; o.Val = 0 }))
	if d.Items[0].Label != 2 || d.Items[2].Label != 1 || len(d.Select(Val)) != 0 {
		t.Errorf("items %+v, want labels in the model's order and no validation", d.Items)
	}
}

// given is a folder with its own split, where one image of train is in val and one in test as well.
func given(t *testing.T) string {
	t.Helper()
	files := map[string]string{}
	for name, content := range someFiles(t, 12, "a", "b") {
		files["train/"+name] = content
	}
	for side, offset := range map[string]int{"Validation": 100, "test": 200} {
		for c, class := range []string{"a", "b"} {
			for i := range 3 {
				files[fmt.Sprintf("%s/%s/%d.png", side, class, i)] = pngOf(t, drawing(offset+1000*c+i))
			}
		}
	}
	files["Validation/a/copy.png"] = files["train/a/aa.png"]
	files["test/b/copy.png"] = files["train/b/ab.png"]
	return testfile.Write(t, files)
}

func TestGivenSplit(t *testing.T) {
	d := mustLoad(t, given(t), options(func(o *Options) { o.Val = 0.9 }))
	if !d.GivenSplit || len(d.Select(Train)) != 22 || len(d.Select(Val)) != 7 || len(d.Select(Test)) != 7 {
		t.Errorf("given %t, %d, %d, %d; want the folders' split without the two leaks", d.GivenSplit, len(d.Select(Train)),
			len(d.Select(Val)), len(d.Select(Test)))
	}
	if got := reasonFor(d, "train/a/aa.png"); !strings.Contains(got, "the same image as Validation/a/copy.png") {
		t.Errorf("the leak was skipped because %q", got)
	}
	if n, ok := noteOf(d, CodeLeak); ok {
		t.Errorf("a leak is noted although it is gone: %+v", n)
	}
}

func TestFollowSplitKeepsLeaksAndSaysSo(t *testing.T) {
	d := mustLoad(t, given(t), options(func(o *Options) { o.FollowSplit = true }))
	if len(d.Items) != 24+14 {
		t.Errorf("%d items, want all 38", len(d.Items))
	}
	n, ok := noteOf(d, CodeLeak)
	if !ok || n.Severity != diagnosis.Error || len(n.Paths) != 4 {
		t.Errorf("the leak's note is %+v", n)
	}
	if d.Diagnoses[0].Code != CodeLeak {
		t.Errorf("the first note is %+v, want the most serious", d.Diagnoses[0])
	}
}

func TestGivenSplitWithoutVal(t *testing.T) {
	files := map[string]string{}
	for name, content := range someFiles(t, 10, "a", "b") {
		files["train/"+name] = content
	}
	d := mustLoad(t, testfile.Write(t, files), DefaultOptions())
	if diff := cmp.Diff([]int{2, 2}, d.Count(Val)); diff != "" {
		t.Error(diff)
	}
	if _, ok := noteOf(d, CodeSplit); !ok {
		t.Error("nothing says that the validation images come out of train")
	}
}

func TestNotes(t *testing.T) {
	files := someFiles(t, 40, "many", "twice")
	files["few/a.png"] = pngOf(t, drawing(9000))
	files["few/b.png"] = pngOf(t, drawing(9001))
	files["few/same.png"] = files["many/aa.png"]
	files["twice/again.png"] = files["twice/aa.png"]
	files["none/x.txt"] = "text"
	d := mustLoad(t, testfile.Write(t, files), DefaultOptions())
	for code, want := range map[string]string{
		CodeFewImages: "Fewer than 10 images to train on in the class few (2).", CodeEmptyClass: "1 folder has no usable image, and so no class: none.", CodeImbalance: "The class twice has 33 training images and few has 2",
		CodeTwoLabels: "more than one label", CodeDuplicates: "equal or nearly equal", CodeSkipped: "1 file is skipped",
	} {
		if n, _ := noteOf(d, code); !strings.Contains(n.Sentence, want) {
			t.Errorf("note %s says %q, want %q in it", code, n.Sentence, want)
		}
	}
	weights := d.ClassWeights()
	counts := d.Count(Train)
	for label, w := range weights {
		if counts[label] == 0 != (w == 0) {
			t.Errorf("class %d with %d images weighs %g", label, counts[label], w)
		}
	}
	alone := mustLoad(t, testfile.Write(t, someFiles(t, 2, "data")), DefaultOptions())
	if n, ok := noteOf(alone, CodeOneClass); !ok || n.Severity != diagnosis.Error {
		t.Errorf("one class alone is noted as %+v", n)
	}
}

func TestMemorySavesDecoding(t *testing.T) {
	dir, state := testfile.Write(t, someFiles(t, 3, "a", "b")), t.TempDir()
	remembering := options(func(o *Options) { o.StateDir = state })
	first := mustLoad(t, dir, remembering)
	file := filepath.Join(dir, "a", "aa.png")
	root, err := filepath.EvalSymlinks(dir)
	if err != nil {
		t.Fatal(err)
	}
	// What is remembered of a file is marked: only a load that does not decode it again takes it.
	const marked = 4711
	known := memoryAt(root, state, imageio.Exact)
	var kept []*remembered
	if err := readMemory(known.file, func(r *remembered) {
		copied := *r
		copied.verdict.Width = marked
		kept = append(kept, &copied)
	}); err != nil || len(kept) != 6 {
		t.Fatal(len(kept), err)
	}
	known.fresh.Add(1)
	if err := known.save(func() (r *remembered, ok bool) {
		if len(kept) == 0 {
			return nil, false
		}
		r, kept = kept[0], kept[1:]
		return r, true
	}); err != nil {
		t.Fatal(err)
	}
	if again := mustLoad(t, dir, remembering); again.Digest != first.Digest || again.Items[0].Width != marked {
		t.Error("the second load has decoded the file again")
	}
	if err := os.Chmod(file, 0o600); err != nil { // other attributes, the same bytes
		t.Fatal(err)
	}
	if again := mustLoad(t, dir, remembering); again.Items[0].Width != marked {
		t.Error("a file of known content was decoded again")
	}
	// Spoil a file, but keep its size and time.
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(20 * time.Millisecond) // the system's clock of files ticks in steps of up to 10 ms
	if err := os.WriteFile(file, make([]byte, info.Size()), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(file, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if spoiled := mustLoad(t, dir, remembering); len(spoiled.Skipped) != 1 || len(spoiled.Items) != 5 {
		t.Error("a file of the same size and time with other bytes was taken")
	}
	memories, err := filepath.Glob(filepath.Join(state, "checked", "*.checks"))
	if err != nil || len(memories) != 1 {
		t.Fatalf("memories: %v, %v", memories, err)
	}
	if err := os.WriteFile(memories[0], []byte("spoiled"), 0o644); err != nil {
		t.Fatal(err)
	}
	if spoiled := mustLoad(t, dir, remembering); len(spoiled.Skipped) != 1 || spoiled.Items[0].Width == marked {
		t.Error("a spoiled memory was taken for true")
	}
}

// TestRealImages loads real sets with known faults.
func TestRealImages(t *testing.T) {
	trash := mustLoad(t, sharedData(t, filepath.Join("trashnet-6c", "data")), options(func(o *Options) { o.Seed = 42 }))
	n, _ := noteOf(trash, CodeTwoLabels)
	if diff := cmp.Diff([]string{"glass/glass389.jpg", "plastic/plastic332.jpg"}, n.Paths); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]int{16, 16, 16, 16, 16, 16}, trash.Count(Val)); diff != "" {
		t.Error(diff)
	}
	// The digest is the promise that the split is the same on every machine.
	if want := "92a1a429af764168c8999e5b8752f38bb949024b4c3176a7f9b503a0ee048c22"; trash.Digest != want {
		t.Errorf("digest %s, want %s", trash.Digest, want)
	}
}

func sharedData(t testing.TB, name string) string {
	t.Helper()
	shared := os.Getenv("HEADSTART_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	dir := filepath.Join(shared, "data", name)
	if _, err := os.Stat(dir); err != nil {
		need.Lack(t, need.Data, err.Error())
	}
	return dir
}

func TestTransparentImagesAreNoted(t *testing.T) {
	files := someFiles(t, 3, "a", "b")
	files["b/clear.png"] = pngOf(t, image.NewNRGBA(image.Rect(0, 0, 9, 9)))
	d := mustLoad(t, testfile.Write(t, files), DefaultOptions())
	if n, _ := noteOf(d, CodeTransparent); len(n.Paths) != 1 || n.Paths[0] != "b/clear.png" {
		t.Errorf("the note is %+v", n)
	}
}
