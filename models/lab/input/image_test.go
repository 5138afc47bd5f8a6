package input

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/testfile"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// A folder is all that is in it, at any depth, without hidden files and links.
func TestFind(t *testing.T) {
	dir := testfile.Write(t, map[string]string{"b.png": "", "cats/a.jpg": "", "cats/.hidden.png": "", ".git/c.png": ""})
	if err := os.Symlink(filepath.Join(dir, "b.png"), filepath.Join(dir, "link.png")); err != nil {
		t.Fatal(err)
	}
	found, err := Find(dir)
	var names []string
	for _, i := range found {
		names = append(names, i.Name)
	}
	if want := []string{"b.png", "a.jpg"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("found %v, %v; want %v", names, err, want)
	}
	// The folder itself may be a link, as to a disk with the photos.
	linked := filepath.Join(t.TempDir(), "photos")
	if err := os.Symlink(dir, linked); err != nil {
		t.Fatal(err)
	}
	if found, err := Find(linked); err != nil || len(found) != 2 || found[1].File != filepath.Join(linked, "cats", "a.jpg") {
		t.Errorf("through a link it finds %+v, %v", found, err)
	}
	if one, err := Find(filepath.Join(dir, "cats", "a.jpg")); err != nil || len(one) != 1 || one[0].Name != "a.jpg" {
		t.Errorf("a file is %+v, %v", one, err)
	}
	if _, err := Find(filepath.Join(dir, "nowhere")); err == nil || !strings.Contains(err.Error(), "no such file or folder") {
		t.Errorf("what there is not: %v", err)
	}
}

// An image of a cell that does not hold what it says is refused with its number.
func TestOfCells(t *testing.T) {
	list, err := OfCells([]warm.Image{{File: "x.png"}, {RGB: make([]uint8, 12), Width: 2, Height: 2}})
	if err != nil || len(list) != 2 || list[0].Name != "x.png" || list[1].Name != "image 2" || list[1].Pixels.Width != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := OfCells([]warm.Image{{File: "x.png"}, {RGB: make([]uint8, 11), Width: 2, Height: 2}}); err == nil || !strings.Contains(err.Error(), "image 2: ") {
		t.Errorf("too few pixels: %v", err)
	}
}

// The classes take turns until one has no image left.
func TestSpread(t *testing.T) {
	data := &imagefolder.Dataset{Classes: []string{"blue", "red"}}
	for i := range 6 { // blue, red, red, ...
		data.Items = append(data.Items, imagefolder.Item{Label: min(i, 1), Split: []string{imagefolder.Train, imagefolder.Val}[i/4]})
	}
	for _, test := range []struct {
		class, split string
		limit        int
		want         []int
	}{
		{"", "", 4, []int{0, 1, 2, 3}}, {"", "", 100, []int{0, 1, 2, 3, 4, 5}}, {"red", "", 2, []int{1, 2}}, {"", imagefolder.Val, 9, []int{4, 5}}, {"blue", imagefolder.Val, 9, nil},
	} {
		if got, err := Spread(data, test.class, test.split, test.limit); err != nil || !slices.Equal(got, test.want) {
			t.Errorf("%q, %q, at most %d: %v, %v; want %v", test.class, test.split, test.limit, got, err, test.want)
		}
	}
	if _, err := Spread(data, "green", "", 1); !errors.As(err, new(*named.NotFoundError)) {
		t.Errorf("a class that there is not: %v", err)
	}
}
