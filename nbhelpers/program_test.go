package nbhelpers

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// speeds are what differs from run to run; a bar is as long as the speed behind it leaves room for.
var speeds = regexp.MustCompile(` · [0-9,.]+/s| · [0-9:]+ left|[█-▏]+░*`)

// TestOutsideOfANotebook runs a program as "go run" does, with its output in a file: everything prints as text.
func TestOutsideOfANotebook(t *testing.T) {
	command := exec.CommandContext(t.Context(), "go", "run", "./testdata/program")
	command.Stdin = strings.NewReader("Ada\n")
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); !strings.HasPrefix(name, "GONB_") && name != warm.EnvRuntimeDir {
			command.Env = append(command.Env, entry)
		}
	}
	var said strings.Builder
	command.Stderr = &said
	printed, err := command.Output()
	if err != nil || said.Len() > 0 {
		t.Fatalf("%v\n%s", err, &said)
	}
	got := speeds.ReplaceAllString(string(printed), "")
	golden := filepath.Join("testdata", "program.golden")
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got; -update rewrites it):\n%s", golden, diff)
	}
}
