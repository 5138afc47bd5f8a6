package gonb

import (
	"syscall"
	"time"
)

const (
	interruptPoll = 50 * time.Millisecond
	// killAfter is when what has not ended on SIGINT is killed; giveUp is when GoNB itself is.
	killAfter = 600 * time.Millisecond
	giveUp    = 950 * time.Millisecond
)

// interrupt ends a cell that the user stopped. GoNB passes SIGINT on to the program of a cell, but not to the Go tools,
// and takes up the next phase when one was ended: so all that runs below it is stopped until it replies.
func (r *run) interrupt(e *Engine) result {
	gonb := r.in.process.Pid()
	doing := phase(descendants(gonb))
	_ = syscall.Kill(gonb, syscall.SIGINT) // where it fails GoNB has ended, which is seen below
	asked := map[int]bool{}
	ticker := time.NewTicker(interruptPoll)
	defer ticker.Stop()
	replied, idle := false, false
	for begun := time.Now(); ; {
		r.stopProcesses(asked, time.Since(begun) > killAfter)
		select {
		case <-r.reply:
			replied = true
		case <-r.idle:
			idle = true
		case <-r.in.process.Done():
			idle, replied = false, false
		case <-ticker.C:
		}
		if replied && idle {
			r.drain()
			r.stderr.End(true)
			return result{failure: interrupted(doing), compiled: doing == running}
		}
		if time.Since(begun) > giveUp || r.in.hasEnded() {
			r.stderr.End(true)
			e.discard(r.in)
			return result{failure: interrupted(doing)}
		}
	}
}

// stopProcesses sends SIGINT, once, to what runs below GoNB and does not get it from GoNB; with kill it ends all of it.
// Shells get it in any case, and before their children: one whose child alone was interrupted goes on to its next line.
func (r *run) stopProcesses(asked map[int]bool, kill bool) {
	gonb := r.in.process.Pid()
	for _, p := range descendants(gonb) {
		switch {
		case p.name == languageServer:
		case kill:
			_ = syscall.Kill(p.id, syscall.SIGKILL) // it may have ended by itself
		case !asked[p.id] && (p.parent != gonb || p.isTool() || p.isShell()):
			asked[p.id] = true
			_ = syscall.Kill(p.id, syscall.SIGINT)
		}
	}
}

// running is the phase of a cell whose program GoNB has built.
const running = "running"

// phase says what GoNB was doing, by what it runs.
func phase(below []descendant) string {
	doing := "starting"
	for _, p := range below {
		switch p.name {
		case languageServer:
		case "goimports":
			return "finding its imports"
		case "compile", "link", "asm", "cgo":
			return "compiling"
		case "go":
			doing = "compiling"
		default:
			if !p.isTool() {
				return running
			}
		}
	}
	return doing
}
