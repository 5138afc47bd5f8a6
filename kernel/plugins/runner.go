package plugins

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/hashicorp/go-plugin/runner"

	"github.com/headstart-nb/headstart/kernel/process"
)

// running is a started program.
type running interface {
	Pid() int
	Done() <-chan struct{}
	Err() error
	Stop(ctx context.Context, grace time.Duration)
}

// childRunner starts a plugin's program for go-plugin: as a child that dies with the kernel, or, where the plugin may
// outlive it, detached.
type childRunner struct {
	cmd      *exec.Cmd
	detached bool
	log      io.Writer
	limit    time.Duration // after which the program is ended, unless late is called before

	limiter        *time.Timer // nil before the start
	stdout, stderr *io.PipeReader
	process        running
	copying        sync.WaitGroup
}

var _ runner.Runner = (*childRunner)(nil)

// handshakeLine is the one line of standard output that is meant for the kernel.
var handshakeLine = regexp.MustCompile(`^\d+\|[^|]*\|[a-z]+\|`)

func (r *childRunner) Start(context.Context) error {
	outRead, outWrite, err := os.Pipe()
	if err != nil {
		return err
	}
	errRead, errWrite, err := os.Pipe()
	if err != nil {
		return err
	}
	r.cmd.Stdin, r.cmd.Stdout, r.cmd.Stderr = nil, outWrite, errWrite
	start := startChild
	if r.detached {
		start = startDetached
	}
	r.process, err = start(r.cmd)
	_, _ = outWrite.Close(), errWrite.Close() // the child has its own
	if err != nil {
		_, _ = outRead.Close(), errRead.Close()
		return err
	}
	r.limiter = time.AfterFunc(r.limit, r.end)
	var out, errs *io.PipeWriter
	r.stdout, out = io.Pipe()
	r.stderr, errs = io.Pipe()
	r.copying.Go(func() { r.sift(outRead, out) })
	r.copying.Go(func() {
		_, _ = io.Copy(r.log, errRead)
		_, _ = errRead.Close(), errs.Close()
	})
	go r.reap(outRead, errRead)
	return nil
}

// late lifts the limit, and reports whether the program was ended at it.
func (r *childRunner) late() bool { return r.limiter != nil && !r.limiter.Stop() }

// end ends the program and what it has started.
func (r *childRunner) end() {
	if r.process != nil {
		r.process.Stop(context.Background(), 0)
	}
}

// reap waits for the program's end, then ends what it has left behind: a grandchild that holds the pipes open would
// keep the end from being noticed.
func (r *childRunner) reap(pipes ...*os.File) {
	<-r.process.Done()
	r.process.Stop(context.Background(), 0)
	copied := make(chan struct{})
	go func() {
		r.copying.Wait()
		close(copied)
	}()
	select {
	case <-copied:
	case <-time.After(time.Second):
		for _, p := range pipes {
			_ = p.Close()
		}
	}
}

func startChild(cmd *exec.Cmd) (running, error) {
	p, err := process.Start(cmd)
	if err != nil {
		return nil, err
	}
	return p, nil
}

// sift passes on the handshake and sends everything else that the program prints to its log.
func (r *childRunner) sift(from *os.File, to *io.PipeWriter) {
	defer to.Close()
	defer from.Close()
	reader := bufio.NewReaderSize(from, 64<<10)
	for {
		line, err := reader.ReadSlice('\n')
		if handshakeLine.Match(line) {
			_, _ = to.Write(line)
			break
		}
		_, _ = r.log.Write(line)
		if err != nil && err != bufio.ErrBufferFull {
			return
		}
	}
	_, _ = io.Copy(r.log, reader)
}

func (r *childRunner) Wait(context.Context) error {
	<-r.process.Done()
	r.copying.Wait()
	return r.process.Err()
}

func (r *childRunner) Kill(ctx context.Context) error {
	r.process.Stop(ctx, 0)
	return nil
}

func (r *childRunner) Stdout() io.ReadCloser { return r.stdout }
func (r *childRunner) Stderr() io.ReadCloser { return r.stderr }
func (r *childRunner) Name() string          { return r.cmd.Path }

func (r *childRunner) ID() string {
	if r.process == nil {
		return ""
	}
	return strconv.Itoa(r.process.Pid())
}

func (r *childRunner) Diagnose(context.Context) string {
	return fmt.Sprintf("%s printed no handshake", r.cmd.Path)
}

func (r *childRunner) PluginToHost(network, address string) (string, string, error) {
	return network, address, nil
}

func (r *childRunner) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
