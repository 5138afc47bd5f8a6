package gonb_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/internal/testfile"
	"github.com/headstart-nb/headstart/kernel/gonb"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// sharedTemp makes TMPDIR a folder as /tmp is, in which another user has left files.
func sharedTemp(t *testing.T, files map[string]string) string {
	t.Helper()
	shared, err := os.MkdirTemp("", "hs") // short, for sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(shared) })
	if err := os.Chmod(shared, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		file := filepath.Join(shared, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("TMPDIR", shared)
	return shared
}

// strangers are files that another user may leave in a shared folder.
var strangers = map[string]map[string]string{
	"a broken workspace":                 {"go.work": "this is no workspace\n"},
	"a workspace for an unknown release": {"go.work": "go 1.99.1\n"},
	"an empty repository":                {".git/HEAD": ""},
	"a module for an unknown toolchain":  {"go.mod": "module evil\n\ngo 1.99.1\n\ntoolchain go1.99.1\n"},
}

// ownSettings keeps the settings of whoever runs the tests out of them.
func ownSettings(t *testing.T) {
	t.Helper()
	for name, value := range map[string]string{"GOENV": "off", "GOPROXY": "off", "GOFLAGS": "", "GOWORK": "", "GOTOOLCHAIN": ""} {
		t.Setenv(name, value)
	}
}

func TestFilesOfAnotherUserHaveNoSay(t *testing.T) {
	for name, files := range strangers {
		t.Run(name, func(t *testing.T) {
			ownSettings(t)
			shared := sharedTemp(t, files)
			nb := open(t)
			for range 2 { // the second one follows the plan of the first
				if out := nb.ok("%%\nfmt.Println(\"mine\")"); out != "mine\n" {
					t.Errorf("the cell printed %q", out)
				}
			}
			if folder := closed(shared, nb.module()); folder == "" {
				t.Errorf("%s lies in no private folder", nb.module())
			}
		})
		t.Run(name+", without a stand-in for go", func(t *testing.T) {
			ownSettings(t)
			sharedTemp(t, files)
			nb := openWith(t, withoutStandIn(t))
			if out := nb.ok("%%\nfmt.Println(\"mine\")"); out != "mine\n" {
				t.Errorf("the cell printed %q", out)
			}
		})
	}
}

// The attack: a workspace in the shared folder takes in the cells' module and replaces one that a cell imports.
func TestWorkspaceOfAnotherUserReplacesNothing(t *testing.T) {
	ownSettings(t)
	shared := sharedTemp(t, map[string]string{
		"evil/go.mod":           "module github.com/janpfeifer/gonb\n\ngo 1.26.5\n",
		"evil/gonbui/gonbui.go": "package gonbui\n\nconst IsNotebook = true\n\nfunc init() { println(\"evil\") }\n\nfunc Sync() {}\n",
	})
	nb := open(t)
	workspace := "go 1.99\n\nuse " + nb.module() + "\n\nreplace github.com/janpfeifer/gonb => ./evil\n"
	workspace = strings.Replace(workspace, "1.99", strings.TrimPrefix(strings.Fields(runtime.Version())[0], "go"), 1)
	if err := os.WriteFile(filepath.Join(shared, "go.work"), []byte(workspace), 0o644); err != nil {
		t.Fatal(err)
	}
	cell, reply := nb.try(t.Context(), "import \"github.com/janpfeifer/gonb/gonbui\"\n%%\nfmt.Println(\"mine\", gonbui.IsNotebook)")
	if reply.Status != wire.StatusOK || cell.stdout.String() != "mine true\n" || strings.Contains(cell.stderr.String(), "evil") {
		t.Errorf("the cell printed %q and %q, %v", cell.stdout.String(), cell.stderr.String(), reply.Error)
	}
}

// A workspace that the user makes in the cells' module keeps its use.
func TestOwnWorkspaceIsUsed(t *testing.T) {
	ownSettings(t)
	nb := open(t)
	library := t.TempDir()
	for name, text := range map[string]string{
		"go.mod": "module example.com/library\n\ngo 1.26.5\n", "library.go": "package library\n\nconst Word = \"own\"\n",
	} {
		if err := os.WriteFile(filepath.Join(library, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	nb.ok("!true")
	nb.completes("%%\nfmt.Printl", "Println") // gopls runs, and knows of no workspace
	nb.ok("!*go work init . && go work use " + library)
	nb.completes("import \"example.com/library\"\n%%\nfmt.Println(library.Wo", "Word")
	// `go get` knows of no workspace, see GoNB's notes on go.work: the module is named to it, too.
	if out := nb.ok("%goworkfix\nimport \"example.com/library\"\n%%\nfmt.Println(library.Word)"); !strings.HasSuffix(out, "own\n") {
		t.Errorf("the cell printed %q", out)
	}
	if out := nb.ok("!*go env GOWORK"); strings.TrimSpace(out) != filepath.Join(nb.module(), "go.work") {
		t.Errorf("GOWORK is %q", out)
	}
}

// TestANotebookInAStrangersModule: the folder of the notebook lies in a module that asks for another toolchain, beside settings of go
// and secrets for a proxy. Nothing of them is read: the proxy is asked for nothing.
func TestANotebookInAStrangersModule(t *testing.T) {
	ownSettings(t)
	var mu sync.Mutex
	var requests []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		requests = append(requests, r.URL.Path)
		http.NotFound(w, r)
	}))
	t.Cleanup(proxy.Close)
	jupyter := exec.Command("sleep", "600") // in whose folder GoNB puts the files of %wasm
	jupyter.Dir = t.TempDir()
	if err := jupyter.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = jupyter.Process.Kill(); _ = jupyter.Wait() })
	for name, value := range map[string]string{
		"GOENV": "go.env", "GOPROXY": proxy.URL, "GOTOOLCHAIN": "auto", "NO_PROXY": "*", "NETRC": ".netrc",
		"JPY_PARENT_PID": strconv.Itoa(jupyter.Process.Pid),
	} {
		t.Setenv(name, value)
	}
	theirs := testfile.Write(t, map[string]string{
		"go.mod":           "module evil\n\ngo 1.99.1\n\ntoolchain go1.99.1\n",
		"notebooks/go.env": "GOFLAGS=-tags=theirs\nGOTOOLCHAIN=go1.99.1\n",
		"notebooks/.netrc": "machine proxy.golang.org login me password theirs\n",
	})
	for name, change := range map[string]func(*gonb.Options){"with the stand-in for go": func(*gonb.Options) {}, "without": withoutStandIn(t)} {
		t.Run(name, func(t *testing.T) {
			nb := openWith(t, func(options *gonb.Options) {
				change(options)
				options.Dir = filepath.Join(theirs, "notebooks")
			})
			if out := nb.ok("%%\nfmt.Println(\"mine\")"); out != "mine\n" {
				t.Errorf("the cell printed %q", out)
			}
			nb.completes("%%\nfmt.Printl", "Println")
			_, _ = nb.try(t.Context(), "%wasm\n%%\nprintln(1)") // it ends well only with the stand-in
			if out := nb.ok("!*go env GOFLAGS GOTOOLCHAIN"); strings.Contains(out, "theirs") || strings.Contains(out, "1.99") {
				t.Errorf("go's settings are %q", out)
			}
			if out := nb.ok("!echo $GOENV $NETRC"); out != "off /dev/null\n" {
				t.Errorf("the files are %q", out)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(requests) > 0 {
				t.Errorf("the proxy was asked for %q", requests)
			}
			requests = nil
		})
	}
	// The attack works on a shell line, which is the user's own.
	nb := openWith(t, func(options *gonb.Options) { options.Dir = filepath.Join(theirs, "notebooks") })
	_, _ = nb.try(t.Context(), "!go version")
	mu.Lock()
	defer mu.Unlock()
	if len(requests) == 0 {
		t.Error("go in the notebook's folder asks for nothing, so that the test shows nothing")
	}
}

// The shell lines of a user in a folder of their own do not concern the kernel.
func TestWorkspaceOfTheUsersFolderIsTheirs(t *testing.T) {
	ownSettings(t)
	nb := open(t)
	if out := nb.ok("!go work init && go env GOWORK"); !strings.HasSuffix(out, "go.work\n") {
		t.Errorf("GOWORK is %q", out)
	}
}

func TestMissingTemporaryFolder(t *testing.T) {
	ownSettings(t)
	nb := openWith(t, func(options *gonb.Options) {
		options.Env = append(options.Env, "TMPDIR="+filepath.Join(t.TempDir(), "missing"))
	})
	if out := nb.ok("%%\nfmt.Println(os.TempDir() != \"\")"); out != "true\n" {
		t.Errorf("output %q", out)
	}
}

func TestTemporaryFolderOfAnotherUserIsRefused(t *testing.T) {
	theirs := t.TempDir()
	if err := os.Chmod(theirs, 0o777); err != nil {
		t.Fatal(err)
	}
	nb := openWith(t, func(options *gonb.Options) { options.TempDir = theirs })
	_, err := nb.engine.Execute(t.Context(), wire.ExecuteRequest{Code: "!true"}, &recorder{})
	if !errors.As(err, new(*paths.UntrustedError)) {
		t.Errorf("in a folder for everybody: %v", err)
	}
}

// module is the folder of the cells' module.
func (n *notebook) module() string {
	n.t.Helper()
	return strings.TrimSpace(n.ok("!echo $GONB_TMP_DIR"))
}

// completes waits until a completion at the end of a code has a match: the first ones find gopls starting.
func (n *notebook) completes(code, match string) {
	n.t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); {
		reply, err := n.engine.Complete(n.t.Context(), code, len([]rune(code)))
		if err != nil {
			n.t.Fatal(err)
		}
		if slices.Contains(reply.Matches, match) {
			return
		}
	}
	n.t.Errorf("%q is not completed to %s", code, match)
}

// closed is the folder between shared and the module that only its owner can open.
func closed(shared, module string) string {
	for folder := filepath.Dir(module); folder != shared && folder != "/"; folder = filepath.Dir(folder) {
		if info, err := os.Stat(folder); err == nil && info.Mode().Perm() == 0o700 {
			return folder
		}
	}
	return ""
}

// withoutStandIn makes the engine miss headstart-go.
func withoutStandIn(t *testing.T) func(*gonb.Options) {
	return func(options *gonb.Options) {
		folder := t.TempDir()
		for _, name := range []string{"gonb", "goimports", "gopls"} {
			if err := os.Symlink(filepath.Join(options.BinDir, name), filepath.Join(folder, name)); err != nil {
				t.Fatal(err)
			}
		}
		options.BinDir = folder
	}
}
