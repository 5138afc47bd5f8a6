package gonb

import (
	"syscall"
	"time"

	"github.com/headstart-nb/headstart/kernel/gonb/descendant"
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
	doing := descendant.Phase(descendant.Of(gonb))
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
			r.stderr.Finish()
			return result{failure: interrupted(doing), compiled: doing == descendant.Running}
		}
		if time.Since(begun) > giveUp || r.in.hasEnded() {
			r.stderr.Finish()
			e.discard(r.in)
			return result{failure: interrupted(doing)}
		}
	}
}

// stopProcesses sends SIGINT, once, to what runs below GoNB and does not get it from GoNB; with kill it ends all of it.
// Shells get it in any case, and before their children: one whose child alone was interrupted goes on to its next line.
func (r *run) stopProcesses(asked map[int]bool, kill bool) {
	gonb := r.in.process.Pid()
	for _, p := range descendant.Of(gonb) {
		switch {
		case p.Name == descendant.LanguageServer:
		case kill:
			_ = syscall.Kill(p.ID, syscall.SIGKILL) // it may have ended by itself
		case !asked[p.ID] && (p.Parent != gonb || p.IsTool() || p.IsShell()):
			asked[p.ID] = true
			_ = syscall.Kill(p.ID, syscall.SIGINT)
		}
	}
}
