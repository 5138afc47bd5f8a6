package imagefolder

import (
	"bytes"
	"image"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

type photo struct {
	path  string
	Label string
}

// files are those below a folder, relative to it.
func files(t *testing.T, folder string) (names []string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			name, _ := filepath.Rel(folder, path)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestValuesThatStandForImages(t *testing.T) {
	source := t.TempDir()
	for _, name := range []string{"cat/1.jpg", "dog/1.jpg", "dog/2.jpg"} {
		path := filepath.Join(source, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cat, dog, dog2 := filepath.Join(source, "cat/1.jpg"), filepath.Join(source, "dog/1.jpg"), filepath.Join(source, "dog/2.jpg")
	drawn := image.NewGray(image.Rect(0, 0, 2, 3))
	var encoded bytes.Buffer
	if err := png.Encode(&encoded, drawn); err != nil {
		t.Fatal(err)
	}
	parent := filepath.Join(t.TempDir(), "images")
	for name, c := range map[string]struct {
		value any
		want  []string
	}{
		"path":      {cat, []string{"cat/1.jpg"}},
		"paths":     {[]string{dog2, cat, dog}, []string{"cat/1.jpg", "dog/1.jpg", "dog/2.jpg"}},
		"twice":     {[]string{cat, cat}, []string{"cat/1-2.jpg", "cat/1.jpg"}},
		"labels":    {map[string]string{cat: "a", dog: "a", dog2: "b"}, []string{"a/1-2.jpg", "a/1.jpg", "b/2.jpg"}},
		"classes":   {map[string][]string{"a": {dog, cat}, "b": {dog2}}, []string{"a/1-2.jpg", "a/1.jpg", "b/2.jpg"}},
		"structs":   {[]photo{{cat, "x"}, {dog2, ""}}, []string{"dog/2.jpg", "x/1.jpg"}},
		"pointers":  {[]*photo{{cat, "x"}}, []string{"x/1.jpg"}},
		"image":     {drawn, []string{"000000.png"}},
		"drawings":  {[]image.Image{drawn, drawn}, []string{"000000.png", "000001.png"}},
		"gray":      {[]*image.Gray{drawn}, []string{"000000.png"}},
		"encoded":   {encoded.Bytes(), []string{"000000.png"}},
		"fileBytes": {[][]byte{encoded.Bytes(), []byte("\xff\xd8\xff\xe0"), []byte("?")}, []string{"000000.png", "000001.jpg", "000002.img"}},
		"anything":  {[]any{cat, drawn}, []string{"000001.png", "cat/1.jpg"}},
	} {
		b, err := Of(parent, name)(c.value)
		folder, _ := b.Data[display.MIMEFolder].(string)
		if err != nil || !strings.HasPrefix(filepath.Base(folder), name+"-") {
			t.Errorf("%s: %v, %v", name, b, err)
			continue
		}
		if got := files(t, folder); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		again, err := Of(parent, name)(c.value)
		if err != nil || again.Data[display.MIMEFolder] != folder {
			t.Errorf("%s: the same images are in %v, then in %v: %v", name, folder, again, err)
		}
	}
	left, err := os.ReadDir(parent)
	if err != nil || slices.ContainsFunc(left, func(e fs.DirEntry) bool { return strings.HasPrefix(e.Name(), ".") }) {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestOldFoldersAreRemoved(t *testing.T) {
	parent := t.TempDir()
	for i := range keptFolders + 5 {
		if _, err := Of(parent, "x")([]byte{byte(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if left, err := os.ReadDir(parent); err != nil || len(left) != keptFolders {
		t.Errorf("%d folders, %v", len(left), err)
	}
}

func TestValuesThatStandForNone(t *testing.T) {
	parent := t.TempDir()
	file := filepath.Join(parent, "a.jpg")
	if err := os.WriteFile(file, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	type other struct{ name string }
	for want, value := range map[string]any{
		"[]float64 holds no images: it must be a path": []float64{1},
		"int holds no images":                          3,
		"<nil> holds no images":                        nil,
		"[]imagefolder.other holds no images":          []other{{"x"}},
		"[]image.Image holds no images":                []image.Image{nil},
		"[]string: it is empty":                        []string{},
		"image 1 of 1: ":                               []string{filepath.Join(parent, "none.jpg")},
		"a path is empty":                              []string{file, ""},
		`the label "../up" cannot be the name`:         map[string]string{file: "../up"},
		`the label ".hidden" cannot be the name`:       map[string]string{file: ".hidden"},
		`the label "/" cannot be the name`:             map[string][]string{"/": {file}},
		"it is not a regular file":                     parent,
	} {
		_, err := Of(filepath.Join(parent, "images"), "x")(value)
		want = strings.TrimPrefix(want, "[]string: ")
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", value, err, want)
		}
	}
}
