package display

import (
	"regexp"
	"testing"
)

// MathJax looks for both ends of a formula in the text of one element.
func TestTextForAPageIsNotTypeset(t *testing.T) {
	formula := regexp.MustCompile(`\$[^<]*\$|\\[^<]`)
	for in, want := range map[string]string{
		"from $5 to $10": "from <span>$</span>5 to <span>$</span>10", `a\(b\)`: `a<span>\</span>(b<span>\</span>)`,
		`<img src="x">`: "&lt;img src=&#34;x&#34;&gt;", "plain": "plain", "$$x$$": "<span>$</span><span>$</span>x<span>$</span><span>$</span>",
	} {
		if got := EscapeHTML(in); got != want || formula.MatchString(got) {
			t.Errorf("EscapeHTML(%q) = %q, want %q", in, got, want)
		}
	}
}
