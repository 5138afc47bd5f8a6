// Package child runs processes that end when this one does, however it ends.
package child

import (
	"context"
	"os/exec"
	"time"
)

// A Process is a started child, in a process group of its own.
type Process struct{}

// Start starts cmd. Stdin, Stdout, Stderr, Env and Dir may be set; SysProcAttr and the context functions of exec are
// Start's own. The child and what it starts die with this process, after kill -9 of it too.
func Start(cmd *exec.Cmd) (*Process, error) { panic("being written") }

// Pid is the child's process id, and its process group's.
func (p *Process) Pid() int { panic("being written") }

// Interrupt sends SIGINT to the child's process group.
func (p *Process) Interrupt() error { panic("being written") }

// Done is closed when the child has ended and was reaped.
func (p *Process) Done() <-chan struct{} { panic("being written") }

// Err says how the child ended, as exec.Cmd.Wait does; nil before Done.
func (p *Process) Err() error { panic("being written") }

// Stop asks the process group to end with SIGTERM, and kills what is left of it after grace or when ctx is cancelled.
// It returns when the child was reaped. Stopping an ended child kills what remains of its group.
func (p *Process) Stop(ctx context.Context, grace time.Duration) { panic("being written") }
