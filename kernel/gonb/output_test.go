package gonb_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/kernel/install"
)

// GoNB passes output on in pieces of 32 KiB; a character that lay across the end of one came as several U+FFFD.
func TestCharactersOfLongOutputAreNotCut(t *testing.T) {
	if !install.Repaired("gonb", filepath.Join(bin(t), "gonb")) {
		need.Lack(t, need.Setup, "a gonb with the corrections of this release: make setup")
	}
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
