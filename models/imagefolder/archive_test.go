package imagefolder

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func zipOf(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var data bytes.Buffer
	w := zip.NewWriter(&data)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		f, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// tarOf packs files; a content of "-> x" is a symbolic link to x.
func tarOf(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(files[name]))}
		target, link := strings.CutPrefix(files[name], "-> ")
		if link {
			header.Typeflag, header.Linkname, header.Size = tar.TypeSymlink, target, 0
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if !link {
			if _, err := w.Write([]byte(files[name])); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

func zipped(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func archiveFile(t testing.TB, name string, data []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(file, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestLoadArchives(t *testing.T) {
	files := map[string]string{}
	for name, content := range someFiles(t, 3, "a", "b") {
		files["wrapped/in/"+name] = content
	}
	files["__MACOSX/wrapped/._x"] = "ignored"
	files["wrapped/in/a/notes.txt"] = "text"
	var digests []string
	for name, data := range map[string][]byte{
		"set.zip": zipOf(t, files), "set.tar": tarOf(t, files), "set.TAR.GZ": zipped(t, tarOf(t, files)), "set.tgz": zipped(t, tarOf(t, files)),
	} {
		state := t.TempDir()
		file := archiveFile(t, name, data)
		d := mustLoad(t, file, options(func(o *Options) { o.StateDir = state }))
		if len(d.Items) != 6 || d.Name != "set" || reasonFor(d, "a/notes.txt") == "" {
			t.Errorf("%s: %d items in %s, skipped %v", name, len(d.Items), d.Name, d.Skipped)
		}
		if again := mustLoad(t, file, options(func(o *Options) { o.StateDir = state })); again.Digest != d.Digest || again.Root != d.Root {
			t.Errorf("%s is another set the second time", name)
		}
		digests = append(digests, d.Digest)
		edit(t, d, Delete, "a/aa.png", "")
		if again := mustLoad(t, file, options(func(o *Options) { o.StateDir = state })); len(again.Items) != 5 {
			t.Errorf("%s: the edit is lost", name)
		}
	}
	if slices.Sort(digests); digests[0] != digests[3] {
		t.Error("the same files in other archives have another digest")
	}
}

func TestArchivesStayInTheirFolder(t *testing.T) {
	files := someFiles(t, 2, "a", "b")
	bad := map[string]string{"../evil.png": "x", "/etc/evil.png": "x", "a/../../evil.png": "x", "b/link.png": "-> ../../../etc/passwd", "c": "-> /tmp",
		"c/through.png": "x"}
	maps.Copy(files, bad)
	state := t.TempDir()
	d := mustLoad(t, archiveFile(t, "set.tar", tarOf(t, files)), options(func(o *Options) { o.StateDir = state }))
	for name := range bad {
		if reasonFor(d, name) == "" {
			t.Errorf("%s was not skipped: %v", name, d.Skipped)
		}
	}
	var written []string
	err := filepath.WalkDir(filepath.Dir(state), func(path string, entry fs.DirEntry, err error) error {
		if strings.Contains(path, "evil") || entry != nil && entry.Type()&fs.ModeSymlink != 0 {
			written = append(written, path)
		}
		return err
	})
	if err != nil || len(written) > 0 {
		t.Errorf("the archive has written %v (%v)", written, err)
	}
}

func TestBombsAreRefused(t *testing.T) {
	huge := strings.Repeat("\x00", 2<<20)
	bomb := map[string]string{"a/1.png": huge, "a/2.png": huge, "b/link": "-> " + strings.Repeat("x", 50)}
	o := DefaultOptions()
	for name, data := range map[string][]byte{"bomb.zip": zipOf(t, bomb), "bomb.tgz": zipped(t, tarOf(t, bomb))} {
		parent := t.TempDir()
		file, target := archiveFile(t, name, data), filepath.Join(parent, "target")
		wantError(t, unpack(context.Background(), file, 3<<20, target, o), "zip bomb")
		left, err := os.ReadDir(parent)
		if err != nil || len(left) > 0 {
			t.Errorf("%s has left %v (%v)", name, left, err)
		}
		if err := unpack(context.Background(), file, 5<<20, target, o); err != nil {
			t.Errorf("%s is refused within the limit: %v", name, err)
		}
	}
}

func TestArchiveRefusals(t *testing.T) {
	good := zipOf(t, someFiles(t, 1, "a", "b"))
	for _, c := range []struct {
		name string
		data []byte
		o    Options
		want string
	}{
		{"x.zip", good, DefaultOptions(), "set a state folder"},
		{"x.zip", good[:50], options(func(o *Options) { o.StateDir = t.TempDir() }), "damaged zip"},
		{"x.tar", []byte("hello"), options(func(o *Options) { o.StateDir = t.TempDir() }), "damaged tar"},
		{"x.tgz", []byte("hello"), options(func(o *Options) { o.StateDir = t.TempDir() }), "damaged gzip"},
		{"x.rar", []byte("hello"), options(func(o *Options) { o.StateDir = t.TempDir() }), "give a folder"},
		{"x.zip", good, options(func(o *Options) { o.StateDir = t.TempDir(); o.MaxFiles = 1 }), "more than 1 files"},
	} {
		_, err := Load(context.Background(), archiveFile(t, c.name, c.data), c.o)
		wantError(t, err, c.want)
	}
}

func FuzzUnpack(f *testing.F) {
	files := map[string]string{"a/x.png": "x", "../y": "y", "b": "-> /etc", "b/z": "z"}
	f.Add(zipOf(f, files), true)
	f.Add(tarOf(f, files), false)
	f.Fuzz(func(t *testing.T, data []byte, isZip bool) {
		name := "set.tar"
		if isZip {
			name = "set.zip"
		}
		file := archiveFile(t, name, data)
		parent := t.TempDir()
		o := options(func(o *Options) { o.MaxFiles = 100 })
		if err := unpack(context.Background(), file, 1<<20, filepath.Join(parent, "deep", "target"), o); err == nil {
			t.Fatal("unpacked into a folder that is not there")
		}
		target := filepath.Join(parent, "target")
		unpackErr := unpack(context.Background(), file, 1<<20, target, o)
		entries, err := os.ReadDir(parent)
		if err != nil {
			t.Fatal(err)
		}
		var names []string
		for _, e := range entries {
			names = append(names, e.Name())
		}
		want := []string{"target"}
		if unpackErr != nil {
			want = nil
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("beside the target (error %v): %s", unpackErr, diff)
		}
	})
}
