package capture

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/hostile"
	"github.com/headstart-nb/headstart/models/imagefolder"
)

// photo is a JPEG of one color.
func photo(t *testing.T, shade uint8) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, 16, 16))
	for i := range 256 {
		img.Set(i%16, i/16, color.RGBA{shade, uint8(i), 255 - shade, 255})
	}
	var out bytes.Buffer
	if err := jpeg.Encode(&out, img, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func made(t *testing.T) (f *Folder, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "mine")
	f, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f, path
}

func counts(t *testing.T, f *Folder) (list map[string]int, edits int) {
	t.Helper()
	classes, edits, err := f.Classes()
	if err != nil {
		t.Fatal(err)
	}
	list = map[string]int{}
	for _, c := range classes {
		list[c.Name] = c.Images
	}
	return list, edits
}

// What was captured is a dataset, without what was excluded.
func TestCapturedImagesAreADataset(t *testing.T) {
	f, path := made(t)
	for _, class := range []string{"cup", "spoon"} {
		if err := f.AddClass(class); err != nil {
			t.Fatal(err)
		}
		for n := range 6 {
			name, err := f.Add(class, Frame{Data: photo(t, uint8(len(class)*20+n*7)), Recording: 1700, Number: 1})
			if err != nil {
				t.Fatal(err)
			}
			if n == 1 && name != class+"/frame1700_0002.jpeg" { // 1 is taken, and must not be overwritten
				t.Errorf("the second image is %s", name)
			}
		}
	}
	if err := f.Exclude("cup/frame1700_0003.jpeg"); err != nil {
		t.Fatal(err)
	}
	list, edits := counts(t, f)
	if list["cup"] != 5 || list["spoon"] != 6 || edits != 1 {
		t.Errorf("after one exclusion there are %v and %d edits", list, edits)
	}
	latest, err := f.Latest("cup", 3)
	if want := "cup/frame1700_0006.jpeg cup/frame1700_0005.jpeg cup/frame1700_0004.jpeg"; err != nil || strings.Join(latest, " ") != want {
		t.Errorf("the latest are %v, %v", latest, err)
	}
	options := imagefolder.DefaultOptions()
	options.NearBits = -1
	data, err := imagefolder.Load(t.Context(), path, options)
	if err != nil || len(data.Items) != 11 || len(data.Edits) != 1 {
		t.Fatalf("the dataset has %d images, %v", len(data.Items), err)
	}
	if err := f.Undo(); err != nil {
		t.Fatal(err)
	}
	if list, edits := counts(t, f); list["cup"] != 6 || edits != 0 {
		t.Errorf("after the undo there are %v and %d edits", list, edits)
	}
	if err := f.Undo(); err == nil || !strings.Contains(err.Error(), "there is none") {
		t.Errorf("an undo of nothing: %v", err)
	}
}

func TestWhatIsNotCaptured(t *testing.T) {
	f, path := made(t)
	if err := f.AddClass("cup"); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		class string
		data  []byte
		want  string
	}{
		"text":            {"cup", []byte("hello"), "not an image"},
		"nothing":         {"cup", nil, "the file is empty"},
		"a cut image":     {"cup", photo(t, 1)[:300], "damaged JPEG"},
		"too many bytes":  {"cup", append(photo(t, 1), make([]byte, MaxBytes)...), "the limit is 7 MiB"},
		"another class":   {"spoon", photo(t, 1), "there is no class spoon"},
		"the parent":      {"..", photo(t, 1), "is not a class"},
		"outside":         {"../x", photo(t, 1), "is not a class"},
		"the folder":      {".", photo(t, 1), "is not a class"},
		"a hidden folder": {".git", photo(t, 1), "is not a class"},
		"no class":        {"", photo(t, 1), "is not a class"},
	} {
		if _, err := f.Add(test.class, Frame{Data: test.data}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q in it", name, err, test.want)
		}
	}
	for _, name := range []string{"", ".", "..", "a/b", `a\b`, ".x", "x.", " x", "x\n", "a\u202eb", "train", "Val", "test", strings.Repeat("x", 101), "\xff", "a:b", "cup", "CUP", "Thumbs.db"} {
		if err := f.AddClass(name); err == nil {
			t.Errorf("the class %q was made", name)
		}
	}
	for _, name := range []string{"cup", "../x", "cup/../../x", "/etc/passwd", "", "cup/nosuch.jpeg", "nosuch/x"} {
		if err := f.Exclude(name); err == nil {
			t.Errorf("%q was excluded", name)
		}
	}
	if entries, err := os.ReadDir(path); err != nil || len(entries) != 1 {
		t.Errorf("the folder has %v, %v", entries, err)
	}
}

func TestFoldersThatCannotGrow(t *testing.T) {
	for file, want := range map[string]string{
		"train/x": "its own split", "Train/x": "its own split", "TRAINING/x": "its own split", "metadata.csv": "gives the labels",
	} {
		path := t.TempDir()
		if err := os.MkdirAll(filepath.Dir(filepath.Join(path, file)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(path, file), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("with %s: %v", file, err)
		}
	}
	for _, path := range []string{filepath.Join(t.TempDir(), "nosuch"), "/dev/null"} {
		if _, err := Open(path); err == nil {
			t.Errorf("%s was opened", path)
		}
	}
}

// A folder of a stranger cannot lead the images elsewhere, or make the capture wait.
func TestCapturedImagesStayInTheirFolder(t *testing.T) {
	outside := t.TempDir()
	f, path := made(t)
	if err := f.AddClass("cup"); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(path, "link")); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Add("link", Frame{Data: photo(t, 1)}); err == nil {
		t.Error("an image was written through a link")
	}
	if err := os.Symlink(filepath.Join(outside, "target"), filepath.Join(path, "cup", "frame5_0001.jpeg")); err != nil {
		t.Fatal(err)
	}
	name, err := f.Add("cup", Frame{Data: photo(t, 1), Recording: 5, Number: 1})
	if err != nil || name != "cup/frame5_0002.jpeg" {
		t.Errorf("beside a dangling link: %s, %v", name, err)
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) != 0 {
		t.Errorf("outside there are %v, %v", entries, err)
	}
	hostile.Each(t, "image.jpeg", func(t *testing.T, planted string) {
		if err := os.Rename(planted, filepath.Join(path, "cup", "image.jpeg")); err != nil {
			t.Fatal(err)
		}
		err := hostile.InTime(t, "an exclusion", func() error { return f.Exclude("cup/image.jpeg") })
		if err == nil {
			t.Error("it was excluded")
		}
	})
	hostile.Each(t, imagefolder.DefaultEditsFile, func(t *testing.T, planted string) {
		if err := os.Rename(planted, filepath.Join(path, imagefolder.DefaultEditsFile)); err != nil {
			t.Fatal(err)
		}
		err := hostile.InTime(t, "an exclusion", func() error { return f.Exclude(name) })
		if err == nil {
			t.Error("the log was written")
		}
	})
}

// FuzzCheckClass holds every name that is taken to being one folder below the dataset's, which a dataset reads as a class.
func FuzzCheckClass(f *testing.F) {
	for _, name := range []string{"cup", "a/b", "..", "train", "x\x00", "C:", "ä"} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if CheckClass(name) == nil && (filepath.Base(name) != name || !filepath.IsLocal(name) || imagefolder.Ignored(name)) {
			t.Errorf("the name %q is taken", name)
		}
	})
}
