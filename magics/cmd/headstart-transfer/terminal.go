package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/internal/visible"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// A terminal is the host of magics that are called from the command line: it shows the text of what they show. Text that
// comes from a folder or a saved model has no escape sequences left there.
//
// Figures that are a command's result go to standard output; with --json, and while it works, to standard error. What is
// updated in place is drawn over where that is a screen; elsewhere its first and its last state are printed.
type terminal struct {
	out, errors, figures io.Writer
	screen               bool   // whether lines can be drawn over
	png                  string // a file that gets the last figure; empty: none

	mu    sync.Mutex
	next  int
	live  display.ID // what stands last on the screen
	lines int        // how many lines it takes there

	waiting []display.ID // where nothing can be drawn over: updated since they were printed
	latest  map[display.ID]display.Bundle
}

func newTerminal(out, errors, figures io.Writer) *terminal {
	return &terminal{out: visible.Writer(out), errors: visible.Writer(errors), figures: figures, screen: isScreen(figures), latest: map[display.ID]display.Bundle{}}
}

func isScreen(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Show prints a bundle's text.
func (t *terminal) Show(_ context.Context, b display.Bundle) (display.ID, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next++
	id := display.ID(fmt.Sprint(t.next))
	if png, ok := b.Data[display.MIMEPNG].([]byte); ok && t.png != "" {
		err := atomicfile.WriteResult(t.png, func(w io.Writer) error {
			_, err := w.Write(png)
			return err
		})
		if err != nil {
			return id, fmt.Errorf("write the figure: %w", err)
		}
	}
	return id, t.print(id, b)
}

// Update draws over the bundle where it still stands last on the screen.
func (t *terminal) Update(_ context.Context, id display.ID, b display.Bundle) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.screen {
		if !slices.Contains(t.waiting, id) {
			t.waiting = append(t.waiting, id)
		}
		t.latest[id] = b
		return nil
	}
	if id != t.live {
		return nil
	}
	if _, err := fmt.Fprintf(t.figures, "\x1b[%dF\x1b[J", t.lines); err != nil {
		return err
	}
	return t.print(id, b)
}

func (t *terminal) print(id display.ID, b display.Bundle) error {
	text, _ := b.Data[display.MIMEText].(string)
	text = strings.TrimRight(visible.Text(text), "\n") + "\n"
	t.live, t.lines = id, strings.Count(text, "\n")
	_, err := io.WriteString(t.figures, text)
	return err
}

// settle prints the last state of what was updated but could not be drawn over.
func (t *terminal) settle() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, id := range t.waiting {
		if err := t.print(id, t.latest[id]); err != nil {
			return err
		}
	}
	t.waiting = nil
	return nil
}

// above writes and forgets what is live, since it no longer stands last.
type above struct {
	t  *terminal
	to io.Writer
}

func (a above) Write(p []byte) (int, error) {
	a.t.mu.Lock()
	defer a.t.mu.Unlock()
	a.t.live = ""
	return a.to.Write(p)
}

func (t *terminal) Stdout() io.Writer { return above{t, t.out} }
func (t *terminal) Stderr() io.Writer { return above{t, t.errors} }

func (t *terminal) Ask(_ context.Context, prompt string, secret bool) (string, error) {
	if secret {
		return "", fmt.Errorf("asking for %q: a command does not ask for secrets", prompt)
	}
	fmt.Fprint(t.errors, prompt)
	line, err := bufio.NewReader(os.Stdin).ReadString('\n')
	if err != nil && line == "" {
		return "", fmt.Errorf("asking for %q: %w", prompt, err)
	}
	return strings.TrimSpace(line), nil
}

func (t *terminal) Execute(context.Context, string) error {
	return fmt.Errorf("run a cell: a command line has no notebook")
}
