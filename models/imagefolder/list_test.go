package imagefolder

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoadList(t *testing.T) {
	files := map[string]string{"outside.png": "x"}
	for name, content := range someFiles(t, 3, "a", "b") {
		files["set/images/"+name] = content
	}
	files["set/labels.csv"] = "\ufeffLabel;File Name;path\n" +
		"cat;x;images/a/aa.png\ncat;x;./images/a/ab.png\ndog;x;images/b/aa.png\n\"big; dog\";x;images/b/ab.png\n" +
		"cat;x;../outside.png\ncat;x;/etc/passwd\ncat;x;images/none.png\n;x;images/a/ac.png\ncat;x;images/a/aa.png\ncat;x;images\n"
	dir := write(t, files)
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "set", "link.png")); err != nil {
		t.Fatal(err)
	}
	d := mustLoad(t, filepath.Join(dir, "set", "labels.csv"), DefaultOptions())
	if diff := cmp.Diff([]string{"big; dog", "cat", "dog"}, d.Classes); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"images/a/aa.png", "images/a/ab.png", "images/b/aa.png", "images/b/ab.png"}, paths(d)); diff != "" {
		t.Error(diff)
	}
	for path, want := range map[string]string{
		"../outside.png": "line 6: the path leads out", "/etc/passwd": "leads out", "images/none.png": "no such file",
		"images/a/ac.png": "line 9: it has no label", "images/a/aa.png": "stands in the list before", "images": "not a file",
	} {
		if got := reasonFor(d, path); !strings.Contains(got, want) {
			t.Errorf("%s was skipped because %q, want %q in it", path, got, want)
		}
	}
	if d.Name != "labels" {
		t.Errorf("it is called %s", d.Name)
	}
}

func TestListWithSplit(t *testing.T) {
	files := someFiles(t, 4, "x")
	files["l.tsv"] = "x/aa.png\tcat\ttrain\nx/ab.png\tdog\ttrain\nx/ac.png\tcat\tvalid\nx/ad.png\tdog\tTest\n"
	d := mustLoad(t, filepath.Join(write(t, files), "l.tsv"), options(func(o *Options) { o.FollowSplit = true }))
	var got []string
	for _, i := range d.Items {
		got = append(got, d.Classes[i.Label]+" "+i.Split)
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
		_, err := Load(context.Background(), filepath.Join(write(t, map[string]string{"l.csv": text}), "l.csv"), DefaultOptions())
		wantError(t, err, want)
	}
}

func FuzzParseList(f *testing.F) {
	f.Add("path,label,split\na.png,cat,train\n")
	f.Add("a;b\n\"c;d\";e\n")
	f.Add("\ufefffile\tclass\nx\ty")
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
