package help

import (
	"strings"

	"github.com/headstart-nb/headstart/kernel/gonb/cell"
	"github.com/headstart-nb/headstart/kernel/registry"
)

// Listings are GoNB's own commands and its shell lines, for %help, which is not one of them in this kernel, as is %version.
func Listings() []registry.Listing {
	var list []registry.Listing
	for _, name := range cell.CommandNames() {
		if name == "help" || name == "version" {
			continue
		}
		usage, summary, _ := strings.Cut(summaries[name], ": ")
		list = append(list, registry.Listing{
			Usage: usage, Summary: strings.ToUpper(summary[:1]) + summary[1:],
			Passes: name == "%" || name == "main" || name == "args",
		})
	}
	return append(list, registry.Listing{Usage: "!COMMAND", Summary: "Run a shell command; !*COMMAND does so in the folder of the cell's program"})
}
