package imagefolder

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Printable is a file's or a class's name for people: as it is where every character can be seen, else quoted with escapes,
// so that a name with a line break or with bytes that are no text can neither hide nor break a table.
func Printable(name string) string {
	if utf8.ValidString(name) && !strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return name
	}
	return strconv.Quote(name)
}
