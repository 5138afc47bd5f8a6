package plugins

import (
	"strings"
	"sync"
)

// tail keeps the end of what a program prints.
type tail struct {
	mu   sync.Mutex
	text []byte
}

// tailSize is how much of a program's own prints is kept, in bytes.
const tailSize = 64 << 10

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p[max(0, len(p)-tailSize):]...)
	if len(t.text) > 2*tailSize {
		t.text = append([]byte(nil), t.text[len(t.text)-tailSize:]...)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text[max(0, len(t.text)-tailSize):])
}

// last is the last lines, for an error message: from a panic's first line on when there is one.
func (t *tail) last(limit int) string {
	text := strings.TrimSpace(t.String())
	if i := max(strings.LastIndex(text, "\npanic: "), strings.LastIndex(text, "\nfatal error: ")); i >= 0 {
		lines := strings.SplitAfterN(text[i+1:], "\n", limit+1)
		return strings.TrimSpace(strings.Join(lines[:min(limit, len(lines))], ""))
	}
	lines := strings.Split(text, "\n")
	return strings.TrimSpace(strings.Join(lines[max(0, len(lines)-limit):], "\n"))
}
