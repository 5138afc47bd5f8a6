package gopls_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/kernel/gonb/gopls"
)

func start(t *testing.T) *gopls.Server {
	t.Helper()
	checkout, err := filepath.Abs("../../../.headstart/bin")
	if err != nil {
		t.Fatal(err)
	}
	binary := ""
	for _, folder := range []string{os.Getenv("HEADSTART_BIN"), checkout} {
		if file := filepath.Join(folder, "gopls"); folder != "" && binary == "" {
			if _, err := os.Stat(file); err == nil {
				binary = file
			}
		}
	}
	if binary == "" {
		if binary, err = exec.LookPath("gopls"); err != nil {
			need.Lack(t, need.Setup, "no gopls: make setup")
		}
	}
	dir := filepath.Join(t.TempDir(), "a b%20c#d?ü") // a folder may be named like this
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module cell\n\ngo 1.26\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	server, err := gopls.Start(ctx, gopls.Options{Binary: binary, Dir: dir, Env: os.Environ()}, "main.go")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return server
}

// place cuts the mark ‸ out of a text and returns where it stood.
func place(text string) (string, gopls.Position) {
	before, after, _ := strings.Cut(text, "‸")
	line := strings.Count(before, "\n")
	return before + after, gopls.Position{Line: line, Character: len(before) - 1 - strings.LastIndex(before, "\n")}
}

func TestAnswers(t *testing.T) {
	server := start(t)
	for _, test := range []struct{ text, item string }{
		{"package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Printl‸ }\n", "Println"},
		{"package main\n\nfunc length() int { return 1 }\n\nfunc main() { leng‸ }\n", "length"},
		{"package main\n\nfunc main() { strings.ToUp‸ }\n", "ToUpper"}, // a package that is not imported yet
	} {
		text, at := place(test.text)
		items, err := server.Complete(t.Context(), text, at)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(items, func(i gopls.Item) bool { return i.Text == test.item }) {
			t.Errorf("completing %q: %v has no %s", test.text, items, test.item)
		}
	}
	text, at := place("package main\n\nimport \"fmt\"\n\nfunc main() { fmt.Print‸ln() }\n")
	markdown, err := server.Hover(t.Context(), text, at)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(markdown, "fmt.Println(a ...any)") {
		t.Errorf("hover: %q", markdown)
	}
}

func TestQuestionEndsWithItsContext(t *testing.T) {
	server := start(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := server.Hover(ctx, "package main\n", gopls.Position{}); err == nil {
		t.Error("a question whose context has ended was answered")
	}
}

func TestQuestionAfterTheEndFails(t *testing.T) {
	server := start(t)
	server.Close()
	if _, err := server.Hover(t.Context(), "package main\n", gopls.Position{}); err == nil {
		t.Error("a server that has ended gave an answer")
	}
}
