package plugins

import (
	"context"
	"errors"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// detached is a program in a session of its own, which the end of the kernel does not touch. It ends itself when no
// kernel is attached and nothing is left to do: see kernelWatch.
type detached struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error // read after done is closed
	once sync.Once
}

func startDetached(cmd *exec.Cmd) (running, error) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	d := &detached{cmd: cmd, done: make(chan struct{})}
	go func() {
		d.err = cmd.Wait()
		close(d.done)
	}()
	return d, nil
}

func (d *detached) Pid() int              { return d.cmd.Process.Pid }
func (d *detached) Done() <-chan struct{} { return d.done }

func (d *detached) Err() error {
	select {
	case <-d.done:
		return d.err
	default:
		return nil
	}
}

// Stop ends the program and what it has started.
func (d *detached) Stop(ctx context.Context, grace time.Duration) {
	if grace > 0 {
		_ = syscall.Kill(-d.Pid(), syscall.SIGTERM) // an ended process is as good
		select {
		case <-d.done:
		case <-ctx.Done():
		case <-time.After(grace):
		}
	}
	d.once.Do(func() { killGroup(d.Pid()) })
	<-d.done
}

// killGroup kills a process group; one that is gone is fine.
func killGroup(pid int) {
	if err := syscall.Kill(-pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}
