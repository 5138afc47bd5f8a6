// Package browser drives JupyterLab and Notebook 7 in a real browser, with the extension that the program carries.
package browser

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/labextension"
)

// base is the address below which the server stands, as under JupyterHub.
const base = "/user/someone/"

// TestBrowser runs the scripts of this folder against a JupyterLab of their own.
func TestBrowser(t *testing.T) {
	if testing.Short() {
		t.Skip("takes more than a minute")
	}
	chromium := needChromium(t)
	packages := needPackages(t)
	lab := startLab(t)
	// Node's own test runner ends a test that hangs; this ends a Node that hangs.
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "node", "--test", "--test-concurrency=1", "--test-reporter=spec", "lab.test.mjs")
	command.Env = append(os.Environ(),
		"HEADSTART_CHROMIUM="+chromium, "HEADSTART_PACKAGES="+packages, "HEADSTART_LAB="+lab.address, "HEADSTART_NOTEBOOKS="+lab.notebooks)
	output, err := command.CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s\nthe server's last words:\n%s", err, output, tail(lab.log))
	}
	t.Logf("%s", output)
}

func needChromium(t *testing.T) string {
	t.Helper()
	if named := os.Getenv("HEADSTART_CHROMIUM"); named != "" {
		return named
	}
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("needs Chromium on PATH or in HEADSTART_CHROMIUM: apt-get install chromium")
	return ""
}

// needPackages returns the folder of the extension's sources, once Node and what drives the browser are there.
func needPackages(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("needs Node.js on PATH")
	}
	sources, err := filepath.Abs(filepath.Join("..", "..", "nbhelpers", "labextension"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(sources, "node_modules", "playwright-core")); err != nil {
		t.Skip("needs playwright-core: npm ci in nbhelpers/labextension")
	}
	return sources
}

// A lab is a running JupyterLab.
type lab struct{ address, notebooks, log string }

// startLab starts the installed JupyterLab and kernel with settings, extension and state of their own.
func startLab(t *testing.T) lab {
	t.Helper()
	bin, err := filepath.Abs(os.Getenv("HEADSTART_BIN"))
	jupyter := filepath.Join(filepath.Dir(bin), "venv", "bin", "jupyter")
	if _, missing := os.Stat(jupyter); err != nil || os.Getenv("HEADSTART_BIN") == "" || missing != nil {
		t.Skip("needs Jupyter and the kernel: make setup")
	}
	folder := t.TempDir()
	share := filepath.Join(folder, "share", "jupyter")
	extension := filepath.Join(share, "labextensions", "@headstart-nb", "labextension")
	if err := os.CopyFS(extension, labextension.FS()); err != nil {
		t.Fatal(err)
	}
	copyKernelspec(t, filepath.Join(filepath.Dir(bin), "venv", "share", "jupyter"), share, filepath.Join(folder, "home"))
	l := lab{notebooks: filepath.Join(folder, "notebooks"), log: filepath.Join(folder, "lab.log")}
	drawPictures(t, filepath.Join(l.notebooks, "pictures"))
	writeSettings(t, filepath.Join(folder, "settings"))

	log, err := os.Create(l.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	runtime := filepath.Join(folder, "run")
	server := exec.Command(jupyter, "lab", "--no-browser", "--allow-root", "--ServerApp.port=0", "--ServerApp.base_url="+base,
		"--IdentityProvider.token=", "--ServerApp.root_dir="+l.notebooks)
	server.Env = append(os.Environ(), "JUPYTER_PATH="+share, "JUPYTER_RUNTIME_DIR="+runtime, "JUPYTER_CONFIG_DIR="+filepath.Join(folder, "config"),
		"JUPYTERLAB_SETTINGS_DIR="+filepath.Join(folder, "settings"), "JUPYTERLAB_WORKSPACES_DIR="+filepath.Join(folder, "workspaces"))
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
	l.address = waitForServer(t, runtime, l.log)
	return l
}

// copyKernelspec copies the installed kernelspec, with the kernel's state in a folder of the test's own.
func copyKernelspec(t *testing.T, from, to, home string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(from, "kernels", "headstart", "kernel.json"))
	if err != nil {
		t.Skipf("needs the kernel: make setup (%v)", err)
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
	if data, err = json.Marshal(spec); err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(to, "kernels", "headstart")
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "kernel.json"), data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// drawPictures makes a dataset of two classes: a colour each, and a pattern of its own on every picture, since copies
// would not be split.
func drawPictures(t *testing.T, folder string) {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 2))
	for class, hue := range map[string]color.RGBA{"cold": {B: 255, A: 255}, "warm": {R: 255, A: 255}} {
		if err := os.MkdirAll(filepath.Join(folder, class), 0o755); err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			picture := image.NewRGBA(image.Rect(0, 0, 64, 64))
			for block := range 8 * 8 {
				hue.G = uint8(random.UintN(256))
				corner := image.Pt(block%8*8, block/8*8)
				draw.Draw(picture, image.Rectangle{corner, corner.Add(image.Pt(8, 8))}, image.NewUniform(hue), image.Point{}, draw.Src)
			}
			var file bytes.Buffer
			if err := png.Encode(&file, picture); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(folder, class, fmt.Sprintf("%s%d.png", class, i)), file.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// quiet are settings under which JupyterLab asks nobody for news.
const quiet = `{"fetchNews": "false", "checkForUpdates": false}`

func writeSettings(t *testing.T, folder string) {
	t.Helper()
	file := filepath.Join(folder, "@jupyterlab", "apputils-extension", "notification.jupyterlab-settings")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(quiet), 0o644); err != nil {
		t.Fatal(err)
	}
}

// waitForServer returns the server's address once it answers.
func waitForServer(t *testing.T, runtime, log string) string {
	t.Helper()
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
			if answer, err := http.Get(info.URL + "api/status"); err == nil {
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
