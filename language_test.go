package headstart_test

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// banned are words and phrases that the glossary in CONTRIBUTING.md replaces. The list is short on purpose: it holds what
// came back before.
var banned = []struct {
	words *regexp.Regexp
	write string
}{
	{regexp.MustCompile(`(?i)\bpictures?\b`), "image"},
	{regexp.MustCompile(`(?i)\b(third|fourth|fifth) stage\b`), "conv1 to conv5"},
	{regexp.MustCompile(`(?i)(?:^|[^-"\w])arrangements?\b`), "variant"},
	{regexp.MustCompile(`(?i)\bsets? aside\b`), "skipped, excluded"},
	{regexp.MustCompile(`(?i)\bside of the split\b`), "split"},
	{regexp.MustCompile(`(?i)\bmend(s|ed|ing)?\b`), "fix, repair"},
	{regexp.MustCompile(`(?i)\bas sure as it is right\b`), "reliability diagram"},
	{regexp.MustCompile(`(?i)\bhow the (weights move|rate goes|learning rate goes)\b`), "optimizer, learning-rate schedule"},
	{regexp.MustCompile(`(?i)\b(pictures|images) in a step\b`), "batch size"},
	{regexp.MustCompile(`(?i)\bone after the other\b`), "sequentially"},
	{regexp.MustCompile(`(?i)\bheeds?\b|\bheeded\b`), "did not respond to"},
	{regexp.MustCompile(`(?i)\bfor want of\b`), "because there is no"},
	{regexp.MustCompile(`\b\w+ (is|are) none\b`), "must be one of a, b, c; got d"},
	{regexp.MustCompile(`(?i)\b\w+ is no (such )?(error|failure|model|folder|plugin|command|magic|json|go|image|notebook|run|stage|layer|number|option|checkout|python|class|regular|item|text|tensor|query|method|limit|integer|split|dataset|precision|weight|file|kernel|key|name|expression)\b`), "is not a ..."},
	{regexp.MustCompile(`(?i)\bshares? of (the |a |all )?(training |validation )?(images|learning rate|classes|data)\b`), "fraction"},
	{regexp.MustCompile(`(?i)\bby heart\b`), "overfit, memorize"},
	{regexp.MustCompile(`(?i)\bgo(es)? on (behind|with)\b`), "resume from, continue"},
	{regexp.MustCompile(`(?i)\b(colour|centre|behaviour|licence|neighbour|favour|honour|analyse|catalogue)(s|d|ed|ing)?\b`), "American spelling"},
}

// quoted is where a banned word may stand: the glossary itself, and words of others.
var quoted = map[string]bool{
	"language_test.go": true, "CONTRIBUTING.md": true, "LICENSE": true,
}

// TestGlossary looks for banned words in everything that people read: text, Go and TypeScript, comments included.
func TestGlossary(t *testing.T) {
	out, err := exec.CommandContext(t.Context(), "git", "ls-files").Output()
	if err != nil {
		need.Lack(t, need.System, "a git checkout: the list of files is git's")
	}
	for file := range strings.FieldsSeq(string(out)) {
		switch filepath.Ext(file) {
		case ".go", ".ts", ".mjs", ".md", ".ipynb", ".py", ".sh", ".help", ".golden", ".txt", ".txtar", ".yaml":
		default:
			continue
		}
		if quoted[file] || strings.Contains(file, "/built/") || strings.HasSuffix(file, "labels.txt") || strings.HasSuffix(file, ".pb.go") ||
			strings.HasSuffix(file, "requirements.txt") { // names of others
			continue
		}
		data, err := os.ReadFile(file)
		if err != nil {
			continue // deleted in the working tree
		}
		lines := bufio.NewScanner(bytes.NewReader(data))
		lines.Buffer(nil, 10<<20)
		for number := 1; lines.Scan(); number++ {
			line := lines.Text()
			if len(line) > 2000 || strings.Contains(line, "glossary: ") { // an encoded image; a quotation that says why it stays
				continue
			}
			for _, b := range banned {
				if found := b.words.FindString(line); found != "" && !strings.HasPrefix(strings.ToLower(found), "there ") {
					t.Errorf("%s:%d: %q: write %s", file, number, found, b.write)
				}
			}
		}
	}
}
