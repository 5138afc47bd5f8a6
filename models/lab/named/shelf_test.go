package named

import (
	"slices"
	"testing"
)

// The thing that was put or raised last is the current one; a thing that gets another name keeps its place.
func TestShelf(t *testing.T) {
	var s Shelf[int]
	if _, ok := s.Get(""); ok {
		t.Error("an empty shelf has a current thing")
	}
	for i, name := range []string{"a", "b", "c", "a"} {
		if replaced := s.Put(name, i+1); (replaced == 1) != (i == 3) {
			t.Errorf("%s replaces %d", name, replaced)
		}
	}
	check := func(want ...string) {
		t.Helper()
		current, ok := s.Get("")
		last, _ := s.Get(want[len(want)-1])
		if got := s.Names(); !slices.Equal(got, want) || len(s.All()) != len(want) || !ok || current != last {
			t.Errorf("the shelf has %v, %v; want %v, with %d as the current one, and not %d", got, s.All(), want, last, current)
		}
	}
	check("b", "c", "a")
	s.Raise("b")
	s.Raise("nothing")
	check("c", "a", "b")
	s.Rename("c", "d")
	s.Rename("nothing", "e")
	check("d", "a", "b")
	if dropped, ok := s.DropOldest(2); !ok || dropped != 3 {
		t.Errorf("dropped %d, %t", dropped, ok)
	}
	if _, ok := s.DropOldest(2); ok {
		t.Error("a thing is dropped where there is room")
	}
	check("a", "b")
	s.Drop("b")
	check("a")
}
