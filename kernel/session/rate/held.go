package rate

import (
	"slices"
	"unicode/utf8"
)

// Held is text of a cell that waits until there is room for it. Above the rate the texts of each stream are joined, so that a program
// which writes to both by turns sends two messages, not thousands. Its zero value is empty.
type Held struct{ texts []heldText }

type heldText struct {
	name string // of the stream
	text []byte
}

// Empty reports whether nothing waits.
func (h *Held) Empty() bool { return len(h.texts) == 0 }

// Add appends text to what waits of its stream.
func (h *Held) Add(name, text string) {
	at := slices.IndexFunc(h.texts, func(t heldText) bool { return t.name == name })
	if at < 0 {
		at = len(h.texts)
		h.texts = append(h.texts, heldText{name: name})
	}
	h.texts[at].text = append(h.texts[at].text, text...)
}

// Next takes out the beginning of what waits, of at most so many bytes in JSON; an empty text where none fits.
func (h *Held) Next(room int) (name, text string) {
	first := &h.texts[0]
	n := fitting(first.text, room)
	name, text = first.name, string(first.text[:n])
	if first.text = first.text[n:]; len(first.text) == 0 {
		h.texts = slices.Delete(h.texts, 0, 1)
	}
	return name, text
}

// Rest takes out all that waits.
func (h *Held) Rest() string {
	var all []byte
	for _, t := range h.texts {
		all = append(all, t.text...)
	}
	h.texts = nil
	return string(all)
}

// fitting is the length of the longest beginning of text that takes at most so many bytes in JSON and ends with a whole character.
func fitting(text []byte, most int) int {
	n := 0
	for i, b := range text {
		if utf8.RuneStart(b) {
			n = i
		}
		if most -= sizeInJSON(b); most < 0 {
			return n
		}
	}
	return len(text)
}

func sizeInJSON(b byte) int {
	switch {
	case b == '"', b == '\\', b == '\n', b == '\r', b == '\t', b == '\b', b == '\f':
		return 2
	case b < ' ':
		return 6
	}
	return 1
}

// CutRune counts the bytes at the end of text that begin a character without completing it.
func CutRune(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if b := text[len(text)-n]; utf8.RuneStart(b) {
			if b >= utf8.RuneSelf && !utf8.FullRune(text[len(text)-n:]) {
				return n
			}
			return 0
		}
	}
	return 0
}
