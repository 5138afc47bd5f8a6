package help

import (
	"testing"

	"github.com/headstart-nb/headstart/kernel/gonb/cell"
)

func TestListings(t *testing.T) {
	list := Listings()
	if want := len(cell.CommandNames()) - 1; len(list) != want { // without %help and %version, with !
		t.Errorf("%d listings, want %d", len(list), want)
	}
	for _, l := range list {
		if l.Summary == "" {
			t.Errorf("%q does not say what it does", l.Usage)
		}
	}
}
