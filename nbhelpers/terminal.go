package nbhelpers

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// terminal writes the text form of every bundle. It rewrites an output of one line in place where the terminal is
// interactive; elsewhere it writes every form that it is given.
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
		return fmt.Errorf("write to standard output: %w", err)
	}
	return nil
}

func (t *terminal) ask(prompt string, _ bool) (string, error) {
	if _, err := io.WriteString(t.out, prompt); err != nil {
		return "", fmt.Errorf("ask %q: write to standard output: %w", prompt, err)
	}
	line, err := readLine(t.in)
	if err != nil {
		return "", fmt.Errorf("ask %q: %w", prompt, err)
	}
	return line, nil
}

// longestLine is the longest answer that Ask reads, in bytes.
const longestLine = 1 << 20

// readLine reads to the end of a line and no byte more: the program may read what follows.
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
			return "", fmt.Errorf("read the answer from standard input: %w", err)
		}
		if len(line) > longestLine {
			return "", fmt.Errorf("read the answer from standard input: it is longer than %d bytes", longestLine)
		}
	}
}

func isTerminal(out output) bool {
	_, is := out.(*terminal)
	return is
}
