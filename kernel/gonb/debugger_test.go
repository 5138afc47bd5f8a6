package gonb

import "testing"

func TestOnlyLinesOfTheCellAreDebugged(t *testing.T) {
	for _, test := range []struct {
		code, text string
		want       bool
	}{
		{"x := 1", "x := 1", true},
		{"\nx := 1", "%help\nx := 1", true},   // the session pads what comes behind a magic
		{"x := 1\n\n", "x := 1\n%help", true}, // and leaves out what comes then
		{"x := 1", "%timeit x := 1", false},   // a magic runs code of its own
		{"a\nb", "a\r\nb", true},              // the lines of another system
		{"x := 1\ny := 2", "x := 1", false},
	} {
		if got := hasLinesOf(test.code, test.text); got != test.want {
			t.Errorf("%q of %q: %t", test.code, test.text, got)
		}
	}
}
