package goenv

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// aGo is the go command, with the settings of whoever runs the tests kept out.
func aGo(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("go")
	if err != nil {
		need.Lack(t, need.Setup, "no go command on PATH")
	}
	home := t.TempDir()
	for name, value := range map[string]string{
		"HOME": home, "XDG_CONFIG_HOME": "", "GOENV": "", "GOFLAGS": "", "GOWORK": "", "GOTOOLCHAIN": "auto", "NETRC": "", "GOSUMDB": "off",
		"GOMODCACHE": filepath.Join(home, "mod"), "GOCACHE": filepath.Join(home, "cache"), "NO_PROXY": "*", "GOPRIVATE": "", "GONOPROXY": "",
	} {
		t.Setenv(name, value)
	}
	return program
}

func write(t *testing.T, file, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(file, mode); err != nil {
		t.Fatal(err)
	}
	return file
}

// value asks go for a setting, in the current folder.
func value(t *testing.T, program, name string, env []string) string {
	t.Helper()
	command := exec.Command(program, "env", name)
	command.Env = env
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("go env %s: %v\n%s", name, err, output)
	}
	return strings.TrimSpace(string(output))
}

// TestSettingsOfStrangersAreNotRead: what GOENV names is read only where no other user can write it.
func TestSettingsOfStrangersAreNotRead(t *testing.T) {
	program := aGo(t)
	const theirs, mine = "GOFLAGS=-tags=theirs\n", "-tags=mine"
	folder := t.TempDir()
	t.Chdir(folder)
	write(t, filepath.Join(os.Getenv("HOME"), ".config", "go", "env"), "GOFLAGS="+mine+"\n", 0o600)
	write(t, filepath.Join(folder, "go.env"), theirs, 0o600)
	write(t, filepath.Join(folder, "go", "env"), theirs, 0o600)
	write(t, filepath.Join(folder, ".config", "go", "env"), theirs, 0o600)
	open := filepath.Join(folder, "open")
	write(t, filepath.Join(open, "go.env"), theirs, 0o600)
	if err := os.Chmod(open, 0o777); err != nil {
		t.Fatal(err)
	}
	sticky := filepath.Join(folder, "sticky")
	write(t, filepath.Join(sticky, "mine.env"), "GOFLAGS=-tags=shared\n", 0o600)
	if err := os.Chmod(sticky, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(folder, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		variable, want string
		followed       bool // without this package go would print -tags=theirs
	}{
		"no variable: HOME decides":           {"GOENV=", mine, false},
		"a relative path":                     {"GOENV=go.env", "", true},
		"a relative HOME":                     {"HOME=.", "", true},
		"a folder that all can write to":      {"GOENV=" + filepath.Join(open, "go.env"), "", true},
		"a file that all can write to":        {"GOENV=" + write(t, filepath.Join(folder, "writable"), theirs, 0o666), "", true},
		"a pipe":                              {"GOENV=" + filepath.Join(folder, "pipe"), "", false},
		"a file that anybody can make":        {"GOENV=" + filepath.Join(sticky, "missing"), "", false},
		"the user's own, elsewhere":           {"GOENV=" + write(t, filepath.Join(folder, "own"), "GOFLAGS="+mine+"\n", 0o600), mine, false},
		"the user's own, in a shared folder":  {"GOENV=" + filepath.Join(sticky, "mine.env"), "-tags=shared", false},
		"off":                                 {"GOENV=off", "", false},
		"a variable is more than the file is": {"GOFLAGS=-tags=variable", "-tags=variable", false},
	} {
		t.Run(name, func(t *testing.T) {
			env := append(os.Environ(), test.variable)
			if test.followed && value(t, program, "GOFLAGS", env) != "-tags=theirs" {
				t.Error("go does not read the file of the attack, which shows nothing")
			}
			if got := value(t, program, "GOFLAGS", Own(env)); got != test.want {
				t.Errorf("GOFLAGS is %q, want %q", got, test.want)
			}
		})
	}
	t.Run("another user's file", func(t *testing.T) {
		file := write(t, filepath.Join(folder, "foreign"), theirs, 0o644)
		if os.Getuid() != 0 {
			need.Lack(t, need.Root, "to give a file to another user")
		}
		if err := os.Chown(file, 54321, 54321); err != nil {
			t.Fatal(err)
		}
		if got := value(t, program, "GOFLAGS", Own(append(os.Environ(), "GOENV="+file))); got != "" {
			t.Errorf("GOFLAGS is %q", got)
		}
	})
}

// A proxy notes what go asks it for.
type proxy struct {
	*httptest.Server
	mu       sync.Mutex
	requests []string
	secrets  []string
}

func newProxy(t *testing.T, start func(http.Handler) *httptest.Server) *proxy {
	t.Helper()
	p := &proxy{}
	p.Server = start(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.requests = append(p.requests, r.URL.Path)
		if _, password, ok := r.BasicAuth(); ok {
			p.secrets = append(p.secrets, password)
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(p.Close)
	t.Setenv("GOPROXY", p.URL)
	return p
}

// take is what was noted since the last call.
func (p *proxy) take() (requests, secrets []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	requests, secrets = p.requests, p.secrets
	p.requests, p.secrets = nil, nil
	return requests, secrets
}

// TestToolchainOfAStrangerIsNotDownloaded: a go.mod around the current folder asks for another toolchain, which go would download.
func TestToolchainOfAStrangerIsNotDownloaded(t *testing.T) {
	program := aGo(t)
	p := newProxy(t, httptest.NewServer)
	for name, module := range map[string]string{
		"a toolchain line":       "module evil\n\ngo 1.26\n\ntoolchain go1.99.1\n",
		"a release to come":      "module evil\n\ngo 1.99.1\n",
		"a module of a Go to be": "module evil\n\ngo 1.99.1\n\nfrobnicate everything\n",
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			write(t, filepath.Join(folder, "go.mod"), module, 0o600)
			write(t, filepath.Join(folder, "notebooks", "go.env"), "GOTOOLCHAIN=go1.99.1\n", 0o600)
			t.Chdir(filepath.Join(folder, "notebooks"))
			_, _ = exec.Command(program, "env", "GOVERSION").CombinedOutput() // it cannot have that toolchain
			if requests, _ := p.take(); len(requests) == 0 {
				t.Error("without this package go asks for nothing, so that the test shows nothing")
			}
			if got := value(t, program, "GOVERSION", Anywhere(os.Environ())); !strings.HasPrefix(got, "go1.") {
				t.Errorf("go is at %q", got)
			}
			if requests, _ := p.take(); len(requests) > 0 {
				t.Errorf("go asked for %q", requests)
			}
		})
	}
}

// TestSecretsOfTheUserAlone: go sends what .netrc has for a host. HOME says which file that is.
func TestSecretsOfTheUserAlone(t *testing.T) {
	program := aGo(t)
	p := newProxy(t, httptest.NewTLSServer)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.Certificate().Raw})
	t.Setenv("SSL_CERT_FILE", write(t, filepath.Join(t.TempDir(), "certificate.pem"), string(certificate), 0o600))
	folder := t.TempDir()
	t.Chdir(folder)
	write(t, filepath.Join(folder, "go.mod"), "module here\n\ngo 1.26\n", 0o600)
	secret := func(file, password string) string {
		return write(t, file, "machine "+strings.TrimPrefix(p.URL, "https://")+" login me password "+password+"\n", 0o600)
	}
	secret(filepath.Join(folder, ".netrc"), "theirs")
	asked := func(more ...string) []string {
		command := exec.Command(program, "mod", "download", "missing.test/module@v1.0.0")
		command.Env = Own(append(os.Environ(), more...))
		output, _ := command.CombinedOutput() // there is no such module
		requests, secrets := p.take()
		if len(requests) == 0 {
			t.Fatalf("go did not ask the proxy:\n%s", output)
		}
		return slices.Compact(secrets)
	}
	if secrets := asked(); len(secrets) > 0 {
		t.Errorf(".netrc of the current folder was read: %q", secrets)
	}
	if secrets := asked("NETRC=.netrc"); len(secrets) > 0 {
		t.Errorf(".netrc of the current folder was read by NETRC: %q", secrets)
	}
	secret(filepath.Join(os.Getenv("HOME"), ".netrc"), "mine")
	if secrets := asked(); !slices.Equal(secrets, []string{"mine"}) {
		t.Errorf("the user's .netrc gave %q", secrets)
	}
	other := secret(filepath.Join(t.TempDir(), "netrc"), "other")
	if secrets := asked("NETRC=" + other); !slices.Equal(secrets, []string{"other"}) {
		t.Errorf("the file that the user names gave %q", secrets)
	}
}
