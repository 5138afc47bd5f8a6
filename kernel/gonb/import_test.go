package gonb_test

import (
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// pinned lists the packages of other modules that cells import without a checksum database.
func pinned(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, file := range []string{"../../nbhelpers/pins.go", "../../models/pins.go"} {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			list = append(list, imported)
		}
	}
	return list
}

// isolatedVar tells a test that it runs in a process that has no network.
const isolatedVar = "HEADSTART_TEST_ISOLATED"

// isolated runs the calling test again in a process without network interfaces, in which Go's module cache has no part of
// the checksum database. It returns false in that process, which is to do the work.
func isolated(t *testing.T) bool {
	t.Helper()
	if os.Getenv(isolatedVar) != "" {
		return false
	}
	bin(t) // skips without GoNB
	cache, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatalf("ask the go command for its module cache: %v", err)
	}
	// What the packages need is to lie in the module cache, as after an installation and a first use.
	list := exec.Command("go", "list", "-deps", "-tags=pins", "./nbhelpers/...", "./models/...")
	list.Dir = "../.."
	if out, err := list.CombinedOutput(); err != nil {
		need.Lack(t, need.Network, "the modules of go.mod are not in Go's module cache: "+string(out))
	}
	unshare, err := exec.LookPath("unshare")
	if err != nil || exec.Command(unshare, "-rnm", "true").Run() != nil {
		need.Lack(t, need.System, "`unshare -rnm`, which makes a process without a network, does not work here")
	}
	database := filepath.Join(strings.TrimSpace(string(cache)), "cache", "download", "sumdb")
	script := `[ ! -d "$1" ] || mount -t tmpfs none "$1" || exit 1; shift; exec "$@"`
	again := exec.CommandContext(t.Context(), unshare, "-rnm", "sh", "-c", script, "sh", database, os.Args[0],
		"-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=10m")
	again.Env = append(os.Environ(), isolatedVar+"=1")
	out, err := again.CombinedOutput()
	if err != nil {
		t.Errorf("without a network: %v\n%s", err, out)
	}
	t.Logf("%s", out)
	return true
}

func TestCellsImportWithoutChecksumDatabase(t *testing.T) {
	if isolated(t) {
		return
	}
	ownSettings(t)
	main := []string{
		"github.com/headstart-nb/headstart/nbhelpers", "github.com/headstart-nb/headstart/models", "github.com/gomlx/gomlx/core/graph",
		"github.com/gomlx/gomlx/ml/layers", "github.com/janpfeifer/gonb/gonbui",
	}
	for flags, packages := range map[string][]string{"": append(pinned(t), main...), "-mod=mod": main} {
		t.Setenv("GOFLAGS", flags)
		nb := open(t)
		for _, imported := range packages {
			code := "import _ " + strconv.Quote(imported) + "\n%%\nfmt.Println(\"built\")"
			if cell, reply := nb.try(t.Context(), code); reply.Status != wire.StatusOK || cell.stdout.String() != "built\n" {
				t.Errorf("GOFLAGS=%s, import %q: %v %s", flags, imported, reply.Error, cell.stderr.String())
			}
			nb.ok("%reset")
		}
	}
}

// plainGo skips a test where the go command alone, as plain GoNB calls it, gets no program that imports a package.
func plainGo(t *testing.T, imported string) {
	t.Helper()
	folder := t.TempDir()
	text := "package main\n\nimport _ " + strconv.Quote(imported) + "\n\nfunc main() {}\n"
	if err := os.WriteFile(filepath.Join(folder, "main.go"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"mod", "init", "plain"}, {"get"}, {"build", "-o", os.DevNull}} {
		cmd := exec.Command("go", args...)
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			need.Lack(t, need.Network, "the go command does not get "+imported+": "+string(out))
		}
	}
}

// go.mod says nothing of the first, and not enough of the second: its folder is in the module cache, and what it imports is
// in no requirement.
func TestCellsImportWhatGoMustGet(t *testing.T) {
	for _, imported := range []string{"github.com/google/btree", "gonum.org/v1/plot/cmpimg"} {
		t.Run(imported, func(t *testing.T) {
			plainGo(t, imported)
			nb := open(t)
			if out := nb.ok("import _ " + strconv.Quote(imported) + "\n%%\nfmt.Println(\"built\")"); out != "built\n" {
				t.Errorf("output %q", out)
			}
		})
	}
}

// Of a package that the user is writing, an error says where it is, once, and not that it came while GoNB's program was rewritten.
func TestAnErrorInAnImportedPackage(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.com/mine\n\ngo 1.26\n", "mine.go": "package mine\n\nfunc Two() int { return two }\n"} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	nb := open(t)
	nb.ok("!*go mod edit -require example.com/mine@v0.0.0 -replace example.com/mine=" + folder)
	_, failure := nb.fails("import \"example.com/mine\"\nmine.Two()")
	want := filepath.Join(folder, "mine.go") + ":3:25: undefined: two"
	if failure.EName != "CompileError" || failure.EValue != want {
		t.Errorf("%s: %s, want %s", failure.EName, failure.EValue, want)
	}
}
