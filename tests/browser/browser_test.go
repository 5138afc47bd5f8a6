// Package browser drives JupyterLab and Notebook 7 in a real browser, with the extension that the program carries.
package browser

import (
	"bytes"
	"cmp"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io/fs"
	"math/big"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/nbhelpers/labextension"
)

var update = flag.Bool("update", false, "write the golden images")

// base is the address below which the server stands, as under JupyterHub.
const base = "/user/someone/"

// labs is how many JupyterLabs run scripts at the same time: a page that loads keeps less than one processor busy, and much of
// the rest is waiting.
const labs = 2

// first are the scripts that take longest: they are begun first, so that the labs end at about the same time.
var first = [...]string{"trashnet.test.mjs", "tour.test.mjs", "training.test.mjs", "panels.test.mjs"}

// TestBrowser runs the scripts of this folder, each against one of some JupyterLabs of their own, behind https. The labs share
// nothing. scripts/browser.sh brings what it needs.
func TestBrowser(t *testing.T) {
	needBrowser(t)
	// HEADSTART_BROWSER_SCRIPTS is a pattern for some of them, such as training*.
	scripts := scriptsOf(t, cmp.Or(os.Getenv("HEADSTART_BROWSER_SCRIPTS"), "*"))
	slices.SortStableFunc(scripts, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	queue := make(chan string, len(scripts))
	for _, script := range scripts {
		queue <- script
	}
	close(queue)
	// Node's own test runner ends a test that hangs; this ends a Node that hangs, in time for the servers to end.
	ctx, cancel := context.WithTimeout(t.Context(), 12*time.Minute)
	t.Cleanup(cancel)
	failures := make(chan string, len(scripts))
	t.Cleanup(func() { // again, below all that the scripts printed
		close(failures)
		for failure := range failures {
			t.Log(failure)
		}
	})
	for i := range min(labs, len(scripts)) {
		t.Run(fmt.Sprintf("lab%d", i+1), func(t *testing.T) {
			t.Parallel()
			lab := startLab(t, "")
			for script := range queue {
				t.Run(strings.TrimSuffix(script, ".test.mjs"), func(t *testing.T) {
					if failure := runScript(ctx, t, lab, script); failure != "" {
						failures <- failure
					}
				})
			}
		})
	}
}

func rank(script string) int {
	if at := slices.Index(first[:], script); at >= 0 {
		return at
	}
	return len(first)
}

func needBrowser(t *testing.T) {
	t.Helper()
	if os.Getenv("HEADSTART_CHROMIUM") == "" || os.Getenv("HEADSTART_PACKAGES") == "" {
		need.Lack(t, need.Browser, "scripts/browser.sh starts these tests, with a browser and what drives it")
	}
}

// scriptsOf are the scripts whose names have a pattern.
func scriptsOf(t *testing.T, pattern string) []string {
	t.Helper()
	scripts, err := filepath.Glob(pattern + ".test.mjs")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	return scripts
}

// runScript runs the tests of a script, and returns in a few lines what failed.
func runScript(ctx context.Context, t *testing.T, lab lab, script string) string {
	t.Helper()
	command := exec.CommandContext(ctx, "node", "--test", "--test-concurrency=1", "--test-reporter=spec", script)
	command.Env = append(os.Environ(), "HEADSTART_LAB="+lab.address, "HEADSTART_NOTEBOOKS="+lab.notebooks)
	if *update {
		command.Env = append(command.Env, "HEADSTART_UPDATE=1")
	}
	command.WaitDelay = 10 * time.Second // the browser holds the pipes
	output, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s\nthe server's last words:\n%s", err, output, tail(lab.log))
		_, failed, _ := strings.Cut(string(output), "✖ failing tests:") // the spec reporter's summary
		lines := strings.Split(strings.TrimSpace(failed), "\n")
		return fmt.Sprintf("%s: %v\n%s", script, err, strings.Join(lines[:min(10, len(lines))], "\n"))
	}
	t.Logf("%s", output)
	for line := range strings.Lines(string(output)) {
		// The spec reporter writes "﹣ test (0.8ms) # reason" for a test that is skipped.
		if text, skipped := strings.CutPrefix(strings.TrimSpace(line), "﹣ "); skipped {
			test, reason, _ := strings.Cut(text, " # ")
			need.Relay(t, test, reason)
		}
	}
	return ""
}

// A lab is a running JupyterLab.
type lab struct{ address, notebooks, log string }

// startLab starts the JupyterLab that make setup installed, with its kernel and extension as headstart install put them
// there, and with settings and state of the test's own. It starts another's, of a Python that has jupyter-server-documents, where one is
// named.
func startLab(t *testing.T, python string) lab {
	t.Helper()
	bin, err := filepath.Abs(os.Getenv("HEADSTART_BIN"))
	venv := filepath.Join(filepath.Dir(bin), "venv")
	jupyter := filepath.Join(venv, "bin", "jupyter")
	if _, missing := os.Stat(jupyter); err != nil || os.Getenv("HEADSTART_BIN") == "" || missing != nil {
		need.Lack(t, need.Setup, "no Jupyter and no kernel: make setup")
	}
	checkInstalled(t, filepath.Join(venv, "share", "jupyter"))
	folder := t.TempDir()
	share := filepath.Join(folder, "share", "jupyter")
	copyKernelspec(t, filepath.Join(venv, "share", "jupyter"), share, filepath.Join(folder, "home"))
	l := lab{notebooks: filepath.Join(folder, "notebooks"), log: filepath.Join(folder, "lab.log")}
	drawImages(t, filepath.Join(l.notebooks, "images"))
	settings, config := filepath.Join(folder, "settings"), filepath.Join(folder, "config")
	writeFile(t, filepath.Join(settings, "@jupyterlab", "apputils-extension", "notification.jupyterlab-settings"), []byte(quiet))
	writeFile(t, filepath.Join(config, "jupyter_server_config.json"), []byte(exposed))
	certificate, key := filepath.Join(folder, "certificate.pem"), filepath.Join(folder, "key.pem")
	trusted := writeCertificate(t, certificate, key)

	log, err := os.Create(l.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	runtime := filepath.Join(folder, "run")
	if python != "" {
		installed := filepath.Join(venv, "share", "jupyter", "labextensions")
		if err := os.CopyFS(filepath.Join(share, "labextensions"), os.DirFS(installed)); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(config, "jupyter_server_config.json"), []byte(documents))
		writeFile(t, filepath.Join(config, "labconfig", "page_config.json"), []byte(alone))
		jupyter = filepath.Join(filepath.Dir(python), "jupyter")
	}
	server := exec.Command(jupyter, "lab", "--no-browser", "--allow-root", "--ServerApp.port=0", "--ServerApp.base_url="+base,
		"--IdentityProvider.token=", "--ServerApp.root_dir="+l.notebooks, "--ServerApp.certfile="+certificate, "--ServerApp.keyfile="+key)
	server.Env = append(os.Environ(), "JUPYTER_PATH="+share, "JUPYTER_RUNTIME_DIR="+runtime, "JUPYTER_CONFIG_DIR="+config,
		"JUPYTERLAB_SETTINGS_DIR="+settings, "JUPYTERLAB_WORKSPACES_DIR="+filepath.Join(folder, "workspaces"))
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM) // it shuts its kernels down
		if err := server.Wait(); err != nil {
			t.Logf("the server ended with %v", err)
		}
	})
	l.address = waitForServer(t, runtime, l.log, trusted)
	return l
}

// checkInstalled compares the extension in the folder that Jupyter reads with the one of this checkout.
func checkInstalled(t *testing.T, share string) {
	t.Helper()
	installed := os.DirFS(filepath.Join(share, "labextensions", "@headstart-nb", "labextension"))
	err := fs.WalkDir(labextension.FS(), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		want, err := fs.ReadFile(labextension.FS(), name)
		if err != nil {
			return err
		}
		if got, err := fs.ReadFile(installed, name); err != nil || !bytes.Equal(got, want) {
			return fmt.Errorf("%s is not as in this checkout (%v): make setup installs it", name, err)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("the installed extension: %v", err)
	}
}

// copyKernelspec copies the installed kernelspec, with the kernel's state in a folder of the test's own.
func copyKernelspec(t *testing.T, from, to, home string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(from, "kernels", "headstart", "kernel.json"))
	if err != nil {
		need.Lack(t, need.Setup, "no kernel: make setup ("+err.Error()+")")
	}
	var spec map[string]any
	if err := json.Unmarshal(data, &spec); err != nil {
		t.Fatal(err)
	}
	environment, ok := spec["env"].(map[string]any)
	if !ok {
		t.Fatalf("the kernelspec has no environment: %s", data)
	}
	environment["HEADSTART_HOME"] = home
	environment["HF_HUB_CACHE"], environment["HF_HUB_OFFLINE"] = filepath.Join(home, "hub"), "1" // the same weights on every machine
	if data, err = json.Marshal(spec); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(to, "kernels", "headstart", "kernel.json"), data)
}

// drawImages makes a dataset of two classes: a color each, and a pattern of its own on every image, since copies
// would not be split.
func drawImages(t *testing.T, folder string) {
	t.Helper()
	random := mathrand.New(mathrand.NewPCG(1, 2))
	for n, class := range []string{"cold", "warm"} {
		hue := []color.RGBA{{B: 255, A: 255}, {R: 255, A: 255}}[n]
		for i := range 10 {
			img := image.NewRGBA(image.Rect(0, 0, 64, 64))
			for block := range 8 * 8 {
				hue.G = uint8(random.UintN(256))
				corner := image.Pt(block%8*8, block/8*8)
				draw.Draw(img, image.Rectangle{corner, corner.Add(image.Pt(8, 8))}, image.NewUniform(hue), image.Point{}, draw.Src)
			}
			var file bytes.Buffer
			if err := png.Encode(&file, img); err != nil {
				t.Fatal(err)
			}
			writeFile(t, filepath.Join(folder, class, fmt.Sprintf("%s%d.png", class, i)), file.Bytes())
		}
	}
}

const (
	// quiet are settings under which JupyterLab asks nobody for news.
	quiet = `{"fetchNews": "false", "checkForUpdates": false}`
	// exposed lets the scripts ask the application where it stands.
	exposed = `{"LabApp": {"expose_app_in_browser": true}, "JupyterNotebookApp": {"expose_app_in_browser": true}}`
)

func writeFile(t *testing.T, file string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// writeCertificate makes a certificate for this machine and returns the pool that trusts it.
func writeCertificate(t *testing.T, certificate, key string) *x509.CertPool {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	writeFile(t, key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	writeFile(t, certificate, public)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(public)
	return pool
}

// waitForServer returns the server's address once it answers.
func waitForServer(t *testing.T, runtime, log string, trusted *x509.CertPool) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}}}
	deadline := time.Now().Add(2 * time.Minute)
	for ; time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) {
		found, err := filepath.Glob(filepath.Join(runtime, "jpserver-*.json"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			data, err := os.ReadFile(file)
			var info struct{ URL string }
			if err != nil || json.Unmarshal(data, &info) != nil {
				continue // it is being written
			}
			if answer, err := client.Get(info.URL + "api/status"); err == nil {
				answer.Body.Close()
				return info.URL
			}
		}
	}
	t.Fatalf("JupyterLab did not answer within two minutes:\n%s", tail(log))
	return ""
}

// tail is the end of a log.
func tail(file string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(string(data), "\n")
	return strings.Join(lines[max(0, len(lines)-40):], "\n")
}
