package position

import (
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/headstart-nb/headstart/kernel/gonb/gopls"
)

func TestIsLocal(t *testing.T) {
	for text, want := range map[string]bool{
		"package main; var x int\nfunc f(x string) string { return ‸x }":        true,
		"package main; var x int\nfunc f(‸x string) {}":                         true,
		"package main; var x int\nfunc (x T) f() { x‸ }":                        true,
		"package main; var x int\nfunc f() int { return ‸x }":                   false,
		"package main; var x int\nfunc f() { var x = 1; ‸x }":                   true,
		"package main; func f() int { return ‸x }\nvar x int":                   false,
		"package main; func main() {\nx := 1; _ = \"😀\"; g(‸x)\n}":              false,
		"package main; func main() {\nvar x, y = 1, 2; _ = y‸\n}":               false,
		"package main; func main() {\nfor x := range 3 { g(‸x) }\n}\nvar x int": true,
		"package main; func main() {\nf := func(x int) int { return ‸x }\n}":    true,
		"package main; func main() {\nif x := 1; x > 0 { ‸x }\n}":               true,
		"package main; func main() {\nfmt.Println(‸x\n}\nvar x int":             false,
		"package main; func f() { x.‸y }\nvar x, y T":                           false,
		"‸": false,
	} {
		before, after, _ := strings.Cut(text, "‸")
		line := strings.Count(before, "\n")
		at := gopls.Position{Line: line, Character: len(utf16.Encode([]rune(before[strings.LastIndexByte(before, '\n')+1:])))}
		if got := IsLocal(before+after, at); got != want {
			t.Errorf("%s: %t", text, got)
		}
	}
	for _, at := range []gopls.Position{{Line: 9, Character: 1}, {Line: 0, Character: 99}} {
		if IsLocal("package main\n", at) {
			t.Errorf("%v is a name", at)
		}
	}
}
