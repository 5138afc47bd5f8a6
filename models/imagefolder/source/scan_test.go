package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/testfile"
)

// A file system lists a folder in any order, and the labels must not depend on it. A link to a folder above doubles nothing.
func TestTheFirstLinkToAFolderIsFollowed(t *testing.T) {
	files := map[string]string{".store/one.png": "1"}
	for i := range 20 {
		files[fmt.Sprintf("c%02d/own.png", i)] = fmt.Sprint(i)
	}
	dir := testfile.Write(t, files)
	for i := range 20 {
		for link, target := range map[string]string{"shared": "../.store", "loop": "."} {
			if err := os.Symlink(target, filepath.Join(dir, fmt.Sprintf("c%02d", i), link)); err != nil {
				t.Fatal(err)
			}
		}
	}
	l := mustOpen(t, dir, options(func(o *Options) { o.FollowLinks = true }))
	var linked []string
	for _, path := range paths(l) {
		if !strings.HasSuffix(path, "/own.png") || strings.Contains(path, "loop") {
			linked = append(linked, path)
		}
	}
	if diff := cmp.Diff([]string{"c00/shared/one.png"}, linked); diff != "" {
		t.Error(diff)
	}
	for _, link := range []string{"c01/shared", "c07/loop"} {
		if reason := reasonFor(l, link); !strings.Contains(reason, "read already") {
			t.Errorf("%s was skipped because %q", link, reason)
		}
	}
}
