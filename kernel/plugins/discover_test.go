package plugins

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func TestASecondProgramOfANameHidesNoOther(t *testing.T) {
	folder, shipped := t.TempDir(), filepath.Join(t.TempDir(), "headstart-shipped")
	own := func(file string) string { return filepath.Join(folder, file) }
	for _, file := range []string{own("headstart-a"), own("headstart-a.v2"), own("headstart-shipped.sh"), own("headstart-z"), own(".headstart-new"), shipped} {
		if err := os.WriteFile(file, nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(own("headstart-read.me"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := Discover(folder, shipped, own("headstart-missing"))
	want := []Binary{{"shipped", shipped}, {"a", own("headstart-a")}, {"z", own("headstart-z")}}
	if !slices.Equal(found, want) {
		t.Errorf("found %v", found)
	}
	wantError(t, err, "two plugins are called a: "+own("headstart-a")+" and "+own("headstart-a.v2"), "two plugins are called shipped: "+shipped)
	if files, err := Installed(folder, "a"); err != nil || !slices.Equal(files, []string{own("headstart-a"), own("headstart-a.v2")}) {
		t.Errorf("installed are %q, %v", files, err)
	}
}
