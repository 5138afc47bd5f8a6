package gonbrepair

import (
	"io"
	"unicode/utf8"
)

// wholeReader reads text so that no read ends within a character, but for the last one. It needs buffers of at least
// utf8.UTFMax bytes.
type wholeReader struct {
	from io.Reader
	rest []byte // the beginning of a character whose end was not read yet
}

// Read reads at least one whole character.
func (r *wholeReader) Read(p []byte) (int, error) {
	if len(p) < utf8.UTFMax {
		return 0, io.ErrShortBuffer
	}
	n := copy(p, r.rest)
	r.rest = nil
	for {
		m, err := r.from.Read(p[n:])
		n += m
		if err != nil {
			return n, err
		}
		if whole := wholeCharacters(p[:n]); whole > 0 {
			r.rest = append(r.rest, p[whole:n]...)
			return whole, nil
		}
	}
}

// wholeCharacters is the length of a text without the beginning of a character at its end. Bytes that are not UTF-8 are
// left as they are.
func wholeCharacters(text []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if tail := text[len(text)-n:]; utf8.RuneStart(tail[0]) {
			if utf8.FullRune(tail) {
				break
			}
			return len(text) - n
		}
	}
	return len(text)
}
