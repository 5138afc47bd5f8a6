package gonb

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// A stderrFilter passes on what a cell writes to standard error, but holds back what the error at the cell's end says
// better: the stack of a panic, and the exit status. When the cell ends without an error it is passed on all the same.
type stderrFilter struct {
	emit func(text string)

	mu      sync.Mutex
	midLine bool // whether what was passed on ended within a line
	holding bool
	held    strings.Builder
	timer   *time.Timer
}

const (
	maxHeld = 1 << 20 // bytes of a stack that are held back
	// A panic writes its stack at once. What only looks like the first line of one is passed on after this time.
	stackDelay = 500 * time.Millisecond
)

var stackStart = regexp.MustCompile(`(?m)^(?:panic: |fatal error: |exit status \d+\n|signal: |\^C\n)`)

// write takes text as it comes.
func (f *stderrFilter) write(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.holding {
		f.held.WriteString(text)
		if f.held.Len() > maxHeld {
			f.release()
		}
		return
	}
	at := stackStart.FindStringIndex(text)
	if at != nil && at[0] == 0 && f.midLine {
		at = nil
	}
	if at == nil {
		f.pass(text)
		return
	}
	f.pass(text[:at[0]])
	f.holding = true
	f.held.WriteString(text[at[0]:])
	f.timer = time.AfterFunc(stackDelay, func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		if f.holding && !strings.Contains(f.held.String(), "\ngoroutine ") {
			f.release()
		}
	})
}

// end ends the cell and returns what was held back; with keep false it is passed on instead.
func (f *stderrFilter) end(keep bool) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	held := f.held.String()
	if f.holding && keep {
		f.holding = false
		f.timer.Stop()
		f.held.Reset()
		return held
	}
	f.release()
	return ""
}

func (f *stderrFilter) release() {
	if f.holding {
		f.timer.Stop()
	}
	f.holding = false
	f.pass(f.held.String())
	f.held.Reset()
}

func (f *stderrFilter) pass(text string) {
	if text != "" {
		f.midLine = !strings.HasSuffix(text, "\n")
		f.emit(text)
	}
}

var (
	// annotation is GoNB's mark of a cell's line, in front of the file's name.
	annotation = regexp.MustCompile(`\x1b\[7m\[\[ Cell (?:\[(\d+)\] )?Line (\d+) \]\]\x1b\[0m`)
	// frameFile is the second line of a frame: a tab, GoNB's annotation where there is one, file and line.
	frameFile  = regexp.MustCompile(`^\t.*?(/\S+|[A-Za-z]:\S+):(\d+)(?: \+0x[0-9a-f]+)?$`)
	panicStart = regexp.MustCompile(`(?m)^(panic|fatal error): (.*)$`)
)

// maxFrames bounds the frames of a traceback.
const maxFrames = 20

// panicReport reads the text of a panic: its message, and of its stack the frames in the user's own code.
func panicReport(trace string, cells *sources) (report, bool) {
	start := panicStart.FindStringSubmatchIndex(trace)
	if start == nil {
		return report{}, false
	}
	text := trace[start[0]:]
	message, stack, found := strings.Cut(text, "\ngoroutine ")
	if !found {
		return report{}, false
	}
	message = strings.TrimSpace(message)
	name, value := trace[start[2]:start[3]], trace[start[4]:start[5]]
	stack, _, _ = strings.Cut(stack, "\n\n") // the goroutine that panicked comes first
	r := report{Error: wire.Error{EName: name, EValue: value, Traceback: []string{colour(red, message)}}}
	r.Traceback = append(r.Traceback, userFrames(stack, cells)...)
	return r, true
}

// userFrames renders the frames of a stack that stand in cells, or in files that are neither Go's nor a module's.
func userFrames(stack string, cells *sources) []string {
	var frames []string
	lines := strings.Split(stack, "\n")
	for i := 1; i+1 < len(lines) && len(frames) < maxFrames; i++ {
		function := lines[i]
		file := frameFile.FindStringSubmatch(lines[i+1])
		if file == nil {
			continue
		}
		i++
		mark := annotation.FindStringSubmatch(lines[i])
		if mark == nil {
			if isUsers(function, file[1]) {
				frames = append(frames, "  "+function+"\n    "+file[1]+":"+file[2])
			}
			continue
		}
		id, _ := strconv.Atoi(mark[1])
		line, _ := strconv.Atoi(mark[2])
		at, ok := cells.find(id, line)
		if !ok {
			continue
		}
		frame := append([]string{"  " + function + "  " + colour(bold, at.String())}, at.excerpt()...)
		frames = append(frames, strings.Join(frame, "\n"))
	}
	return frames
}

// isUsers tells a function of the user's other modules from one of the standard library, whose import paths begin
// without a dot, of a downloaded module, whose folders carry a version, and of the program that GoNB generated.
func isUsers(function, file string) bool {
	first, _, _ := strings.Cut(function, "/")
	return first != function && strings.Contains(first, ".") && !strings.Contains(file, "@v")
}
