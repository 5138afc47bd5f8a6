package gonb

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"syscall"
	"time"

	"github.com/headstart-nb/headstart/kernel/gonb/descendant"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// input asks the user for the line that GoNB requests, and gives it to GoNB.
func (r *run) input(request wire.InputRequest) {
	r.asking.Lock()
	defer r.asking.Unlock()
	line, err := r.io.Ask(r.ctx, request.Prompt, request.Password)
	if err != nil {
		r.refuseInput(err)
		return
	}
	if r.over.Load() {
		return // GoNB would write the line for nobody
	}
	reply, err := wire.NewMessage(r.in.session, "input_reply", wire.InputReply{Value: line})
	if err == nil {
		err = r.in.send(r.ctx, wire.Stdin, reply, nil)
	}
	if err != nil {
		r.refuseInput(err)
	}
	r.answered.Store(time.Now().UnixNano())
}

// withInputs is GoNB's question for `%with_inputs`, which it asks again and again while the command runs, whether it reads or not.
const withInputs = " "

// unread is how soon after a question a program has ended that has not waited for the answer: nobody types faster.
const unread = time.Second

// awaitInputs waits for the answers to what a program asked right before its end: it uses them no more, but front ends show
// the question, and an answer that comes after its cell would be nobody's. A program that has waited and given up ends at once.
func (r *run) awaitInputs(ended time.Time) {
	if ended.Sub(time.Unix(0, r.asked.Load())) > unread {
		return
	}
	r.mu.Lock()
	inputs := slices.Clone(r.inputs)
	r.mu.Unlock()
	for _, came := range inputs {
		select {
		case <-came:
		case <-r.ctx.Done():
		case <-r.in.process.Done():
		}
	}
}

// deliveryTime is how long GoNB may take to give a program the line that it has asked for. Until then the program still waits,
// and must not be given another line.
const deliveryTime = 3 * time.Second

// stdinPoll is how often the programs of a cell are looked at: one that waits for standard input at two looks in a row
// waits for the user. GoNB itself passes a program a pipe to which nobody writes, and the cell would hang.
const stdinPoll = 300 * time.Millisecond

// watchStdin asks the user on behalf of a program that reads its standard input. It returns when the run has ended.
func (r *run) watchStdin() {
	ticker := time.NewTicker(stdinPoll)
	defer ticker.Stop()
	waiting := 0
	for {
		select {
		case <-r.ctx.Done():
			return
		case <-ticker.C:
		}
		reader := r.reader()
		delivered := time.Since(time.Unix(0, r.answered.Load())) > deliveryTime
		if reader != 0 && reader == waiting && delivered && r.asking.TryLock() {
			r.feed(reader)
			r.asking.Unlock()
			waiting = 0
			continue
		}
		waiting = reader
	}
}

// reader is a process below GoNB that waits for what GoNB would have to write; 0 where there is none.
func (r *run) reader() int {
	gonb := r.in.process.Pid()
	for _, p := range descendant.Of(gonb) {
		if p.Name != descendant.LanguageServer && !p.IsTool() && descendant.ReadsStdin(gonb, p.ID) {
			return p.ID
		}
	}
	return 0
}

// feed asks the user for a line and writes it to the program's standard input.
func (r *run) feed(pid int) {
	line, err := r.io.Ask(r.ctx, "", false)
	if err == nil {
		err = descendant.WriteStdin(pid, line+"\n")
	}
	if err != nil {
		r.refuseInput(err)
	}
}

// refuseInput ends the cell's program, since the line that it waits for will not come.
func (r *run) refuseInput(err error) {
	if r.ctx.Err() != nil || errors.Is(err, context.Canceled) {
		return // the cell has ended or was interrupted
	}
	r.mu.Lock()
	r.noInput = fmt.Errorf("the cell reads standard input, and no line came: %w; "+
		"use gonbui.RequestInput or a widget where the front end allows it, or give the value in the code", err)
	r.mu.Unlock()
	for _, p := range descendant.Of(r.in.process.Pid()) {
		if p.Name != descendant.LanguageServer {
			_ = syscall.Kill(p.ID, syscall.SIGKILL) // it may have ended by itself
		}
	}
}

func (r *run) inputFailure() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.noInput
}
