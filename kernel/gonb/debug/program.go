package debug

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/headstart-nb/headstart/internal/atomicfile"
)

// A program is that of a cell while it runs under Delve.
type program struct {
	debugger *Debugger
	work     string          // GoNB's folder
	cell     string          // the file of the cell that runs
	tell     func(string)    // shows the user a line of text
	files    map[string]bool // the cells that it may be made of
	listener net.Listener
	delve    *connection // set before ready is closed
	begin    sync.Once
	began    chan struct{} // closed when Delve takes breakpoints
	ready    chan struct{} // closed when it has them
	over     chan struct{} // closed when the program has ended, or is given up
	exit     string        // its exit status, empty until Delve names it; the goroutine of events writes it

	stopped map[int]bool // goroutines; guarded by Debugger.mu
}

// Prepare makes the next program of a cell one that is debugged, where a client debugs. Work is the folder in which GoNB
// builds it. Tell shows a line of text with the cell's output. End has to be called when the cell has ended; it is not nil.
func (d *Debugger) Prepare(work string, tell func(text string)) (end func(), err error) {
	end = func() {}
	description := filepath.Join(work, DescriptionFile)
	if err := os.Remove(description); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return end, err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.on {
		return end, nil
	}
	cells, err := d.describe()
	if err != nil {
		return end, err
	}
	p := &program{
		debugger: d, work: work, tell: tell, files: map[string]bool{}, stopped: map[int]bool{},
		began: make(chan struct{}), ready: make(chan struct{}), over: make(chan struct{}),
	}
	for _, c := range cells {
		p.files[c.File] = true
		p.cell = c.File // the newest is the last
	}
	d.programs++
	socket := filepath.Join(d.options.Folder, fmt.Sprintf("delve-%d.sock", d.programs))
	if p.listener, err = net.Listen("unix", socket); err != nil {
		return end, fmt.Errorf("listen for the debugger: %w", err)
	}
	text, err := json.Marshal(Description{Delve: d.options.Delve, Socket: socket, Cells: cells})
	if err == nil {
		err = atomicfile.Write(description, text)
	}
	if err != nil {
		return end, errors.Join(err, p.listener.Close())
	}
	d.program = p
	ctx, cancel := context.WithCancel(context.Background())
	finished := make(chan struct{})
	go func() {
		defer close(finished)
		if err := p.run(ctx); err != nil && ctx.Err() == nil {
			d.options.Log.Warn("a cell could not be debugged", "error", err)
		}
	}()
	return func() {
		cancel()
		_ = p.listener.Close() // where no program was built, nobody has come
		<-finished
		p.end()
	}, nil
}

// run serves the one Delve that comes.
func (p *program) run(ctx context.Context) error {
	conn, err := p.listener.Accept()
	if err != nil {
		return nil // the cell has ended, and nothing was debugged
	}
	s, err := awaited(p.work)
	if err != nil {
		return errors.Join(fmt.Errorf("read what to debug: %w", err), conn.Close())
	}
	p.delve = connect(conn, p.event)
	defer func() {
		_ = conn.Close()
		<-p.delve.done
		p.passOn()
	}()
	if err := p.handshake(ctx, s); err != nil {
		return err
	}
	close(p.ready)
	select {
	case <-p.delve.done:
	case <-ctx.Done():
	}
	return nil
}

// handshake starts the program, with the breakpoints of all cells.
func (p *program) handshake(ctx context.Context, s start) error {
	ctx, cancel := timeout(ctx)
	defer cancel()
	if _, err := p.delve.request(ctx, "initialize", map[string]any{
		"adapterID": "go", "pathFormat": "path", "linesStartAt1": true, "columnsStartAt1": true, "supportsVariableType": true,
	}); err != nil {
		return err
	}
	launched, err := p.delve.start("launch", map[string]any{
		"mode": "exec", "program": s.Program, "args": s.Args, "cwd": s.Dir,
		"showGlobalVariables":  true, // what statements of cells declare
		"hideSystemGoroutines": true,
	})
	if err != nil {
		return err
	}
	select {
	case <-p.began:
	case response := <-launched:
		return fmt.Errorf("start the program under Delve: %s", detail(response))
	case <-p.delve.done:
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	}
	d := p.debugger
	d.mu.Lock()
	breakpoints := map[string]breakpointArguments{}
	for path, list := range d.breakpoints {
		b := breakpointArguments{Breakpoints: list}
		b.Source.Path = path
		breakpoints[path] = b
	}
	d.mu.Unlock()
	for path, b := range breakpoints {
		response, err := p.delve.request(ctx, "setBreakpoints", b)
		if err != nil {
			return err
		}
		d.options.Log.Debug("breakpoints set", "file", path, "answer", string(response.Body))
		for _, complaint := range unset(b.Breakpoints, response.Body, path == p.cell) {
			p.tell(complaint)
		}
	}
	_, err = p.delve.request(ctx, "configurationDone", struct{}{})
	return err
}

// exited is what Delve says at the end of a program.
var exited = regexp.MustCompile(`Process \d+ has exited with status (-?\d+)`)

// logged is how the text of a breakpoint begins that logs and does not stop: Delve names the goroutine.
const logged = "> [Go "

// event handles one of Delve's, and passes on what concerns the client.
func (p *program) event(e Event) {
	var body struct {
		Thread int    `json:"threadId"`
		Output string `json:"output"`
		Exit   int    `json:"exitCode"`
	}
	if len(e.Body) > 0 && json.Unmarshal(e.Body, &body) != nil {
		return
	}
	d := p.debugger
	switch e.Event {
	case "initialized":
		p.begin.Do(func() { close(p.began) })
	case "stopped":
		if body.Thread == 0 { // a pause while every goroutine waits
			body.Thread = mainGoroutine
			e.Body = withThread(e.Body, mainGoroutine)
		}
		d.mu.Lock()
		on := d.on
		if on {
			p.stopped[body.Thread] = true
		}
		d.mu.Unlock()
		if !on { // the client has gone: a panic, say, ends the program
			_, _ = p.delve.start("continue", map[string]int{"threadId": body.Thread})
			return
		}
		d.send(e)
	case "continued":
		d.mu.Lock()
		clear(p.stopped)
		d.mu.Unlock()
		d.send(e)
	case "output":
		if strings.HasPrefix(body.Output, logged) {
			p.tell(strings.TrimSuffix(body.Output, "\n"))
		}
		if match := exited.FindStringSubmatch(body.Output); match != nil {
			status, _ := strconv.Atoi(match[1]) // digits
			p.ended(status)
		}
	case "exited": // newer versions of Delve
		p.ended(body.Exit)
	case "terminated": // Delve names the exit status after it
		_, _ = p.delve.start("disconnect", map[string]bool{"terminateDebuggee": true}) // it ends by itself where it has gone
	case "breakpoint", "thread", "invalidated":
		d.send(e)
	}
}

// ended notes the exit status that Delve names; a signal is below zero.
func (p *program) ended(status int) {
	if status < 0 {
		status = 128 - status // as shells do
	}
	p.exit = strconv.Itoa(status)
}

// passOn tells the launcher the exit status when Delve has said its last word: no earlier, since the launcher takes the
// first that it finds.
func (p *program) passOn() {
	if err := atomicfile.Write(filepath.Join(p.work, DescriptionFile+exitSuffix), []byte(p.exit)); err != nil {
		p.debugger.options.Log.Error("the exit status of a cell was not passed on", "error", err)
	}
}

// mainGoroutine is the one that runs func main.
const mainGoroutine = 1

// withThread sets the thread of an event.
func withThread(body json.RawMessage, thread int) json.RawMessage {
	fields := map[string]any{}
	if len(body) > 0 && json.Unmarshal(body, &fields) != nil {
		return body
	}
	fields["threadId"] = thread
	text, err := json.Marshal(fields)
	if err != nil {
		return body
	}
	return text
}

// end forgets the program. A client that still shows it stopped hears that it is not.
func (p *program) end() {
	d := p.debugger
	d.mu.Lock()
	if d.program == p {
		d.program = nil
	}
	threads := make([]int, 0, len(p.stopped))
	for thread := range p.stopped {
		threads = append(threads, thread)
	}
	clear(p.stopped)
	close(p.over)
	d.mu.Unlock()
	for _, thread := range threads {
		body, err := json.Marshal(map[string]any{"threadId": thread, "allThreadsContinued": true})
		if err == nil {
			d.send(Event{Type: "event", Event: "continued", Body: body})
		}
	}
	for _, name := range []string{DescriptionFile, DescriptionFile + startSuffix, DescriptionFile + exitSuffix} {
		_ = os.Remove(filepath.Join(p.work, name)) // most cells that fail to compile leave none
	}
}
