package gonb

import (
	"slices"
	"strings"
	"testing"
)

func TestListingsAreCommands(t *testing.T) {
	for _, l := range Listings() {
		name := strings.Fields(l.Usage)[0]
		if !slices.Contains(cellCommands, name) && !slices.Contains(lineCommands, strings.TrimPrefix(name, "%")) && name[0] != '!' {
			t.Errorf("%%help lists %s, which GoNB does not know", name)
		}
	}
}
