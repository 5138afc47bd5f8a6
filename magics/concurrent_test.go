package magics_test

import (
	"testing"

	"github.com/headstart-nb/headstart/magics"
)

func TestWhichCallsRunBesideACell(t *testing.T) {
	group := &magics.Group{
		Use: "runs", Default: "list",
		Commands: []magics.Subcommand{
			&magics.Command[struct{}]{Use: "list", Concurrent: true},
			&magics.Command[struct{}]{Use: "rm RUN"},
		},
	}
	look, change := &magics.Command[struct{}]{Use: "look", Concurrent: true}, &magics.Command[struct{}]{Use: "change"}
	for _, test := range []struct {
		magic magics.Magic
		line  string
		want  bool
	}{
		{group, "", true}, {group, " ", true}, {group, "--json", true}, {group, " list", true}, {group, "> file", true},
		{group, "rm list", false}, {group, "rm --help", false}, {group, "unknown", false},
		{look, "", true}, {look, "anything", true}, {change, "", false}, {change, "list", false},
	} {
		if got := magics.RunsBeside(test.magic, test.line); got != test.want {
			t.Errorf("%%%s %s: %t, want %t", test.magic.Name(), test.line, got, test.want)
		}
	}
}
