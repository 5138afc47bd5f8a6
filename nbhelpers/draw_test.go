package nbhelpers

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// TestDrawnByAProgram has a shell script in the place of the program that draws.
func TestDrawnByAProgram(t *testing.T) {
	folder := t.TempDir()
	install := func(script string) {
		if err := os.WriteFile(filepath.Join(folder, drawProgram), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", folder+":"+os.Getenv("PATH"))
	params := warm.DrawParams{Kind: warm.DrawCurves, Data: []byte(`{"title":"c"}`)}

	install(`grep -q '"kind":"curves","data":{"title":"c"}' && echo '{"png":"cG5n","width":2,"height":1}'`)
	if drawn, err := drawnByProgram(t.Context(), params); err != nil || string(drawn.PNG) != "png" || drawn.Width != 2 {
		t.Errorf("drawn: %+v, %v", drawn, err)
	}
	for _, script := range []string{"exit 1", "echo torn", "true"} {
		install(script)
		if drawn, err := drawnByProgram(t.Context(), params); err == nil {
			t.Errorf("%q: %+v, want an error", script, drawn)
		}
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := drawnByProgram(t.Context(), params); err == nil || !strings.Contains(err.Error(), drawProgram) {
		t.Errorf("without the program: %v", err)
	}
}
