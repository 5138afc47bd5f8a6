package headstart_test

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// shownBy are the names of tests in SECURITY.md, of Go in one word, of the JupyterLab extension in several.
var shownBy = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+|[a-z]+(?: [^`/=]+){3,})`")

// TestSecurityNamesItsTests: each line of the threat model is shown by tests that exist.
func TestSecurityNamesItsTests(t *testing.T) {
	text, err := os.ReadFile("SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	listed, err := exec.Command("git", "ls-files", "-co", "--exclude-standard", "*_test.go", "*.test.ts", "*.test.mjs").Output()
	if err != nil {
		t.Fatal(err)
	}
	var tests bytes.Buffer
	for name := range strings.FieldsSeq(string(listed)) {
		data, err := os.ReadFile(name)
		if err != nil {
			continue // removed, and not committed yet
		}
		tests.Write(data)
	}
	names := shownBy.FindAllStringSubmatch(string(text), -1)
	if len(names) < 40 {
		t.Errorf("only %d tests were found in SECURITY.md", len(names))
	}
	for _, match := range names {
		declaration := "func " + match[1] + "("
		if strings.Contains(match[1], " ") {
			declaration = "it('" + match[1] + "'"
		}
		if !bytes.Contains(tests.Bytes(), []byte(declaration)) {
			t.Errorf("SECURITY.md names %q, which is no test", match[1])
		}
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if strings.HasPrefix(line, "| ") && !strings.HasPrefix(line, "| can |") && (len(cells) != 3 || !shownBy.MatchString(cells[2])) {
			t.Errorf("no test shows this line: %s", line)
		}
	}
}
