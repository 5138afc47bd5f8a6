package headstart_test

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// unsafePython finds starts of an interpreter that import from the current folder: -c or -m without -P, on a command line
// or in a list of arguments. Go code uses internal/python, which is left out.
var unsafePython = regexp.MustCompile(`(?i)(python|\$py|sys\.executable)[^-|;&\n]*["'\s]-(c|m)\b`)

func TestPythonDoesNotImportFromTheCurrentFolder(t *testing.T) {
	for _, example := range []string{
		`exec.Command("python3", "-m", "venv")`, "python -c 'import x'", "$(STATE)/venv/bin/python -m pip", `[sys.executable, "-m", *rest]`,
		`run(ctx, "", nil, v.python, "-m", "pip")`, `args := []string{"-c", pythonScript}`,
	} {
		if !unsafeStart(example, true) {
			t.Errorf("%s is not found", example)
		}
	}
	for _, example := range []string{"python3 -P -m venv", `exec.Command(python, "-P", "-c", script)`, `exec.Command(python, "-P", "-m", "pip")`, `exec.Command("sh", "-c", family)`, "python3 bench/cuda.py"} {
		if unsafeStart(example, true) {
			t.Errorf("%s is found", example)
		}
	}
	listed, err := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		need.Lack(t, need.System, "not a git checkout: "+err.Error())
	}
	for file := range strings.Lines(string(listed)) {
		file = strings.TrimSpace(file)
		if file == "python_test.go" || strings.HasPrefix(file, "internal/python/") || strings.Contains(file, "labextension/built/") {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil || bytes.IndexByte(text, 0) >= 0 {
			continue // removed, or not text
		}
		number := 0
		for line := range bytes.Lines(text) {
			number++
			if unsafeStart(string(line), strings.HasSuffix(file, ".go")) {
				t.Errorf("%s:%d starts Python so that it imports from the current folder; use internal/python, or -P: %s", file, number, bytes.TrimSpace(line))
			}
		}
	}
}

// unsafeArguments finds such a list of arguments in Go code without the interpreter's name: -m is nobody else's, and -c of
// a shell or of go test stands behind its name.
var unsafeArguments = regexp.MustCompile(`(^|[{,(]\s*)"-m",|\{"-c",`)

func unsafeStart(line string, inGo bool) bool {
	line = strings.ReplaceAll(line, `"-P", "-m"`, "")
	return unsafePython.MatchString(line) || inGo && unsafeArguments.MatchString(line)
}
