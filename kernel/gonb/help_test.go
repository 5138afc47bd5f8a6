package gonb

import (
	"testing"

	"github.com/headstart-nb/headstart/kernel/gonb/cell"
)

func TestEveryCommandHasHelp(t *testing.T) {
	for _, name := range cell.CommandNames() {
		if summaries[name] == "" {
			t.Errorf("%%%s has none", name)
		}
	}
}
