package visible

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "",
		"two\nlines\tand a tab": "two\nlines\tand a tab",
		"Zürich 世界 █▁ 👩‍👩‍👧":             "Zürich 世界 █▁ 👩‍👩‍👧",
		"\x1b]0;title\a\x1b[2J":          `\u001b]0;title\u0007\u001b[2J`,
		"over\rwritten\b":                `over\u000dwritten\u0008`,
		"\u009b2J, an escape in C1":      `\u009b2J, an escape in C1`,
		"\x9b2J in Latin-1":              `\x9b2J in Latin-1`,
		"gpj.\u202egnp":                  `gpj.\u202egnp`,
		"\u2066isolated\u2069\u200e\x7f": `\u2066isolated\u2069\u200e\u007f`,
	} {
		if got := Text(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestJSONStaysTheSame(t *testing.T) {
	const name = "a\u009b\u202e\x7f\x1b\nb"
	encoded, err := json.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	var decoded string
	if err := json.Unmarshal([]byte(Text(string(encoded))), &decoded); err != nil || decoded != name {
		t.Errorf("%q, %v", decoded, err)
	}
}

func FuzzText(f *testing.F) {
	f.Add("\x1b[31m\xff\u202e")
	f.Fuzz(func(t *testing.T, text string) {
		shown := Text(text)
		if !utf8.ValidString(shown) || strings.ContainsFunc(shown, obeyed) || Text(shown) != shown {
			t.Errorf("%q is shown as %q", text, shown)
		}
		var to strings.Builder
		w := Writer(&to)
		for i := range len(text) {
			if n, err := w.Write([]byte{text[i]}); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		if _, err := w.Write([]byte{'.'}); err != nil || to.String() != shown+"." {
			t.Errorf("%q was written byte by byte as %q, %v", text, to.String(), err)
		}
	})
}
