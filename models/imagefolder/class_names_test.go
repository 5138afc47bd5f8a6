package imagefolder

import (
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/testfile"
)

func TestClassNames(t *testing.T) {
	for want, classes := range map[string][]string{
		"Cat and cat":                       {"Cat", "cat", "dog"},
		`"cafe\u0301" and "caf\u00e9"`:      {"cafe\u0301", "caf\u00e9", "dog"},
		"cat and cat .":                     {"cat ", "cat"},
		"as in Keras: 0, 1, 10, 2":          {"0", "1", "2", "10"},
		"as in Keras: 1, 10, 2, 3, 4 and 1": {"1", "2", "3", "4", "5", "10"},
	} {
		d := mustLoad(t, testfile.Write(t, someFiles(t, 1, classes...)), DefaultOptions())
		n, _ := noteOf(d, CodeClassNames)
		if !strings.Contains(n.Sentence, want) || n.Fix == "" || strings.HasPrefix(want, "as") != (n.Severity == diagnosis.Note) {
			t.Errorf("%q: %+v, want %q", classes, n, want)
		}
	}
	for _, classes := range [][]string{{"00", "01", "02", "10"}, {"1", "2"}, {"a1", "a10", "a2"}} {
		if n, ok := noteOf(mustLoad(t, testfile.Write(t, someFiles(t, 1, classes...)), DefaultOptions()), CodeClassNames); ok {
			t.Errorf("%q: %+v", classes, n)
		}
	}
}
