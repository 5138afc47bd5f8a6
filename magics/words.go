package magics

import (
	"fmt"
	"strings"
)

// SplitWords splits a magic's line into words as a shell does: blanks separate, single quotes keep everything, double
// quotes keep everything but \" and \\, and outside of quotes a backslash keeps the next character. Nothing is expanded.
func SplitWords(line string) ([]string, error) {
	words, open := scanWords(line)
	if open != nil {
		return nil, open
	}
	texts := make([]string, len(words))
	for i, w := range words {
		texts[i] = w.text
	}
	return texts, nil
}

// QuoteWord writes a word so that SplitWords reads it back as one.
func QuoteWord(word string) string {
	if word != "" && !strings.ContainsAny(word, special) {
		return word
	}
	return quote(word)
}

func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// special are the characters that split a line's words, join them or begin a redirection.
const special = " \t\n\r'\"\\|<>"

// CompletedWord writes a completion of the word at cursor as the line needs it, so that SplitWords reads it back as one: in
// the quotes that the word begins with, else with backslashes, as shells do. The quotes of a folder stay open for what follows in
// it, and so do those that a front end has closed behind the cursor.
func CompletedWord(completion, line string, cursor int) string {
	cursor = max(0, min(cursor, len(line)))
	start, _, _ := WordAt(line, cursor)
	typed, behind := line[start:cursor], line[cursor:]
	written := ""
	switch {
	case strings.HasPrefix(typed, `"`):
		written = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(completion) + `"`
	case strings.HasPrefix(typed, "'"):
		written = quote(completion)
	default:
		return escape(completion)
	}
	if strings.HasSuffix(completion, "/") || strings.HasPrefix(behind, typed[:1]) {
		return written[:len(written)-1]
	}
	return written
}

// escape puts a backslash before each special character.
func escape(word string) string {
	var b strings.Builder
	for _, c := range []byte(word) {
		if strings.IndexByte(special, c) >= 0 {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// JoinWords is the line that SplitWords splits into these words.
func JoinWords(words []string) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = QuoteWord(w)
	}
	return strings.Join(quoted, " ")
}

// WordAt returns where the word that ends at cursor begins, as a byte offset in line, the word as far as it is typed,
// and the finished words before it. A quote that is still open counts as part of the word.
func WordAt(line string, cursor int) (start int, word string, before []string) {
	cursor = max(0, min(cursor, len(line)))
	words, _ := scanWords(line[:cursor])
	for _, w := range words {
		if w.end == cursor {
			return w.start, w.text, before
		}
		before = append(before, w.text)
	}
	return cursor, "", before
}

// A word is one argument with the place it came from.
type word struct {
	text       string
	start, end int  // byte offsets in the line
	quoted     bool // whether any of it stood in quotes or after a backslash
}

// scanWords splits a line; an unclosed quote or a last backslash is an error, with the words so far.
func scanWords(line string) (words []word, err error) {
	var text strings.Builder
	current := word{start: -1}
	var quote byte
	quoteAt := 0
	begin := func(at int) {
		if current.start < 0 {
			current.start = at
		}
	}
	finish := func(at int) {
		if current.start < 0 {
			return
		}
		current.text, current.end = text.String(), at
		words = append(words, current)
		current = word{start: -1}
		text.Reset()
	}
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == '\'':
			text.WriteByte(c)
		case c == '\\':
			begin(i)
			current.quoted = true
			if i+1 == len(line) {
				finish(len(line))
				return words, fmt.Errorf("the line ends in a backslash: remove it, or write \\\\ for a backslash")
			}
			next := line[i+1]
			if quote == '"' && next != '"' && next != '\\' {
				text.WriteByte(c)
				break
			}
			text.WriteByte(next)
			i++
		case quote == '"':
			text.WriteByte(c)
		case c == '\'' || c == '"':
			begin(i)
			quote, quoteAt, current.quoted = c, i, true
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			finish(i)
		default:
			begin(i)
			text.WriteByte(c)
		}
	}
	finish(len(line))
	if quote != 0 {
		return words, fmt.Errorf("the quote %c before %q is not closed: close it, or write \\%c for the character itself",
			quote, clip(line[quoteAt+1:], 20), quote)
	}
	return words, nil
}

// clip shortens a text for an error message.
func clip(s string, limit int) string {
	runes := []rune(s)
	if len(runes) <= limit {
		return s
	}
	return string(runes[:limit]) + "..."
}
