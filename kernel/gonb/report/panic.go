package report

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// A StderrFilter passes on what a cell writes to standard error, but holds back what the error at the cell's end says
// better: the stack of a panic, and the exit status. When the cell ends without an error it is passed on all the same.
type StderrFilter struct {
	Emit func(text string) // gets what is passed on; set before the first Write

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

// Write takes text as it comes.
func (f *StderrFilter) Write(text string) {
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
	if at != nil && at[0] == 0 && f.midLine && !wholeEnding.MatchString(text) {
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

// End ends the cell and returns what was held back; with keep false it is passed on instead.
func (f *StderrFilter) End(keep bool) string {
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

// Finish ends the cell, and passes on what was held back without what GoNB adds to it.
func (f *StderrFilter) Finish() { f.Pass(withoutEnding(f.End(true))) }

// Pass passes on text behind all that came before.
func (f *StderrFilter) Pass(text string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.pass(text)
}

func (f *StderrFilter) release() {
	if f.holding {
		f.timer.Stop()
	}
	f.holding = false
	f.pass(f.held.String())
	f.held.Reset()
}

func (f *StderrFilter) pass(text string) {
	if text != "" {
		f.midLine = !strings.HasSuffix(text, "\n")
		f.Emit(text)
	}
}

var (
	// ending is how GoNB says, behind all that a program wrote, how it ended. It follows also what does not end a line.
	ending      = regexp.MustCompile(`(?:exit status \d+|signal: [^\n]+)\n?\z`)
	interrupted = regexp.MustCompile(`(?m)^\^C\n`)
)

// wholeEnding is the piece in which an ending comes.
var wholeEnding = regexp.MustCompile(`^(?:\^C\n)?(?:exit status \d+|signal: [^\n]+)\n\z`)

// Unexplained is the part of what was held back that the report of a panic does not say. All else that a program wrote is its
// own, also where it begins as a panic does: "fatal error: cannot read photos", and then os.Exit.
func Unexplained(trace string) string {
	if start := panicStart.FindStringIndex(trace); start != nil && strings.Contains(trace[start[0]:], "\ngoroutine ") {
		return trace[:start[0]]
	}
	return withoutEnding(trace)
}

// withoutEnding is what was held back, without what GoNB adds to it.
func withoutEnding(trace string) string {
	return interrupted.ReplaceAllString(ending.ReplaceAllString(trace, ""), "")
}

var (
	// annotation is GoNB's mark of a cell's line, in front of the file's name.
	annotation = regexp.MustCompile(`\x1b\[7m\[\[ Cell (?:\[(\d+)\] )?Line (\d+) \]\]\x1b\[0m`)
	// frameFile is the second line of a frame: a tab, GoNB's annotation where there is one, file and line.
	frameFile  = regexp.MustCompile(`^\t.*?(/\S+|[A-Za-z]:\S+):(\d+)(?: \+0x.*)?$`)
	panicStart = regexp.MustCompile(`(?m)^(panic|fatal error): (.*)$`)
)

// maxFrames bounds the frames of a traceback.
const maxFrames = 20

// panicReport reads the text of a panic: its message, and of its stack the frames in the user's own code. Generated is
// the program that GoNB made of the cell, by lines.
func panicReport(trace string, generated []string, cells *Sources) (Report, bool) {
	start := panicStart.FindStringSubmatchIndex(trace)
	if start == nil {
		return Report{}, false
	}
	message, stack, found := strings.Cut(trace[start[0]:], "\ngoroutine ")
	if !found {
		return Report{}, false
	}
	message, _, _ = strings.Cut(message, "\n\nruntime stack:")
	stack, _, _ = strings.Cut(stack, "\n\n") // the goroutine that panicked comes first
	r := Report{Error: wire.Error{
		EName: trace[start[2]:start[3]], EValue: trace[start[4]:start[5]],
		Traceback: []string{color(red, strings.TrimSpace(message))},
	}}
	if whileKeeping(r.EValue, stack) {
		r.EValue += "; " + stillWrites
		r.Traceback = append(r.Traceback, stillWrites)
	}
	r.Traceback = append(r.Traceback, userFrames(stack, generated, cells)...)
	return r, true
}

// keeper is the package that keeps the variables of a program at its end.
const keeper = "github.com/headstart-nb/headstart/nbhelpers/keep"

// stillWrites explains what Go says of a map that is written to while it is read. Go ends the program at once, so that nothing
// of the cell is kept.
const stillWrites = "a goroutine of the cell still writes to a map at its end, where variables are kept: wait for it, as with sync.WaitGroup"

// whileKeeping tells a map that was written to while it was read to be kept.
func whileKeeping(message, stack string) bool {
	return strings.HasPrefix(message, "concurrent map ") && strings.Contains(stack, "\n"+keeper)
}

// userFrames renders the frames of a stack that stand in cells, or in files that are neither Go's nor a module's. A
// frame that comes again and again, in a recursion, stands there once.
func userFrames(stack string, generated []string, cells *Sources) []string {
	var frames []string
	repeated := 0
	flush := func() {
		if repeated > 0 {
			frames = append(frames, color(faint, fmt.Sprintf("  the same again, %d times", repeated)))
		}
		repeated = 0
	}
	last := ""
	lines := strings.Split(stack, "\n")
	for i := 1; i+1 < len(lines) && len(frames) < maxFrames; i++ {
		file := frameFile.FindStringSubmatch(lines[i+1])
		if file == nil {
			continue
		}
		function := argument.ReplaceAllString(lines[i], "(...)")
		i++
		frame := renderFrame(function, lines[i], file[1], file[2], generated, cells)
		switch {
		case frame == "":
		case frame == last:
			repeated++
		default:
			flush()
			frames = append(frames, frame)
			last = frame
		}
	}
	flush()
	return frames
}

// argument is the list of words that the runtime prints for a function's arguments: addresses, of no use here.
var argument = regexp.MustCompile(`\([^()]+\)$`)

// renderFrame is empty for a frame outside of the user's code.
func renderFrame(function, line, file, number string, generated []string, cells *Sources) string {
	n, _ := strconv.Atoi(number) // digits
	at, ok := cells.inFile(file, n)
	if ok {
		// the program is debugged
	} else if mark := annotation.FindStringSubmatch(line); mark != nil {
		id, _ := strconv.Atoi(mark[1])
		line, _ := strconv.Atoi(mark[2])
		at, ok = cells.find(id, line)
	} else if strings.Contains(file, "/gonb_") { // GoNB leaves its mark out where the text came to it in two pieces
		if n >= 1 && n <= len(generated) {
			at, ok = cells.search(generated[n-1])
		}
	} else if isUsers(function, file) {
		return "  " + function + "\n    " + file + ":" + number
	}
	if !ok {
		return ""
	}
	return strings.Join(append([]string{"  " + function + "  " + color(bold, at.String())}, at.excerpt()...), "\n")
}

// isUsers tells a function of the user's other modules from one of the standard library, whose import paths begin
// without a dot, of a downloaded module, whose folders carry a version, of what keeps variables, and of the program that GoNB generated.
func isUsers(function, file string) bool {
	if strings.HasPrefix(function, keeper) { // where Go cells import the project's sources, no version is in their path
		return false
	}
	first, _, _ := strings.Cut(function, "/")
	return first != function && strings.Contains(first, ".") && !strings.Contains(file, "@v")
}
