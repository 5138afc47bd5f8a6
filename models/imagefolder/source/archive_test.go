package source

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/ulikunitz/xz"

	"github.com/headstart-nb/headstart/internal/testfile"
	"github.com/headstart-nb/headstart/models/imageio"
)

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

func xzOf(t testing.TB, data []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := xz.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
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

func TestArchives(t *testing.T) {
	files := map[string]string{}
	for name, content := range someFiles(3, "a", "b") {
		files["wrapped/in/"+name] = content
	}
	files["__MACOSX/wrapped/._x"] = "ignored"
	for name, data := range map[string][]byte{
		"set.zip": testfile.Zip(t, files), "set.tar": tarOf(t, files), "set.TAR.GZ": zipped(t, tarOf(t, files)), "set.tgz": zipped(t, tarOf(t, files)),
		"set.tar.xz": xzOf(t, tarOf(t, files)), "set.txz": xzOf(t, tarOf(t, files)),
	} {
		withState := options(func(o *Options) { o.StateDir = t.TempDir() })
		file := archiveFile(t, name, data)
		l := mustOpen(t, file, withState)
		if diff := cmp.Diff([]string{"a/aa.png", "a/ab.png", "a/ac.png", "b/aa.png", "b/ab.png", "b/ac.png"}, paths(l)); diff != "" || Name(file) != "set" {
			t.Errorf("%s: %s, skipped %v", Name(file), diff, l.Skipped)
		}
		for _, c := range l.Candidates {
			content, err := os.ReadFile(filepath.Join(l.Root, c.Path))
			if err != nil || string(content) != files["wrapped/in/"+c.Path] {
				t.Errorf("%s: %s holds %q, %v", name, c.Path, content, err)
			}
		}
		if diff := cmp.Diff(l, mustOpen(t, file, withState)); diff != "" {
			t.Errorf("%s is another set the second time: %s", name, diff)
		}
	}
}

func TestArchivesStayInTheirFolder(t *testing.T) {
	files := someFiles(2, "a", "b")
	bad := map[string]string{"../evil.png": "x", "/etc/evil.png": "x", "a/../../evil.png": "x", "b/link.png": "-> ../../../etc/passwd", "c": "-> /tmp",
		"c/through.png": "x"}
	maps.Copy(files, bad)
	state := t.TempDir()
	l := mustOpen(t, archiveFile(t, "set.tar", tarOf(t, files)), options(func(o *Options) { o.StateDir = state }))
	for name := range bad {
		if name == "c/through.png" { // c is a folder: the link was not made
			continue
		}
		if reasonFor(l, name) == "" {
			t.Errorf("%s was not skipped: %v", name, l.Skipped)
		}
	}
	if info, err := os.Lstat(filepath.Join(l.Root, "c")); err != nil || !info.IsDir() {
		t.Errorf("c is not a folder: %v, %v", info, err)
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
	o := defaults()
	for name, data := range map[string][]byte{"bomb.zip": testfile.Zip(t, bomb), "bomb.tgz": zipped(t, tarOf(t, bomb))} {
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
	good := testfile.Zip(t, someFiles(1, "a", "b"))
	for _, c := range []struct {
		name string
		data []byte
		o    Options
		want string
	}{
		{"x.zip", good, defaults(), "set a state folder"},
		{"x.zip", good[:50], options(func(o *Options) { o.StateDir = t.TempDir() }), "damaged zip"},
		{"x.tar", []byte("hello"), options(func(o *Options) { o.StateDir = t.TempDir() }), "damaged tar"},
		{"x.tgz", []byte("hello"), options(func(o *Options) { o.StateDir = t.TempDir() }), "damaged gzip"},
		{"x.tar.xz", []byte("hello"), options(func(o *Options) { o.StateDir = t.TempDir() }), "damaged xz"},
		{"x.tar.bz2", []byte("hello"), options(func(o *Options) { o.StateDir = t.TempDir() }), "bzip2"},
		{"x.zip", locked(t, good), options(func(o *Options) { o.StateDir = t.TempDir() }), "none of its 2 files can be unpacked; the first: a/aa.png: protected by a password"},
		{"x.zip", hugeZip(t), options(func(o *Options) { o.StateDir = t.TempDir() }),
			"unpacks to more than 256 MiB, which no image has"},
		{"x.rar", []byte("hello"), options(func(o *Options) { o.StateDir = t.TempDir() }), "give a folder"},
		{"x.zip", good, options(func(o *Options) { o.StateDir = t.TempDir(); o.MaxFiles = 1 }), "more than 1 files"},
	} {
		_, err := Open(context.Background(), archiveFile(t, c.name, c.data), c.o)
		wantError(t, err, c.want)
	}
}

// locked is a zip whose entries say that they are encrypted.
func locked(t *testing.T, data []byte) []byte {
	t.Helper()
	data = bytes.Clone(data)
	for at := 0; ; at++ {
		next := bytes.Index(data[at:], []byte("PK\x01\x02")) // an entry of the directory
		if next < 0 {
			return data
		}
		at += next
		data[at+8] |= 1
	}
}

// hugeZip has one file of more than MaxFileMiB zeros.
func hugeZip(t *testing.T) []byte {
	t.Helper()
	var data bytes.Buffer
	w := zip.NewWriter(&data)
	f, err := w.Create("a/x.png")
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range imageio.MaxFileMiB + 1 {
		if _, err := f.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// tarBZ2 is what Python's tarfile makes of a/x.png and b/y.png; Go has no packer.
const tarBZ2 = "QlpoOTFBWSZTWSyQPvgAAMh///z2BBBhI+/QtuVUIHyBfmAQJAhEAAVkAUCAUgAAAQgIMADYQSqTQAAABoADIAAADR6TanqHNMjIZMENGEwRpo0YgaZMjAAE" +
	"CqhKMQ0aaaNAaYgDQYgPKNDRoAGOtJhWX8ixSBHlZyssqrMQEPlEXNqSvOtrBcZTRXkqY+4kD61lImQiqxRrvRtrS+51QsosnHemXUcfnPRxNIhSRIJ0kEmz" +
	"Yaa1CZG+ipL8VN35Jut7J11QkiwJMGFUW3Codz1Z5xIIch1sQg8+hs7ibw4OCD2geLiiL8PuYdolBP5Skj9WFdYWD+LuSKcKEgWSB98A"

func TestTarBZ2(t *testing.T) {
	data, err := base64.StdEncoding.DecodeString(tarBZ2)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"set.tar.bz2", "set.tbz2"} {
		l := mustOpen(t, archiveFile(t, name, data), options(func(o *Options) { o.StateDir = t.TempDir() }))
		if diff := cmp.Diff([]string{"a/x.png", "b/y.png"}, paths(l)); diff != "" || Name(name) != "set" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func FuzzUnpack(f *testing.F) {
	files := map[string]string{"a/x.png": "x", "../y": "y", "b": "-> /etc", "b/z": "z"}
	f.Add(testfile.Zip(f, files), true)
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

// A process that is killed while it unpacks leaves what it has unpacked, which may be gigabytes. Another one may be at work meanwhile.
func TestWhatAKilledProcessHasUnpackedIsRemoved(t *testing.T) {
	o := options(func(o *Options) { o.StateDir = t.TempDir() })
	parent := filepath.Join(o.StateDir, "unpacked")
	for name, age := range map[string]time.Duration{".unpacking-old": 49 * time.Hour, ".unpacking-new": time.Hour, "whole": 1000 * time.Hour} {
		dir := filepath.Join(parent, name)
		if err := os.MkdirAll(filepath.Join(dir, "a"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(dir, time.Now(), time.Now().Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	file := filepath.Join(t.TempDir(), "x.zip")
	if err := os.WriteFile(file, testfile.Zip(t, someFiles(2, "a", "b")), 0o600); err != nil {
		t.Fatal(err)
	}
	mustOpen(t, file, o)
	for name, want := range map[string]bool{".unpacking-old": false, ".unpacking-new": true, "whole": true} {
		if _, err := os.Stat(filepath.Join(parent, name)); (err == nil) != want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
