package source

import (
	"slices"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/diagnosis"
)

// someFiles are n different files for each class; their content is not looked at.
func someFiles(n int, classes ...string) map[string]string {
	files := map[string]string{}
	for _, class := range classes {
		for i := range n {
			name := class + "/a" + string(rune('a'+i)) + ".png"
			files[name] = name
		}
	}
	return files
}

func mustOpen(t testing.TB, dir string, o Options) Layout {
	t.Helper()
	l, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func wantError(t testing.TB, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("error %v, want one with %q", err, text)
	}
}

func paths(l Layout) []string {
	var list []string
	for _, c := range l.Candidates {
		list = append(list, c.Path)
	}
	return list
}

// reasonFor is why a file was skipped; empty if it was not.
func reasonFor(l Layout, path string) string {
	i := slices.IndexFunc(l.Skipped, func(s Skipped) bool { return s.Path == path })
	if i < 0 {
		return ""
	}
	return l.Skipped[i].Reason
}

func noteOf(l Layout, code string) (diagnosis.Diagnosis, bool) {
	i := slices.IndexFunc(l.Notes, func(n diagnosis.Diagnosis) bool { return n.Code == code })
	if i < 0 {
		return diagnosis.Diagnosis{}, false
	}
	return l.Notes[i], true
}

// defaults are options without a state folder.
func defaults() Options {
	return Options{MaxFiles: 2_000_000, Progress: func(int, int, string) {}}
}

// options are the defaults with changes.
func options(change func(*Options)) Options {
	o := defaults()
	change(&o)
	return o
}
