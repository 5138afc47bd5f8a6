package magics_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/headstart-nb/headstart/magics"
)

func TestSplitWords(t *testing.T) {
	for line, want := range map[string][]string{
		"":                       nil,
		"  a\tb  ":               {"a", "b"},
		`--head "dense:256, x"`:  {"--head", "dense:256, x"},
		`'it''s' "a \"b\" \n"`:   {"its", `a "b" \n`},
		`a\ b '' ""`:             {"a b", "", ""},
		`x'y z'w`:                {"xy zw"},
		`'\'`:                    {`\`},
		"$HOME ~ *.png a=b #c":   {"$HOME", "~", "*.png", "a=b", "#c"},
		"caf\u00e9 \u65e5\u672c": {"caf\u00e9", "\u65e5\u672c"},
	} {
		got, err := magics.SplitWords(line)
		if err != nil {
			t.Errorf("%s: %v", line, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", line, diff)
		}
	}
}

func TestWordAt(t *testing.T) {
	for _, c := range []struct {
		line   string
		cursor int
		start  int
		word   string
		before []string
	}{
		{"load pic", 8, 5, "pic", []string{"load"}},
		{"load ", 5, 5, "", []string{"load"}},
		{"load images", 7, 5, "im", []string{"load"}},
		{`load "my pic`, 12, 5, "my pic", []string{"load"}},
		{"", 0, 0, "", nil},
		{"load", 99, 0, "load", nil},
		{"load", -1, 0, "", nil},
	} {
		start, word, before := magics.WordAt(c.line, c.cursor)
		if start != c.start || word != c.word || !cmp.Equal(before, c.before, cmpopts.EquateEmpty()) {
			t.Errorf("%q at %d: %d %q %q", c.line, c.cursor, start, word, before)
		}
	}
}

func TestCompletedWord(t *testing.T) {
	for _, c := range []struct {
		completion, before, behind, want string
	}{
		{"plan.txt", "load pl", "", "plan.txt"},
		{"images/", "load im", "", "images/"},
		{"my images/", "load my", "", `my\ images/`},
		{"my images/a cat.png", `load my\ images/a`, "", `my\ images/a\ cat.png`},
		{`odd|<\>".png`, "load o", "", `odd\|\<\\\>\".png`},
		{"my images/", "load 'my", "", "'my images/"},
		{"my images/a cat.png", "load 'my images/a", "", "'my images/a cat.png'"},
		{"my images/a cat.png", "load 'my images/a", "'", "'my images/a cat.png"}, // the front end has closed it
		{"my images/", `load "my`, "", `"my images/`},
		{`a "b" \c`, `load "a`, "", `"a \"b\" \\c"`},
		{"images/", "load 'im", "", "'images/"}, // front ends filter by what is typed
		{"it's", "load it", "", `it\'s`},
		{"--out=my images/", "load --out=my", "", `--out=my\ images/`},
		{"two words", "load ", "", `two\ words`},
	} {
		line := c.before + c.behind
		got := magics.CompletedWord(c.completion, line, len(c.before))
		if got != c.want {
			t.Errorf("%q for %q: %s, want %s", c.completion, line, got, c.want)
		}
		start, _, _ := magics.WordAt(line, len(c.before))
		completed := line[:start] + got // what the next completion sees
		if _, word, _ := magics.WordAt(completed, len(completed)); word != c.completion {
			t.Errorf("%s is read as %q", completed, word)
		}
	}
}

func FuzzQuoteWord(f *testing.F) {
	f.Add("plain")
	f.Add("two words")
	f.Add(`it's "quoted" \ `)
	f.Add("")
	f.Fuzz(func(t *testing.T, word string) {
		got, err := magics.SplitWords(magics.JoinWords([]string{word, "x", word}))
		if err != nil || !cmp.Equal(got, []string{word, "x", word}) {
			t.Errorf("%q became %q, error %v", word, got, err)
		}
	})
}
