package nbhelpers

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// terminal writes the text form of every bundle. An output that is replaced is rewritten on its line where it has one
// line and the terminal can; else only its first and its last form are worth their lines, which is up to the caller.
type terminal struct {
	in          io.Reader
	out         io.Writer
	interactive bool // whether a carriage return goes back to the start of the line

	mu      sync.Mutex
	pending display.ID // the output whose line is not ended yet
}

func (t *terminal) show(b display.Bundle, id display.ID) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	text, _ := b.Data[display.MIMEText].(string)
	begin, end := "", "\n"
	if t.pending != "" && t.pending != id {
		begin = "\n"
	}
	t.pending = ""
	if id != "" && t.interactive && !strings.Contains(text, "\n") {
		begin += "\r\x1b[K" // back to the start, and the rest of the line deleted
		end = ""
		t.pending = id
	}
	if _, err := io.WriteString(t.out, begin+text+end); err != nil {
		return fmt.Errorf("writing to standard output: %w", err)
	}
	return nil
}

func (t *terminal) ask(prompt string, _ bool) (string, error) {
	if _, err := io.WriteString(t.out, prompt); err != nil {
		return "", fmt.Errorf("asking %q: writing to standard output: %w", prompt, err)
	}
	line, err := readLine(t.in)
	if err != nil {
		return "", fmt.Errorf("asking %q: %w", prompt, err)
	}
	return line, nil
}

// longestLine is the longest answer that Ask reads, in bytes.
const longestLine = 1 << 20

// readLine reads to the end of a line and not a byte further, since others may read what follows.
func readLine(r io.Reader) (string, error) {
	var line []byte
	var one [1]byte
	for {
		n, err := r.Read(one[:])
		if n == 1 && one[0] == '\n' || err == io.EOF && len(line) > 0 {
			return strings.TrimSuffix(string(line), "\r"), nil
		}
		if n == 1 {
			line = append(line, one[0])
		}
		if err != nil {
			return "", fmt.Errorf("reading the answer from standard input: %w", err)
		}
		if len(line) > longestLine {
			return "", fmt.Errorf("reading the answer from standard input: it is longer than %d bytes", longestLine)
		}
	}
}
