// Package process runs processes that end when this one does, however it ends.
//
// Three things see to it. The kernel of Linux kills the child when its parent dies (Pdeathsig). A watchdog, a shell that
// waits on a pipe whose other end only this process holds, kills the child's process group and every process that
// inherited its token in the environment: a grandchild may have left the group (gopls does). And Stop asks politely first.
package process

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/google/uuid"
)

// outputDelay is how long the child's output is read after its end: a process that left its group may hold the other end, and is
// killed only then.
const outputDelay = time.Second

// tokenName is the environment variable by which the watchdog tells the child's descendants.
const tokenName = "HEADSTART_CHILD"

// A Process is a started child, in a process group of its own.
type Process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start starts cmd and reaps it when it ends. All fields of cmd may be set but SysProcAttr.
//
// As with exec.Cmd.Wait, a pipe made by cmd.StdoutPipe is closed when the child has ended: who has to read to the last
// byte sets cmd.Stdout instead.
func Start(cmd *exec.Cmd) (*Process, error) {
	token := tokenName + "=" + uuid.NewString()
	cmd.Env = append(cmd.Environ(), token)
	cmd.SysProcAttr = attributes()
	if cmd.WaitDelay == 0 {
		cmd.WaitDelay = outputDelay
	}
	p := &Process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go p.run(token, started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// run starts the child and waits for it on one locked thread: Pdeathsig fires when the thread that forked ends.
func (p *Process) run(token string, started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	dog, err := watch(token)
	if err != nil {
		started <- err
		return
	}
	err = p.cmd.Start()
	if err == nil {
		if err = dog.guard(p.cmd.Process.Pid); err != nil {
			err = errors.Join(err, p.cmd.Process.Kill(), p.cmd.Wait())
		}
	}
	if err != nil {
		dog.sweep()
		started <- err
		return
	}
	started <- nil
	if err := p.cmd.Wait(); !errors.Is(err, exec.ErrWaitDelay) { // the child itself ended well
		p.err = err
	}
	dog.sweep()
	close(p.done)
}

// Pid is the child's process id, and its process group's.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Interrupt sends SIGINT to the child's process group.
func (p *Process) Interrupt() error { return p.signal(syscall.SIGINT) }

// Done is closed when the child has ended, was reaped, and nothing of what it started is left.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err says how the child ended, as exec.Cmd.Wait does; nil before Done.
func (p *Process) Err() error {
	select {
	case <-p.done:
		return p.err
	default:
		return nil
	}
}

// Stop asks the process group to end with SIGTERM, kills it after grace or when ctx is canceled, and returns when
// nothing of it is left.
func (p *Process) Stop(ctx context.Context, grace time.Duration) {
	timer := time.NewTimer(grace)
	defer timer.Stop()
	_ = p.signal(syscall.SIGTERM) // fails where it has just ended
	select {
	case <-p.done:
		return
	case <-timer.C:
	case <-ctx.Done():
	}
	_ = p.signal(syscall.SIGKILL)
	<-p.done
}

func (p *Process) signal(sig syscall.Signal) error {
	select {
	case <-p.done:
		return os.ErrProcessDone
	default:
	}
	return syscall.Kill(-p.Pid(), sig)
}
