package input

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/testfile"
)

// entry is one of a tar; a type of 0 is a file.
type entry struct {
	name, content string
	kind          byte
}

func tarOf(t testing.TB, entries ...entry) string {
	t.Helper()
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	for _, e := range entries {
		header := &tar.Header{Name: e.name, Mode: 0o644, Size: int64(len(e.content)), Typeflag: e.kind}
		if e.kind != 0 {
			header.Linkname, header.Size = e.content, 0
		}
		if err := w.WriteHeader(header); err != nil {
			t.Fatal(err)
		}
		if e.kind == 0 {
			if _, err := io.WriteString(w, e.content); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return data.String()
}

func zipped(t testing.TB, data string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.WriteString(w, data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// memory is a store of objects; a content of "broken" fails while it is read.
type memory map[string]string

func (m memory) List(_ context.Context, bucket, prefix string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for _, key := range slices.Sorted(maps.Keys(m)) {
			if rest, ok := strings.CutPrefix(key, bucket+"/"); ok && strings.HasPrefix(rest, prefix) && !yield(rest, nil) {
				return
			}
		}
	}
}

var errBroken = errors.New("the connection broke")

func (m memory) Open(_ context.Context, bucket, key string) (io.ReadCloser, int64, error) {
	text, ok := m[bucket+"/"+key]
	if !ok {
		return nil, 0, fs.ErrNotExist
	}
	var r io.Reader = strings.NewReader(text)
	if before, found := strings.CutSuffix(text, "broken"); found {
		r = io.MultiReader(strings.NewReader(before), brokenReader{})
	}
	return io.NopCloser(r), int64(len(text)), nil
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }

func open(t *testing.T, store memory, o Options, places ...string) (*Set, error) {
	t.Helper()
	o.Store = func() (Store, error) { return store, nil }
	return Open(t.Context(), places, o)
}

// list reads all of a set: "path=content", "path:label=content" or "path!reason".
func list(t *testing.T, s *Set) (lines []string) {
	t.Helper()
	for i := range s.Len() {
		for file, err := range s.Images(t.Context(), i) {
			switch {
			case err != nil:
				lines = append(lines, "error: "+err.Error())
			case file.Err != nil:
				lines = append(lines, file.Path+"!"+file.Err.Error())
			case file.Label != "":
				lines = append(lines, file.Path+":"+file.Label+"="+string(file.Data))
			default:
				lines = append(lines, file.Path+"="+string(file.Data))
			}
		}
	}
	return lines
}

func want(t *testing.T, s *Set, lines ...string) {
	t.Helper()
	if diff := cmp.Diff(lines, list(t, s)); diff != "" {
		t.Error(diff)
	}
}

func must(t *testing.T, s *Set, err error) *Set {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestWebDataset(t *testing.T) {
	samples := tarOf(t, entry{name: "./0001.cls", content: "cat\n"}, entry{name: "./0001.jpg", content: "A"}, entry{name: "./0001.json", content: "{}"},
		entry{name: "0002.left.png", content: "B"}, entry{name: "0002.right.png", content: "C"}, entry{name: "0002.cls", content: "1"},
		entry{name: "0003.JPG", content: "D"}, entry{name: "d/0004.webp", content: "E"}, entry{name: "__MACOSX/0004.jpg", content: "x"}, entry{name: "d/._0004.jpg", content: "x"})
	dir := testfile.Write(t, map[string]string{"a/train-000.tar": samples, "a/train-001.tar.gz": zipped(t, tarOf(t, entry{name: "0005.png", content: "F"})), "b/empty.tar": tarOf(t)})
	first := []string{"train-000.tar/0001.jpg:cat=A", "train-000.tar/0002.left.png:1=B", "train-000.tar/0002.right.png:1=C", "train-000.tar/0003.JPG=D", "train-000.tar/d/0004.webp=E"}
	s, err := open(t, nil, Options{}, filepath.Join(dir, "a/train-000.tar"))
	want(t, must(t, s, err), first...)
	if !s.Archives() || s.Len() != 1 || s.Remote(0) {
		t.Errorf("%d units", s.Len())
	}
	s, err = open(t, nil, Options{}, filepath.Join(dir, "a/train-000.tar"), filepath.Join(dir, "a/train-001.tar.gz"), filepath.Join(dir, "b/empty.tar"))
	for i, line := range first {
		first[i] = "a/" + line
	}
	want(t, must(t, s, err), append(first, "a/train-001.tar.gz/0005.png=F")...)
}

// What an archive says is never a path of this machine, and a bomb ends.
func TestHostileArchives(t *testing.T) {
	good := entry{name: "0.jpg", content: "A"}
	long := strings.Repeat("x", 5000) + ".jpg"
	whole := tarOf(t, good)
	for name, test := range map[string]struct {
		tar   string
		lines []string
	}{
		"paths": {tarOf(t, good, entry{name: "../evil.jpg", content: "x"}, entry{name: "/etc/evil.jpg", content: "x"}, entry{name: "a/../../evil.jpg", content: "x"}, entry{name: "../1.cls", content: "x"}),
			[]string{"x.tar/0.jpg=A", "x.tar/../evil.jpg!its path leads out of the archive", "x.tar//etc/evil.jpg!its path leads out of the archive",
				"x.tar/a/../../evil.jpg!its path leads out of the archive"}},
		"links": {tarOf(t, good, entry{name: "l.jpg", content: "/etc/passwd", kind: tar.TypeSymlink}, entry{name: "h.jpg", content: "0.jpg", kind: tar.TypeLink}, entry{name: "d.jpg", kind: tar.TypeChar}),
			[]string{"x.tar/0.jpg=A", "x.tar/l.jpg!not a file but a link or a device", "x.tar/h.jpg!not a file but a link or a device", "x.tar/d.jpg!not a file but a link or a device"}},
		"a long name": {tarOf(t, good, entry{name: long, content: "x"}), []string{"x.tar/0.jpg=A", "x.tar/" + long[:100] + "!its name has 5004 bytes"}},
		"empty":       {tarOf(t, good, entry{name: "1.jpg"}), []string{"x.tar/0.jpg=A", "x.tar/1.jpg!the file is empty"}},
		"cut":         {whole[:1024+100], []string{"x.tar/0.jpg=A", "x.tar!the archive cannot be read past its first 1 images: unexpected EOF"}},
		"no tar":      {strings.Repeat("hello ", 1000), []string{"x.tar!the archive cannot be read past its first 0 images: archive/tar: invalid tar header"}},
		"a bomb":      {tarOf(t, good, entry{name: "1.jpg", content: strings.Repeat("\x00", 3000)}), []string{"x.tar/0.jpg=A", "x.tar!the archive cannot be read past its first 1 images: it unpacks to far more than images would: it looks like a zip bomb, and is refused"}},
	} {
		file := filepath.Join(t.TempDir(), "x.tar")
		if err := os.WriteFile(file, []byte(test.tar), 0o644); err != nil {
			t.Fatal(err)
		}
		o := Options{}
		if name == "a bomb" {
			o.MaxUnpacked = 1000
		}
		s, err := open(t, nil, o, file)
		if diff := cmp.Diff(test.lines, list(t, must(t, s, err))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// A header may claim any size: what is taken into memory follows from what is there.
func TestAHeaderThatClaimsMuch(t *testing.T) {
	var data bytes.Buffer
	w := tar.NewWriter(&data)
	for _, size := range []int64{200 << 20, 1 << 40} {
		if err := w.WriteHeader(&tar.Header{Name: fmt.Sprint(size, ".jpg"), Mode: 0o644, Size: size}); err != nil {
			break // the first has no content
		}
		before := data.String()
		s, err := open(t, memory{"b/x.tar": before}, Options{}, "s3://b/x.tar")
		got := list(t, must(t, s, err))
		if len(got) == 0 || !strings.Contains(got[len(got)-1], "x.tar!the archive cannot be read past its first") {
			t.Errorf("%d: %q", size, got)
		}
	}
}

// The images of an archive with one sample are not collected until its end.
func TestASampleWithManyImages(t *testing.T) {
	var entries []entry
	for i := range 100 {
		entries = append(entries, entry{name: fmt.Sprintf("0.%d.jpg", i), content: "x"})
	}
	s, err := open(t, memory{"b/x.tar": tarOf(t, entries...)[:60*1024] + "broken"}, Options{}, "s3://b/x.tar")
	if got := list(t, must(t, s, err)); len(got) < 40 || got[len(got)-1] != "error: read x.tar: the connection broke" {
		t.Errorf("%d lines, the last %q", len(got), got[len(got)-1])
	}
}

// A reader that has seen enough is not called again.
func TestStopping(t *testing.T) {
	s, err := open(t, memory{"b/x.tar": tarOf(t, entry{name: "0.jpg", content: "x"}, entry{name: "1.jpg", content: "y"})[:1500]}, Options{}, "s3://b/x.tar")
	for range must(t, s, err).Images(t.Context(), 0) {
		break
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, err := range s.Images(ctx, 0) {
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	}
}

func TestObjects(t *testing.T) {
	store := memory{
		"b/p/2.jpg": "B", "b/p/1.jpg": "A", "b/p/notes.txt": "x", "b/p/.hidden/3.jpg": "x", "b/p/sub/x.tar": tarOf(t, entry{name: "4.png", content: "C"}), "b/pq/5.jpg": "x",
		"b/list.txt": "p/1.jpg\np/none.jpg\n s3://b/pq/5.jpg \n", "b/loop.txt": "s3://b/loop.txt\n", "b/half.jpg": "abcbroken", "b/out.txt": "../x.jpg", "b/e.jpg": "",
	}
	s, err := open(t, store, Options{}, "s3://b/p")
	want(t, must(t, s, err), "1.jpg=A", "2.jpg=B", "sub/x.tar/4.png=C")
	if !s.Remote(0) {
		t.Error("an object is not remote")
	}
	s, err = open(t, store, Options{}, "s3://b/list.txt")
	want(t, must(t, s, err), "p/1.jpg=A", "p/none.jpg!there is no such file", "5.jpg=x")
	s, err = open(t, store, Options{}, "s3://b/half.jpg", "s3://b/p/1.jpg", "s3://b/e.jpg")
	want(t, must(t, s, err), "error: read half.jpg: the connection broke", "p/1.jpg=A", "e.jpg!the file is empty")
	s, err = open(t, store, Options{}, "s3://b/none.tar")
	want(t, must(t, s, err), "error: read none.tar: open s3://b/none.tar: file does not exist")
	for place, want := range map[string]string{
		"s3://b/nothing/": "no image and no tar archive", "s3://": "must be s3://BUCKET/KEY", "s3://b b/x": "must be s3://BUCKET/KEY", "http://b/x": "must begin with s3://",
		"s3://b/loop.txt": "no other list", "s3://b/out.txt": "leads out of the folder",
	} {
		if _, err := open(t, store, Options{}, place); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error about %q", place, err, want)
		}
	}
	if _, err := open(t, store, Options{MaxUnits: 2}, "s3://b/p"); err == nil || !strings.Contains(err.Error(), "more than 2 files") {
		t.Errorf("got %v", err)
	}
}

func TestFilesAndLists(t *testing.T) {
	dir := testfile.Write(t, map[string]string{
		"set/a/1.png": "A", "set/b/2.png": "B", "set/list.txt": "a/1.png\n\n ./b/2.png \r\na/none.png\nlink.png\n", "set/bad.txt": "a/1.png\n../out.png\n", "out.png": "x",
		"set/twice.txt": "a/1.png\na/./1.png\n", "set/labels.csv": "path,label\na/1.png,x\nb/2.png,y\n", "x.000.tar": tarOf(t, entry{name: "1.jpg", content: "C"}),
		"x.001.tar": tarOf(t, entry{name: "1.jpg", content: "D"}), "{1..2}.jpg": "E",
	})
	at := func(name string) string { return filepath.Join(dir, name) }
	if err := os.Symlink(at("out.png"), at("set/link.png")); err != nil {
		t.Fatal(err)
	}
	for place, lines := range map[string][]string{
		"set":                 {"a/1.png=A", "b/2.png=B"},
		"set/labels.csv":      {"a/1.png:x=A", "b/2.png:y=B"},
		"set/list.txt":        {"a/1.png=A", "b/2.png=B", "a/none.png!there is no such file", "link.png!a symbolic link that leads out of the folder"},
		"set/a/1.png":         {"1.png=A"},
		"x.{000..001}.tar":    {"x.000.tar/1.jpg=C", "x.001.tar/1.jpg=D"},
		"{1..2}.jpg":          {"{1..2}.jpg=E"},
		"set/{a,b}/{1..2}.zz": nil,
	} {
		s, err := open(t, nil, Options{}, at(place))
		if lines == nil {
			if err == nil {
				t.Errorf("%s: opened", place)
			}
			continue
		}
		if diff := cmp.Diff(lines, list(t, must(t, s, err))); diff != "" {
			t.Errorf("%s: %s", place, diff)
		}
	}
	for place, want := range map[string]string{
		"set/bad.txt": "line 2, ../out.png: the path leads out of the folder", "set/twice.txt": "two files have the name a/1.png", "none.tar": "no such file", "": "path is empty",
	} {
		path := at(place)
		if place == "" {
			path = ""
		}
		if _, err := open(t, nil, Options{}, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error about %q", place, err, want)
		}
	}
	for place, want := range map[string]bool{"set": false, "set/labels.csv": false, "set/list.txt": true, "x.000.tar": true, "out.png": true, "x.{000..001}.tar": true, "none": false} {
		if got := Streamed([]string{at(place)}); got != want {
			t.Errorf("%s is a stream: %t", place, got)
		}
	}
	if !Streamed([]string{"s3://b/"}) || !Streamed([]string{"a", "b"}) {
		t.Error("an address or several places are no stream")
	}
}

func TestExpand(t *testing.T) {
	for pattern, want := range map[string][]string{
		"x": {"x"}, "x{8..10}": {"x8", "x9", "x10"}, "x{08..10}y": {"x08y", "x09y", "x10y"}, "{a,b}": {"{a,b}"}, "{0..1}{0..1}": {"00", "01", "10", "11"},
		"{5..4}": nil, "{a..b}": nil, "{0..999999999}": nil, "{0..99}{0..99}": nil, "{0..99999999999999999999}": nil, "{..}": nil,
	} {
		got, err := expand(pattern, 1000)
		if diff := cmp.Diff(want, got); diff != "" || (err == nil) != (want != nil) {
			t.Errorf("%s: %s %v", pattern, diff, err)
		}
	}
}

func FuzzArchive(f *testing.F) {
	whole := tarOf(f, entry{name: "0.cls", content: "1"}, entry{name: "0.jpg", content: "A"}, entry{name: "../1.jpg", content: "B"}, entry{name: "l.jpg", content: "x", kind: tar.TypeSymlink})
	f.Add([]byte(whole), "x.tar")
	f.Add([]byte(zipped(f, whole)), "x.tgz")
	f.Add([]byte(whole[:700]), "x.tar.xz")
	f.Fuzz(func(t *testing.T, data []byte, name string) {
		s := &Set{units: []unit{{name: name, key: "x" + filepath.Ext(name), place: objects{memory{"b/x" + filepath.Ext(name): string(data)}, "b"}}}, maxUnpacked: 1 << 20}
		total := 0
		for file, err := range s.Images(t.Context(), 0) {
			if err != nil && !errors.Is(err, errBroken) {
				t.Fatalf("a store in memory fails: %v", err)
			}
			total += len(file.Data)
		}
		if total > 1<<20+len(data) {
			t.Fatalf("%d bytes came of %d", total, len(data))
		}
	})
}

func FuzzExpand(f *testing.F) {
	f.Add("x{00..11}y{3..4}")
	f.Fuzz(func(t *testing.T, pattern string) {
		if names, err := expand(pattern, 100); err == nil && len(names) > 100 {
			t.Errorf("%d names", len(names))
		}
	})
}

// macOS's tar puts a file of attributes before each file, also between a label and its image.
func TestHiddenEntriesDoNotSeparateALabelFromItsImage(t *testing.T) {
	dir := testfile.Write(t, map[string]string{"x.tar": tarOf(t, entry{name: "./._0.cls", content: "x"}, entry{name: "./0.cls", content: "cat"}, entry{name: "./._0.jpg", content: "x"},
		entry{name: "./0.jpg", content: "A"}, entry{name: "./._1.jpg", content: "x"}, entry{name: "./1.jpg", content: "B"})})
	s, err := open(t, nil, Options{}, filepath.Join(dir, "x.tar"))
	want(t, must(t, s, err), "x.tar/0.jpg:cat=A", "x.tar/1.jpg=B")
}

// Notepad and PowerShell put a byte order mark before the first line, and PowerShell's > writes UTF-16.
func TestAListAsWindowsWritesIt(t *testing.T) {
	for name, text := range map[string]string{"mark.txt": "\ufeff1.png\r\nä.png\r\n",
		"wide.txt": "\xff\xfe1\x00.\x00p\x00n\x00g\x00\r\x00\n\x00\xe4\x00.\x00p\x00n\x00g\x00"} {
		dir := testfile.Write(t, map[string]string{"1.png": "A", "ä.png": "B", name: text})
		s, err := open(t, nil, Options{}, filepath.Join(dir, name))
		want(t, must(t, s, err), "1.png=A", "ä.png=B")
		s, err = open(t, memory{"b/" + name: text, "b/1.png": "A", "b/ä.png": "B"}, Options{}, "s3://b/"+name)
		want(t, must(t, s, err), "1.png=A", "ä.png=B")
	}
}
