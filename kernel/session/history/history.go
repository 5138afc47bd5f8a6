// Package history keeps the input of cells in a file that outlives the session.
package history

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/internal/filelock"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// Bounds of the history file: when it is larger than historyMax bytes at the start of a session, only the latest
// historyKeep entries stay.
const (
	historyMax  = 4 << 20
	historyKeep = 5000
)

// An Entry is one line of the history file. One without input marks the start of a session.
type Entry struct {
	Session int    `json:"session"`
	Line    int    `json:"line,omitempty"`
	Input   string `json:"input,omitempty"`
}

// A History is the input of this session and of those before it, in a file of JSON lines that all kernels share.
//
// The file is read at the first use, not when the kernel starts.
type History struct {
	file string // empty: nothing is kept

	mu      sync.Mutex
	opened  bool
	session int
	entries []Entry
}

// New is the history in a file, which is empty for one that is not kept.
func New(file string) *History { return &History{file: file} }

// Add adds the input of a cell.
func (h *History) Add(line int, input string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.open()
	e := Entry{Session: h.session, Line: line, Input: input}
	h.entries = append(h.entries, e)
	if err != nil || h.file == "" {
		return err
	}
	return h.locked(func() error { return h.append(e) })
}

// open reads the file and begins a session in it. When the file cannot be used the history is this session's alone.
// Called with mu held.
func (h *History) open() error {
	if h.opened {
		return nil
	}
	h.opened, h.session = true, 1
	if h.file == "" {
		return nil
	}
	err := os.MkdirAll(filepath.Dir(h.file), 0o700)
	if err == nil {
		err = h.locked(h.begin)
	}
	if err != nil {
		err = fmt.Errorf("open the history %s: %w", h.file, err)
		h.file = ""
	}
	return err
}

// begin reads the entries and marks a new session. Called with the file locked.
func (h *History) begin() error {
	data, err := os.ReadFile(h.file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for line := range bytes.Lines(data) {
		var e Entry
		if json.Unmarshal(line, &e) != nil {
			continue // half a line, from a full disk or a crash
		}
		h.session = max(h.session, e.Session+1)
		if e.Input != "" {
			h.entries = append(h.entries, e)
		}
	}
	if len(data) > historyMax {
		h.entries = h.entries[max(0, len(h.entries)-historyKeep):]
		if err := h.rewrite(); err != nil {
			return err
		}
	}
	return h.append(Entry{Session: h.session})
}

func (h *History) append(e Entry) error {
	f, err := os.OpenFile(h.file, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	line, err := wire.Marshal(e)
	if err == nil {
		line = append(line, '\n')
		if isCutOff(f) {
			line = append([]byte{'\n'}, line...)
		}
		_, err = f.Write(line)
	}
	return errors.Join(err, f.Close())
}

// isCutOff reports whether a file ends in half a line, which what is written next must not continue.
func isCutOff(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return false
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, info.Size()-1)
	return err == nil && last[0] != '\n'
}

// rewrite replaces the file by what is kept of it.
func (h *History) rewrite() error {
	return atomicfile.WriteFile(h.file, func(file io.Writer) error {
		w := bufio.NewWriter(file)
		for _, e := range h.entries {
			line, err := wire.Marshal(e)
			if err != nil {
				return err
			}
			if _, err := w.Write(append(line, '\n')); err != nil {
				return err
			}
		}
		return w.Flush()
	})
}

// lockPatience is how long a kernel waits for another one's entry to be written. The history then lacks an entry; a kernel
// that waits on would not answer.
const lockPatience = 5 * time.Second

// locked does work while no other kernel touches the file.
func (h *History) locked(work func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	lock, err := filelock.Acquire(ctx, h.file+".lock", nil)
	if err != nil {
		return err
	}
	return errors.Join(work(), lock.Close())
}

// Search finds entries, the oldest first.
func (h *History) Search(request wire.HistoryRequest) ([]Entry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err := h.open(); err != nil {
		return nil, err
	}
	switch request.HistAccessType {
	case wire.HistoryTail, "":
		return latest(h.entries, request.N), nil
	case wire.HistoryRange:
		return h.rangeOf(request), nil
	case wire.HistorySearch:
		return h.matching(request)
	}
	return nil, fmt.Errorf("search the history: the access type %q is unknown, use tail, range or search", request.HistAccessType)
}

func latest(entries []Entry, n int) []Entry {
	if n <= 0 || n > len(entries) {
		n = len(entries)
	}
	return entries[len(entries)-n:]
}

// rangeOf finds lines of one session, counted back from this one where it is zero or negative.
func (h *History) rangeOf(request wire.HistoryRequest) []Entry {
	session := request.Session
	if session <= 0 {
		session += h.session
	}
	var found []Entry
	for _, e := range h.entries {
		if e.Session == session && e.Line >= request.Start && (request.Stop == nil || e.Line < *request.Stop) {
			found = append(found, e)
		}
	}
	return found
}

// matching finds the input that a pattern with * and ? matches as a whole.
func (h *History) matching(request wire.HistoryRequest) ([]Entry, error) {
	pattern := request.Pattern
	if pattern == "" {
		pattern = "*"
	}
	expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	matcher, err := regexp.Compile("(?s)^" + expression + "$")
	if err != nil {
		return nil, fmt.Errorf("search the history for %.100q: %w", pattern, err)
	}
	var found []Entry
	at := map[string]int{} // where each input stands in found
	for _, e := range h.entries {
		if !matcher.MatchString(e.Input) {
			continue
		}
		if before, seen := at[e.Input]; seen && request.Unique {
			found[before].Input = "" // only the latest stays
		}
		at[e.Input] = len(found)
		found = append(found, e)
	}
	kept := found[:0]
	for _, e := range found {
		if e.Input != "" {
			kept = append(kept, e)
		}
	}
	return latest(kept, request.N), nil
}
