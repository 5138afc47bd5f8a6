package browser

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/need"
)

// TestPage runs page/page.test.mjs against the page of a model server that stands below a path, as behind jupyter-server-proxy.
func TestPage(t *testing.T) {
	chromium, packages := os.Getenv("HEADSTART_CHROMIUM"), os.Getenv("HEADSTART_PACKAGES")
	if chromium == "" || packages == "" {
		need.Lack(t, need.Browser, "scripts/browser.sh starts these tests, with a browser and what drives it")
	}
	folder := t.TempDir()
	images := filepath.Join(folder, "images")
	drawImages(t, images)
	program := filepath.Join(os.Getenv("HEADSTART_BIN"), "headstart-transfer")
	t.Setenv("HEADSTART_HOME", filepath.Join(folder, "home"))
	train := exec.CommandContext(t.Context(), program, "train", images, "--size", "64", "--weights", "random", "--cut", "conv1", "--epochs", "20", "--allow",
		"random-weights", "--out", filepath.Join(folder, "model"))
	if output, err := train.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	address := startServe(t, program, filepath.Join(folder, "model"))
	front := httptest.NewServer(below("/user/someone/proxy/8080/", address))
	defer front.Close()

	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "node", "--test", "--test-concurrency=1", "--test-reporter=spec", "page/page.test.mjs")
	command.Env = append(os.Environ(), "HEADSTART_PAGE="+front.URL+"/user/someone/proxy/8080/", "HEADSTART_LAB="+front.URL, "HEADSTART_IMAGES="+images)
	command.WaitDelay = 10 * time.Second // the browser holds the pipes
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, output)
	}
}

// below answers the requests under a path with what a server at an address answers.
func below(path, address string) http.Handler {
	target, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return http.StripPrefix(strings.TrimSuffix(path, "/"), &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
}

var served = regexp.MustCompile(`http://[0-9.:]+/`)

// startServe starts a server of a model, and waits until it says its address.
func startServe(t *testing.T, program, model string) (address string) {
	t.Helper()
	command := exec.Command(program, "serve", model, "--port", "0", "--no-grpc")
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stderr = os.Stderr
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			t.Errorf("after a SIGTERM the server ends with %v", err)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	if address = served.FindString(line); address == "" {
		t.Fatalf("the server says %q", line)
	}
	return address
}
