package gonb_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/kernel/install"
)

// repaired ends a test where GoNB has its own faults.
func repaired(t *testing.T) {
	t.Helper()
	if !install.Repaired("gonb", filepath.Join(bin(t), "gonb")) {
		need.Lack(t, need.Setup, "a gonb with the corrections of this release: make setup")
	}
}

// A program that ended right after it displayed something lost it: GoNB closed its end of the pipe, whatever was still in it.
func TestWhatIsDisplayedLastIsShown(t *testing.T) {
	repaired(t)
	nb := open(t)
	const count = 1500        // they fit into the pipe, and take GoNB much longer than the program
	nb.ok("%goflags --cover") // whatever is compiled
	code := fmt.Sprintf("import \"github.com/janpfeifer/gonb/gonbui\"\n%%%%\nfor i := range %d {\n\tgonbui.DisplayHTML(fmt.Sprint(\"shown \", i))\n}", count)
	cell, reply := nb.try(t.Context(), code)
	if reply.Error != nil {
		t.Fatal(reply.Error)
	}
	if len(cell.shown) != count {
		t.Errorf("%d of %d displays were shown", len(cell.shown), count)
	}
	if begun := nb.ok("%%\nfmt.Print(1)"); begun != "1" { // a program that displays nothing is not waited for
		t.Errorf("the next cell shows %q", begun)
	}
}

// GoNB passes output on in pieces of 32 KiB; a character that lay across the end of one came as several U+FFFD.
func TestCharactersOfLongOutputAreNotCut(t *testing.T) {
	repaired(t)
	nb := open(t)
	const count = 100_000
	for shift := range 3 { // so that pieces end at each byte of a character
		prefix := strings.Repeat("x", shift)
		want := prefix + strings.Repeat("世", count)
		text := fmt.Sprintf("%q + strings.Repeat(\"世\", %d)", prefix, count)
		for _, code := range []string{
			"%%\nos.Stdout.WriteString(" + text + ")",
			"%%\nos.Stderr.WriteString(" + text + ")",
			fmt.Sprintf("!printf '%s'; yes 世 | head -n %d | tr -d '\\n'", prefix, count),
		} {
			cell, reply := nb.try(t.Context(), code)
			if got := cell.stdout.String() + cell.stderr.String(); got != want {
				t.Errorf("%s: %v, %d characters, %d of them U+FFFD, want %d", code, reply.Error, len([]rune(got)), strings.Count(got, "\ufffd"), len([]rune(want)))
			}
		}
	}
}
