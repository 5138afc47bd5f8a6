package output

import (
	"fmt"
	"testing"

	"github.com/headstart-nb/headstart/magics/magictest"
)

// TestAPageShowsWhatATerminalObeys: the names of strangers' files are printed.
func TestAPageShowsWhatATerminalObeys(t *testing.T) {
	host := &magictest.Host{}
	page := Page{Host: host}
	if err := page.Printf("%s\n", "a\x1b[2J\u202e.png"); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintln(page.Stderr(), "a\x1b[2J\u202e.png"); err != nil {
		t.Fatal(err)
	}
	for _, got := range []string{host.Output(), host.Errors()} {
		if want := `a\u001b[2J\u202e.png` + "\n"; got != want {
			t.Errorf("printed %q, want %q", got, want)
		}
	}
}
