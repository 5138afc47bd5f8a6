package gotool

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestGuard(t *testing.T) {
	base := t.TempDir()
	module := filepath.Join(base, "gonb_1")
	below := filepath.Join(module, "below")
	if err := os.MkdirAll(below, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, folder := range []string{base, below} {
		if err := os.WriteFile(filepath.Join(folder, "go.work"), []byte("go 1.26\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, test := range map[string]struct {
		dir             string
		env             []string
		workspace, flag string
	}{
		"the module of the cells":         {module, nil, "off", "-buildvcs=false"},
		"variables that are set to empty": {module, []string{"GOWORK=", "GOFLAGS="}, "off", "-buildvcs=false"},
		"a workspace in the module":       {below, nil, filepath.Join(below, "go.work"), "-buildvcs=false"},
		"a workspace that the user names": {module, []string{"GOWORK=/x/go.work"}, "/x/go.work", "-buildvcs=false"},
		"flags that the user sets":        {module, []string{"GOFLAGS=-mod=mod -buildvcs=true"}, "off", "-mod=mod -buildvcs=true"},
		"a folder of the user's":          {base, nil, "", ""},
		"a folder with a like name":       {module + "2", []string{"GOFLAGS=-race"}, "", "-race"},
	} {
		tool := &Tool{Dir: test.dir, Env: append(test.env, WorkVar+"="+module)}
		tool.guard()
		// The program that takes over reads the first entry, this one the last: there has to be only one.
		for variable, want := range map[string]string{"GOWORK=": test.workspace, "GOFLAGS=": test.flag} {
			var values []string
			for _, entry := range tool.Env {
				if value, ok := strings.CutPrefix(entry, variable); ok {
					values = append(values, value)
				}
			}
			if len(values) > 1 || len(values) == 1 && values[0] != want || len(values) == 0 && want != "" {
				t.Errorf("%s: %s%q, wanted %q", name, variable, values, want)
			}
		}
	}
}

// The variable GOFLAGS hides what `go env -w` has set, which is the user's own choice.
func TestGuardKeepsTheUsersFile(t *testing.T) {
	settings := filepath.Join(t.TempDir(), "env")
	if err := os.WriteFile(settings, []byte("GOFLAGS=-tags=mine\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOENV", settings)
	w := newWorkspace(t)
	tool := &Tool{Dir: w.dir, Env: w.env}
	tool.guard()
	if flags := tool.getenv("GOFLAGS"); flags != "-tags=mine -buildvcs=false" {
		t.Errorf("GOFLAGS is %q", flags)
	}
}
