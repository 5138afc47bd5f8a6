package inference

import "bytes"

// CheckArray refuses an array of JSON with too many elements before one is decoded: an element of two bytes can become a hundred. The
// text must be JSON; what is no array is left to whoever decodes it.
func CheckArray(what string, text []byte, most int) error {
	if text = bytes.TrimLeft(text, " \t\r\n"); len(text) == 0 || text[0] != '[' {
		return nil
	}
	for depth, commas, i := 0, 0, 0; i < len(text); i++ {
		switch text[i] {
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case '"':
			i = endOfText(text, i)
		case ',':
			if depth > 1 {
				continue
			}
			if commas++; commas >= most {
				return &LimitError{What: what, Limit: int64(most)}
			}
		}
	}
	return nil
}

// endOfText is where the text of JSON ends that begins at a quote.
func endOfText(text []byte, at int) int {
	for at++; ; at++ {
		n := bytes.IndexAny(text[at:], `"\`)
		if n < 0 {
			return len(text)
		}
		if at += n; text[at] == '"' {
			return at
		}
		if at++; at >= len(text) { // the byte behind a backslash is no end
			return at
		}
	}
}
