package gonb_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/kernel/gonb"
	"github.com/headstart-nb/headstart/magics/builtin"
)

// A stored value is there in the next kernel, once it is loaded, and a cell may change it there.
func TestStoredValuesOutlastTheKernel(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "home", "variables")
	with := func(o *gonb.Options) { o.StoreDir = folder }
	first := openWith(t, with)
	first.ok("type photo struct{ path string }\nlist := []int{1, 2, 3}\npart := list[1:]\nphotos := map[string]photo{\"a\": {\"a.jpg\"}}\nshape := image.Rect(1, 2, 3, 4)\nalone := 5")
	if err := first.engine.StoreVariables(t.Context(), "part", "photos", "shape"); err != nil {
		t.Fatal(err)
	}
	if err := first.engine.StoreVariables(t.Context(), "none"); err == nil || !strings.Contains(err.Error(), "store none: no variable of that name has a kept value; the names are alone, list,") {
		t.Error(err)
	}
	first.ok("list[1] = 7 // which the stored value does not follow")

	second := openWith(t, with)
	stored, err := second.engine.StoredVariables()
	if err != nil || !slices.Equal(names(stored), []string{"list", "part", "photos", "shape"}) {
		t.Fatalf("%v, %v", stored, err)
	}
	if _, failure := second.fails("part"); failure == nil {
		t.Error("part is there though nobody loaded it")
	}
	if _, err := second.engine.LoadStored(t.Context(), "photos"); err == nil || !strings.Contains(err.Error(), "no cell has declared photo yet") {
		t.Errorf("the type of photos is not declared: %v", err)
	}
	if _, err := second.engine.LoadStored(t.Context(), "alone"); err == nil || !strings.Contains(err.Error(), "the names are list, part, photos, shape") {
		t.Error(err)
	}
	loaded, err := second.engine.LoadStored(t.Context(), "list", "shape")
	if err != nil || !slices.Equal(names(loaded), []string{"list", "part", "shape"}) {
		t.Fatalf("%v, %v", loaded, err)
	}
	second.shows("shape.Dx()", "2")
	second.shows("list[1] = 20\nfmt.Println(list, part)", "[1 20 3] [20 3]\n")
	second.shows("fmt.Println(part)", "[20 3]\n")
	second.ok("type photo struct{ path string }")
	if _, err := second.engine.LoadStored(t.Context()); err != nil {
		t.Fatal(err)
	}
	second.shows("fmt.Println(list, photos[\"a\"].path)", "[1 2 3] a.jpg\n")
	second.ok("%reset")
	if err := second.engine.DropStored("part", "photos"); err != nil {
		t.Fatal(err)
	}
	if stored, err := second.engine.StoredVariables(); err != nil || !slices.Equal(names(stored), []string{"list", "shape"}) {
		t.Errorf("%v, %v", stored, err)
	}
	if err := second.engine.DropStored("part"); err == nil {
		t.Error("part was dropped twice")
	}
}

func names(list []builtin.Variable) (names []string) {
	for _, v := range list {
		names = append(names, v.Name)
	}
	return names
}
