package magics

import (
	"context"
	"fmt"
	"strings"
)

// Any as the Max of Args means that there is no limit.
const Any = -1

// Args says how many arguments a command takes besides its flags, and which. The zero value takes none.
type Args struct {
	Min, Max int
	// Complete offers candidates for the word that follows the arguments before; nil offers nothing. The caller keeps those
	// that begin with word.
	Complete func(ctx context.Context, before []string, word string) []string
}

func (a Args) check(args []string, use string) error {
	_, shown, _ := strings.Cut(use, " ")
	switch {
	case len(args) < a.Min && shown != "":
		return fmt.Errorf("%s is missing", strings.Join(strings.Fields(shown)[min(len(args), len(strings.Fields(shown))-1):], " "))
	case len(args) < a.Min:
		return fmt.Errorf("%s needed; got %d", count(a.Min, "argument"), len(args))
	case a.Max == 0 && len(args) > 0:
		return fmt.Errorf("unexpected argument %q: the magic takes none", args[0])
	case a.Max != Any && len(args) > a.Max:
		return fmt.Errorf("unexpected argument %q: the magic takes at most %d", args[a.Max], a.Max)
	}
	return nil
}

func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
