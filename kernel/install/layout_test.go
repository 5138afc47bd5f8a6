package install

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// TestPlaces shows where each flag leads. Jupyter's rules for the user's data folder are jupyter_core's, "paths.py".
func TestPlaces(t *testing.T) {
	if runtime.GOOS != "linux" {
		need.Lack(t, need.System, "the user's folders are those of Linux")
	}
	home, work := t.TempDir(), t.TempDir()
	t.Setenv("HOME", home)
	t.Chdir(work)
	python := filepath.Join(work, "python")
	write(t, python, "#!/bin/sh\necho '/opt/an env'\n")
	if err := os.Chmod(python, 0o755); err != nil {
		t.Fatal(err)
	}
	local := filepath.Join(home, ".local")
	cases := map[string]struct {
		place               Place
		dataDir, xdg        string // JUPYTER_DATA_DIR, XDG_DATA_HOME
		prefix, share, root string
		command             string
	}{
		"user":          {prefix: local, share: local + "/share/jupyter", root: local + "/lib/headstart", command: "headstart install"},
		"user, said":    {place: Place{User: true}, prefix: local, share: local + "/share/jupyter", root: local + "/lib/headstart", command: "headstart install"},
		"user's data":   {dataDir: "/data/jupyter", prefix: local, share: "/data/jupyter", root: local + "/lib/headstart", command: "headstart install"},
		"user's XDG":    {xdg: "/data", prefix: local, share: "/data/jupyter", root: local + "/lib/headstart", command: "headstart install"},
		"XDG from here": {xdg: "data", prefix: local, share: work + "/data/jupyter", root: local + "/lib/headstart", command: "headstart install"},
		"home":          {place: Place{Prefix: "~/x"}, prefix: home + "/x", share: home + "/x/share/jupyter", root: home + "/x/lib/headstart", command: "headstart install --prefix " + home + "/x"},
		"sys-prefix":    {place: Place{SysPrefix: true}, prefix: "/opt/an env", share: "/opt/an env/share/jupyter", root: "/opt/an env/lib/headstart", command: "headstart install --prefix '/opt/an env'"},
		"prefix":        {place: Place{Prefix: "b/ü"}, prefix: work + "/b/ü", share: work + "/b/ü/share/jupyter", root: work + "/b/ü/lib/headstart", command: "headstart install --prefix " + work + "/b/ü"},
		"prefix and ~":  {place: Place{Prefix: "/it's"}, dataDir: "/data/jupyter", prefix: "/it's", share: "/it's/share/jupyter", root: "/it's/lib/headstart", command: `headstart install --prefix '/it'\''s'`},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Setenv("JUPYTER_DATA_DIR", test.dataDir)
			t.Setenv("XDG_DATA_HOME", test.xdg)
			got, err := NewLayout(t.Context(), test.place, python)
			if err != nil {
				t.Fatal(err)
			}
			if want := (Layout{Prefix: test.prefix, Share: test.share, Root: test.root}); got != want {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
			if got.Command() != test.command {
				t.Errorf("installed again by %q, want %q", got.Command(), test.command)
			}
		})
	}
}

func TestPlacesThatAreNone(t *testing.T) {
	t.Setenv("HOME", t.TempDir())
	for name, test := range map[string]struct {
		place  Place
		python string
		want   string
	}{
		"a source without go.mod":    {Place{Source: "/nowhere"}, "", "holds no go.mod"},
		"no such interpreter":        {Place{SysPrefix: true}, "/nowhere/python", "name the interpreter of your Jupyter with --python"},
		"a checkout that is a home":  {Place{Checkout: "."}, "", "is not a checkout of the project"},
		"a prefix and a sys-prefix":  {Place{SysPrefix: true, Prefix: "/x"}, "", "more than one place"},
		"a prefix and the user's":    {Place{User: true, Prefix: "/x"}, "", "choose one of --user, --sys-prefix, --prefix and --checkout"},
		"an interpreter that fails":  {Place{SysPrefix: true}, "/bin/false", "asking /bin/false for its prefix"},
		"an interpreter that lies":   {Place{SysPrefix: true}, "/bin/true", "gave no folder"},
		"a relative prefix from it ": {Place{SysPrefix: true}, "/bin/echo", "gave no folder"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewLayout(t.Context(), test.place, test.python)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %v, want one sentence with %q", err, test.want)
			}
		})
	}
}
