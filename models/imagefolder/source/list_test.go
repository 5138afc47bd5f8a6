package source

import (
	"context"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/testfile"
)

func TestList(t *testing.T) {
	files := map[string]string{"outside.png": "x"}
	for name, content := range someFiles(3, "a", "b") {
		files["set/images/"+name] = content
	}
	files["set/labels.csv"] = "\ufeffLabel;File Name;path\n" +
		"cat;x;images/a/aa.png\ncat;x;./images/a/ab.png\ndog;x;images/b/aa.png\n\"big; dog\";x;images/b/ab.png\n" +
		"cat;x;../outside.png\ncat;x;/etc/passwd\ncat;x;images/none.png\n;x;images/a/ac.png\ncat;x;images/a/aa.png\ncat;x;images\n"
	dir := testfile.Write(t, files)
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "set", "link.png")); err != nil {
		t.Fatal(err)
	}
	l := mustOpen(t, filepath.Join(dir, "set", "labels.csv"), defaults())
	if diff := cmp.Diff([]string{"big; dog", "cat", "dog"}, l.Classes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"images/a/aa.png", "images/a/ab.png", "images/b/aa.png", "images/b/ab.png"}, paths(l)); diff != "" {
		t.Error(diff)
	}
	for path, want := range map[string]string{
		"../outside.png": "line 6: the path leads out", "/etc/passwd": "leads out", "images/none.png": "no such file",
		"images/a/ac.png": "line 9: it has no label", "images/a/aa.png": "stands in the list before", "images": "not a file",
	} {
		if got := reasonFor(l, path); !strings.Contains(got, want) {
			t.Errorf("%s was skipped because %q, want %q in it", path, got, want)
		}
	}
	if name := Name(filepath.Join(dir, "set", "labels.csv")); name != "labels" {
		t.Errorf("it is called %s", name)
	}
}

func TestListWithSplit(t *testing.T) {
	files := someFiles(4, "x")
	files["l.tsv"] = "x/aa.png\tcat\ttrain\nx/ab.png\tdog\ttrain\nx/ac.png\tcat\tvalid\nx/ad.png\tdog\tTest\n"
	l := mustOpen(t, filepath.Join(testfile.Write(t, files), "l.tsv"), defaults())
	var got []string
	for _, c := range l.Candidates {
		got = append(got, c.Class+" "+c.Split)
	}
	if diff := cmp.Diff([]string{"cat train", "dog train", "cat val", "dog test"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestListRefusals(t *testing.T) {
	for text, want := range map[string]string{
		"":                           "the list is empty",
		"path,label\n":               "the list is empty",
		"a.png\n":                    "line 1: it has 1 fields, and 2 are needed",
		"a.png,cat,sometimes\n":      `unknown split "sometimes"`,
		"path,label\nx,\"un\nclosed": "quote",
		"path,label\n,cat\n":         "line 2: it has no path",
		"a.png,cat\n":                "none of the files in the list can be used; the first: a.png: line 1: there is no such file",
	} {
		_, err := Open(context.Background(), filepath.Join(testfile.Write(t, map[string]string{"l.csv": text}), "l.csv"), defaults())
		wantError(t, err, want)
	}
}

// asUTF16 is a text as spreadsheets save it.
func asUTF16(text string, order binary.AppendByteOrder, mark bool) string {
	var data []byte
	if mark {
		text = "\ufeff" + text
	}
	for _, unit := range utf16.Encode([]rune(text)) {
		data = order.AppendUint16(data, unit)
	}
	return string(data)
}

func TestListsAsProgramsWriteThem(t *testing.T) {
	const plain = "path,label\nx/aa.png,cät\nx/ab.png,dog\n"
	for name, text := range map[string]string{
		"UTF-16, little endian":           asUTF16(plain, binary.LittleEndian, true),
		"UTF-16, big endian":              asUTF16(plain, binary.BigEndian, true),
		"UTF-16 without a mark":           asUTF16(plain, binary.LittleEndian, false),
		"Latin-1":                         "path,label\nx/aa.png,c\xe4t\nx/ab.png,dog\n",
		"backslashes":                     "path,label\nx\\aa.png,cät\n.\\x\\ab.png,dog\n",
		"absolute paths":                  "path,label\n%/x/aa.png,cät\n%/x/ab.png,dog\n",
		"a header of APTOS, no endings":   "id_code,diagnosis\nx/aa,cät\nx/ab,dog\n",
		"a header that nobody knows":      "foo,bar\nx/aa.png,cät\nx/ab.png,dog\n",
		"a header of three that is known": "id,breed,set\nx/aa.png,cät,train\nx/ab.png,dog,val\n",
		"a header of three":               "foo,bar,fold\nx/aa.png,cät,train\nx/ab.png,dog,val\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := testfile.Write(t, someFiles(4, "x"))
			text = strings.ReplaceAll(text, "%", filepath.ToSlash(dir))
			if err := os.WriteFile(filepath.Join(dir, "l.csv"), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
			l := mustOpen(t, filepath.Join(dir, "l.csv"), defaults())
			if diff := cmp.Diff([]string{"x/aa.png", "x/ab.png"}, paths(l)); diff != "" || l.Classes[0] != "cät" {
				t.Errorf("classes %q, skipped %v: %s", l.Classes, l.Skipped, diff)
			}
		})
	}
}

func TestOneFileWithTwoLabels(t *testing.T) {
	files := someFiles(4, "x")
	files["l.csv"] = "path,label\nx/aa.png,cat\nx/ab.png,dog\n./x/aa.png,dog\nx/ab.png,dog\n"
	l := mustOpen(t, filepath.Join(testfile.Write(t, files), "l.csv"), defaults())
	n, _ := noteOf(l, CodeTwoLabels)
	if diff := cmp.Diff([]string{"x/aa.png"}, n.Paths); diff != "" || !strings.Contains(n.Sentence, "more than one label to 1 file") {
		t.Errorf("%+v %s", n, diff)
	}
	if got := reasonFor(l, "x/aa.png"); !strings.Contains(got, "line 4: the file stands in the list before, with the label cat") {
		t.Errorf("it was skipped because %q", got)
	}
}

func TestMetadataOfHuggingFace(t *testing.T) {
	csv := map[string]string{"metadata.csv": "file_name,label\naa.png,cat\nab.png,dog\n"}
	lines := map[string]string{"metadata.jsonl": `{"file_name": "aa.png", "label": 0, "width": 48}` + "\n" + `{"file_name": "ab.png", "label": 1}` + "\n"}
	split := map[string]string{"train/metadata.csv": csv["metadata.csv"], "test/metadata.jsonl": lines["metadata.jsonl"]}
	for name, c := range map[string]struct {
		files   map[string]string
		folders []string
		classes []string
		given   bool
	}{
		"csv":        {csv, []string{"."}, []string{"cat", "dog"}, false},
		"jsonl":      {lines, []string{"."}, []string{"0", "1"}, false},
		"in a split": {split, []string{"train", "test"}, []string{"0", "1", "cat", "dog"}, true},
		"captions":   {map[string]string{"metadata.csv": "file_name,text\naa.png,a cat\n", "a/x.png": "image"}, []string{"."}, []string{"a"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for _, folder := range c.folders {
				for _, file := range []string{"aa.png", "ab.png"} {
					c.files[filepath.Join(folder, file)] = "image"
				}
			}
			l := mustOpen(t, testfile.Write(t, c.files), defaults())
			if diff := cmp.Diff(c.classes, l.Classes); diff != "" || l.Given != c.given {
				t.Errorf("given split %t, classes %s", l.Given, diff)
			}
		})
	}
	dir := testfile.Write(t, map[string]string{"metadata.jsonl": `{"file_name": "aa.png", "label": [1, 2]}`, "aa.png": "image"})
	_, err := Open(t.Context(), filepath.Join(dir, "metadata.jsonl"), defaults())
	wantError(t, err, "line 1: the label is a list")
}

// Of several columns that may be the path or the label, each load takes the same, and no number in the place of a name.
func TestTheColumnsOfAListDoNotDependOnTheirOrder(t *testing.T) {
	files := someFiles(2, "x")
	files["l.csv"] = "id,class_id,filename,label\n0,7,x/aa.png,cat\n1,7,x/ab.png,dog\n"
	files["l.jsonl"] = `{"image_id": 0, "class_id": 7, "file_name": "x/aa.png", "label": "cat", "name": "A"}` + "\n" +
		`{"image_id": 1, "class_id": 7, "file_name": "x/ab.png", "label": "[dog]", "name": "B"}` + "\n" +
		`{"image_id": 2, "class_id": 7, "file_name": "x/ac.png"}` + "\n"
	dir := testfile.Write(t, files)
	for range 10 { // a map's order is another one each time
		for name, dog := range map[string]string{"l.csv": "dog", "l.jsonl": "[dog]"} {
			l := mustOpen(t, filepath.Join(dir, name), defaults())
			if diff := cmp.Diff([]string{"x/aa.png", "x/ab.png"}, paths(l)); diff != "" || !slices.Equal(l.Classes, slices.Sorted(slices.Values([]string{"cat", dog}))) {
				t.Fatalf("%s: classes %q, skipped %v: %s", name, l.Classes, l.Skipped, diff)
			}
		}
	}
	l := mustOpen(t, filepath.Join(dir, "l.jsonl"), defaults())
	if got := reasonFor(l, "x/ac.png"); !strings.Contains(got, "line 3: it has no label") {
		t.Errorf("a line without a label was skipped because %q", got)
	}
}

// What lies in the folder and no line names is skipped with a reason, as any other file that is not used.
func TestFilesThatMetadataDoesNotName(t *testing.T) {
	dir := testfile.Write(t, map[string]string{"metadata.csv": "file_name,label\naa.png,cat\nab.png,dog\nab.png,cat\n", "aa.png": "A", "ab.png": "B", "ac.png": "C", "x/ad.png": "D"})
	if err := os.Symlink("aa.png", filepath.Join(dir, "link.png")); err != nil {
		t.Fatal(err)
	}
	l := mustOpen(t, dir, defaults())
	var skipped []string
	for _, s := range l.Skipped {
		skipped = append(skipped, s.Path)
	}
	slices.Sort(skipped)
	if diff := cmp.Diff([]string{"ab.png", "ac.png", "link.png", "x/ad.png"}, skipped); diff != "" || !strings.Contains(reasonFor(l, "x/ad.png"), "no line of the metadata names it") {
		t.Errorf("%q: %s", reasonFor(l, "x/ad.png"), diff)
	}
}

func FuzzParseJSONList(f *testing.F) {
	f.Add(`{"file_name": "a.png", "label": 1}` + "\n" + `{"path": "b", "class": "x", "split": "train"}`)
	f.Add("[]\n{}\n\xff\xfe")
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := parseJSONList(strings.NewReader(text), 50)
		if err == nil && len(rows) > 50 {
			t.Errorf("%d rows", len(rows))
		}
	})
}

func FuzzParseList(f *testing.F) {
	f.Add("path,label,split\na.png,cat,train\n")
	f.Add("a;b\n\"c;d\";e\n")
	f.Add("\ufefffile\tclass\nx\ty")
	f.Add(asUTF16("path,label\nx,y\n", binary.LittleEndian, true))
	f.Fuzz(func(t *testing.T, text string) {
		rows, err := parseList(strings.NewReader(text), 50)
		if err != nil {
			return
		}
		for _, r := range rows {
			if r.path == "" || r.line < 1 || len(rows) > 50 {
				t.Errorf("row %+v of %d", r, len(rows))
			}
		}
		if _, err := arrangeList(context.Background(), t.TempDir(), rows); err == nil {
			t.Error("files were found in an empty folder")
		}
	})
}
