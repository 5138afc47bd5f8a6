package install

import (
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/testfile"
)

// TestAnInstallationInAStrangersModule: a go.mod around the current folder asks for a toolchain, which must not be downloaded to find
// out how to build the checkout.
func TestAnInstallationInAStrangersModule(t *testing.T) {
	goTool := FindGo()
	if goTool == "" {
		need.Lack(t, need.Setup, "no Go toolchain: unpack one into /usr/local")
	}
	checkout, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	var requests atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		http.NotFound(w, r)
	}))
	defer proxy.Close()
	for name, value := range map[string]string{"GOPROXY": proxy.URL, "GOTOOLCHAIN": "auto", "NO_PROXY": "*", "GOENV": "go.env"} {
		t.Setenv(name, value)
	}
	t.Chdir(testfile.Write(t, map[string]string{"go.mod": "module evil\n\ngo 1.99.1\n", "go.env": "GOTOOLCHAIN=go1.99.1\n"}))
	expected := Vectors(t.Context(), checkout, goTool)
	if n := requests.Load(); n > 0 {
		t.Errorf("go asked for %d files", n)
	}
	command := exec.Command(goTool, "env", "GOVERSION")
	if release, err := command.Output(); err == nil || requests.Load() == 0 {
		t.Errorf("go takes %s here and asks for nothing, so that the test shows nothing", release)
	}
	t.Chdir(checkout)
	if got := Vectors(t.Context(), checkout, goTool); len(got) != len(expected) {
		t.Errorf("in the checkout %q, elsewhere %q", got, expected)
	}
}
