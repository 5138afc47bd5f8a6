package cell

import (
	"testing"

	"github.com/headstart-nb/headstart/kernel/wire"
)

func TestCompleteness(t *testing.T) {
	for _, test := range []struct{ code, status, indent string }{
		{"", wire.Complete, ""},
		{"import \"fmt\"", wire.Complete, ""},
		{"var x = 1", wire.Complete, ""},
		{"func f() int { return 1 }", wire.Complete, ""},
		{"func f() {", wire.Incomplete, "    "},
		{"func f() {\n\tif true {", wire.Incomplete, "        "},
		{"func f() {\n\tif true {\n\t}", wire.Incomplete, "    "},
		{"func f(", wire.Incomplete, "    "},
		{"import (", wire.Incomplete, "    "},
		{"var x =", wire.Incomplete, ""},
		{"var x = 1 +", wire.Incomplete, ""},
		{"var s = `raw", wire.Incomplete, ""},
		{"/* comment", wire.Incomplete, ""},
		{"var s = \"open", wire.Invalid, ""},
		{"func f() }", wire.Invalid, ""},
		{"func f() { x := := }", wire.Invalid, ""},
		{"func f() (", wire.Incomplete, "    "},
		{"x := 1", wire.Complete, ""},
		{"1 + 2", wire.Complete, ""},
		{"f(1)", wire.Complete, ""},
		{"hello there", wire.Invalid, ""},
		{"%%", wire.Incomplete, ""},
		{"%%\n", wire.Incomplete, ""},
		{"%%\n\n", wire.Complete, ""},
		{"%main -v", wire.Incomplete, ""},
		{"//gonb:%%", wire.Incomplete, ""},
		{"%%bash", wire.Incomplete, ""},
		{"%%bash\n", wire.Incomplete, ""},
		{"%%bash\n\n", wire.Complete, ""},
		{"%%bash -x \\", wire.Incomplete, ""},
		{"!echo a \\", wire.Incomplete, ""},
		{"!echo a \\\n", wire.Incomplete, ""},
		{"!echo a \\\nb", wire.Complete, ""},
		{"%cd \\", wire.Incomplete, ""},
		{"!ls", wire.Complete, ""},
		{"!*pwd", wire.Complete, ""},
		{"import fmt", wire.Invalid, ""},
		{"import fmt\n", wire.Invalid, ""},
		{"import", wire.Incomplete, ""},
		{"var x", wire.Invalid, ""},
		{"type T struct", wire.Incomplete, ""},
		{"type T struct {", wire.Incomplete, "    "},
		{"1 +", wire.Incomplete, ""},
		{"1 +\n", wire.Incomplete, ""},
		{"len(x", wire.Incomplete, "    "},
		{"[]int{", wire.Incomplete, "    "},
		{"%%\nif x", wire.Invalid, ""},
		{"%%\nx :=", wire.Incomplete, ""},
		{"%%\nx := 1", wire.Complete, ""},
		{"%%\nfor i := range 3 {", wire.Incomplete, "    "},
		{"%%\nx := 1\n}", wire.Invalid, ""},
		{"%%\nx := := 1", wire.Invalid, ""},
		{"func f() {\n%%\nx := 1", wire.Invalid, ""},
		{"import \"fmt\"\n%%\nfmt.Println()", wire.Complete, ""},
		{"%train --epochs 3", wire.Complete, ""},
		{"%%bash\nfor x in (", wire.Complete, ""},
		{"!ls (", wire.Complete, ""},
		{"!ls\nfunc f() {", wire.Incomplete, "    "},
		{"%train\nfunc f() {", wire.Incomplete, "    "},
		{"var s = `\n%train\n`", wire.Complete, ""},
	} {
		status, indent := Completeness(test.code)
		if status != test.status || indent != test.indent {
			t.Errorf("%q: %s with indent %q, want %s with %q", test.code, status, indent, test.status, test.indent)
		}
	}
}

func FuzzCompleteness(f *testing.F) {
	f.Add("func f() {\n%%\n!x\n`")
	f.Add("%%bash\n(")
	f.Add("%main\nx := \"\\")
	f.Fuzz(func(t *testing.T, code string) {
		status, indent := Completeness(code)
		if indent != "" && status != wire.Incomplete {
			t.Errorf("%s with an indent", status)
		}
	})
}
