package magics

import (
	"fmt"
	"go/token"
	"strings"
)

// ExpandVariables replaces the words @NAME of a line by the files that the variable NAME stands for, as resolve says. A word
// whose variable is not known stays as it is: magics have names of their own, such as the @val of a dataset. @@NAME is the
// word @NAME whatever variables there are, and so is one in quotes.
//
// A kernel calls it before a magic, so that all magics take variables alike.
func ExpandVariables(line string, resolve func(name string) (files string, known bool, err error)) (string, error) {
	words, err := scanWords(line)
	if err != nil {
		return line, nil // the magic says what is wrong with its line
	}
	var b strings.Builder
	at := 0
	for _, w := range words {
		if _, sends := outputKind(w.text); sends && !w.quoted {
			break // what follows belongs to a shell, or names a target
		}
		name, ok := strings.CutPrefix(w.text, "@")
		if !ok || w.quoted {
			continue
		}
		if rest, escaped := strings.CutPrefix(name, "@"); escaped {
			b.WriteString(line[at:w.start] + "@" + rest)
			at = w.end
			continue
		}
		if !token.IsIdentifier(name) {
			continue
		}
		files, known, err := resolve(name)
		if err != nil {
			return line, fmt.Errorf("use the variable %s: %w", name, err)
		}
		if known {
			b.WriteString(line[at:w.start] + quoteWord(files))
			at = w.end
		}
	}
	return b.String() + line[at:], nil
}

func quoteWord(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
