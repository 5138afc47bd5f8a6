package imagefolder

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/headstart-nb/headstart/internal/testfile"
)

// readHere are files that other decoders refuse, and that are whole.
var readHere = map[string]bool{"image-rs/bad/tiff/TODO hpredict_cmyk.tiff": true, "pillow/truncated_jpeg.jpg": true}

// TestHostileFolder loads the corpus as if it were a dataset: each of its files is an item or has a reason.
func TestHostileFolder(t *testing.T) {
	corpus := sharedData(t, "hostile-images")
	manifest, err := os.ReadFile(filepath.Join(corpus, "MANIFEST.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	d := mustLoad(t, corpus, DefaultOptions())
	usable := map[string]bool{}
	for _, item := range d.Items {
		usable[item.Path] = true
	}
	reasons := map[string]string{}
	for _, s := range d.Skipped {
		reasons[s.Path] = s.Reason
	}
	rows := strings.Split(strings.TrimSpace(string(manifest)), "\n")[1:]
	for _, row := range rows {
		columns := strings.Split(row, "\t")
		name, expected := columns[0], columns[3]
		switch reason := reasons[name]; {
		case usable[name] == (reason != ""):
			t.Errorf("%s is an item: %t, and skipped because %q", name, usable[name], reason)
		case strings.HasPrefix(expected, "decode") && !usable[name]:
			t.Errorf("%s was skipped (%s), want it used", name, reason)
		case strings.HasPrefix(expected, "reject") && usable[name] && !readHere[name]:
			t.Errorf("%s is used, want it skipped", name)
		case reason != "" && (len(reason) < 15 || !unicode.IsLower([]rune(reason)[0]) && !strings.HasPrefix(reason, "JPEG")):
			t.Errorf("%s was skipped because %q: not a person's words", name, reason)
		}
	}
	if len(d.Items)+len(d.Skipped) != len(rows)+2 { // the manifest and SOURCE.md
		t.Errorf("%d items and %d skipped, want %d files in all", len(d.Items), len(d.Skipped), len(rows)+2)
	}
}

// TestManyNames lists as many empty files as HEADSTART_NAMES says (1000 by default; a million takes a minute and 300 MB).
func TestManyNames(t *testing.T) {
	n := 1000
	if text := os.Getenv("HEADSTART_NAMES"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	files := someFiles(t, 1, "a", "b")
	dir := testfile.Write(t, files)
	for i := range n {
		f, err := os.Create(filepath.Join(dir, "a", fmt.Sprintf("%07d.png", i)))
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	most := 0
	d := mustLoad(t, dir, options(func(o *Options) {
		o.Progress = func(done, _ int, what string) {
			if what == "listing files" {
				most = max(most, done)
			}
		}
	}))
	if len(d.Items) != 2 || len(d.Skipped) != n || most < n {
		t.Errorf("%d items, %d skipped, progress up to %d; want 2, %d and at least that", len(d.Items), len(d.Skipped), most, n)
	}
}
