package session

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

// An entry is one line of the history file. One without input marks the start of a session.
type entry struct {
	Session int    `json:"session"`
	Line    int    `json:"line,omitempty"`
	Input   string `json:"input,omitempty"`
}

// A history is the input of this session and of those before it, in a file of JSON lines that all kernels share.
//
// The file is read at the first use, not when the kernel starts.
type history struct {
	file string // empty: nothing is kept

	mu      sync.Mutex
	opened  bool
	session int
	entries []entry
}

// remember adds a cell to the history.
func (s *Session) remember(line int, input string) {
	if err := s.history.add(line, input); err != nil {
		s.Log.Warn("the history could not be kept", "error", err)
	}
}

func (h *history) add(line int, input string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	err := h.open()
	e := entry{Session: h.session, Line: line, Input: input}
	h.entries = append(h.entries, e)
	if err != nil || h.file == "" {
		return err
	}
	return h.locked(func() error { return h.append(e) })
}

// open reads the file and begins a session in it. When the file cannot be used the history is this session's alone.
// Called with mu held.
func (h *history) open() error {
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
func (h *history) begin() error {
	data, err := os.ReadFile(h.file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for line := range bytes.Lines(data) {
		var e entry
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
	return h.append(entry{Session: h.session})
}

func (h *history) append(e entry) error {
	f, err := os.OpenFile(h.file, os.O_WRONLY|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	line, err := wire.Marshal(e)
	if err == nil {
		_, err = f.Write(append(line, '\n'))
	}
	return errors.Join(err, f.Close())
}

// rewrite replaces the file by what is kept of it.
func (h *history) rewrite() error {
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
func (h *history) locked(work func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	lock, err := filelock.Acquire(ctx, h.file+".lock", nil)
	if err != nil {
		return err
	}
	return errors.Join(work(), lock.Close())
}

func (s *Session) searchHistory(_ context.Context, _ *request, content wire.HistoryRequest) any {
	found, err := s.history.search(content)
	if err != nil {
		return errorReply("HistoryError", err)
	}
	triples := make([][]any, 0, len(found))
	for _, e := range found {
		var input any = e.Input
		if content.Output {
			input = []any{e.Input, nil} // outputs are not kept
		}
		triples = append(triples, []any{e.Session, e.Line, input})
	}
	return wire.HistoryReply{Status: wire.StatusOK, History: triples}
}

func (h *history) search(request wire.HistoryRequest) ([]entry, error) {
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

func latest(entries []entry, n int) []entry {
	if n <= 0 || n > len(entries) {
		n = len(entries)
	}
	return entries[len(entries)-n:]
}

// rangeOf finds lines of one session, counted back from this one where it is zero or negative.
func (h *history) rangeOf(request wire.HistoryRequest) []entry {
	session := request.Session
	if session <= 0 {
		session += h.session
	}
	var found []entry
	for _, e := range h.entries {
		if e.Session == session && e.Line >= request.Start && (request.Stop == nil || e.Line < *request.Stop) {
			found = append(found, e)
		}
	}
	return found
}

// matching finds the input that a pattern with * and ? matches as a whole.
func (h *history) matching(request wire.HistoryRequest) ([]entry, error) {
	pattern := request.Pattern
	if pattern == "" {
		pattern = "*"
	}
	expression := strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern))
	matcher, err := regexp.Compile("(?s)^" + expression + "$")
	if err != nil {
		return nil, fmt.Errorf("search the history for %.100q: %w", pattern, err)
	}
	var found []entry
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
