package plugins

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/magics"
)

// A State is what a plugin's process does.
type State string

const (
	Stopped State = "stopped" // it starts at first use
	Running State = "running"
	Ended   State = "ended"  // by itself; it starts again at next use
	Failed  State = "failed" // see Info.Error
)

// Info is what %plugins shows of one plugin.
type Info struct {
	Name    string
	Path    string
	Version string
	Magics  []string
	State   State
	Pid     int           // of the process, 0 when there is none
	Memory  int64         // resident, in bytes; 0 when it cannot be known
	Age     time.Duration // since the process started or was adopted
	Starts  int           // how often a process was started
	Adopted bool          // the process was started by an earlier kernel
	Error   string        // why it cannot be used; empty when it can
}

// managed is one plugin of a Manager.
type managed struct {
	manager *Manager
	binary  Binary

	starting sync.Mutex // held while a process is being started or stopped

	mu          sync.Mutex // guards what follows
	description Description
	build       build
	process     *instance // the latest, which may have ended; nil before the first
	starts      int
	err         error
}

func (p *managed) origin() string { return "the plugin " + p.binary.Name + " (" + p.binary.Path + ")" }

// learn finds out what the plugin provides: from the cache, or by starting the program once.
func (p *managed) learn(ctx context.Context) error {
	b, err := buildOf(p.binary.Path)
	if err != nil {
		return p.fail(fmt.Errorf("read the plugin %s: %w", p.binary.Name, err))
	}
	if entry, ok := p.manager.cache.load(p.binary.Name, b); ok {
		if entry.Failure != "" {
			return p.fail(fmt.Errorf("%s\n%%plugins restart %s tries again", entry.Failure, p.binary.Name))
		}
		p.know(b, entry.Description)
		return nil
	}
	return p.relearn(ctx)
}

// relearn asks the program what it provides and remembers the answer, a failure too: a program that hangs at its start
// costs one kernel its patience, not all.
func (p *managed) relearn(ctx context.Context) error {
	b, err := buildOf(p.binary.Path)
	if err != nil {
		return p.fail(fmt.Errorf("read the plugin %s: %w", p.binary.Name, err))
	}
	entry := cached{Build: b}
	entry.Description, err = Describe(ctx, p.binary, p.manager.options)
	if err != nil {
		entry.Failure = err.Error()
	}
	if ctx.Err() == nil {
		if saving := p.manager.cache.save(p.binary.Name, entry); saving != nil {
			p.manager.options.Log.Warn("plugin description not kept", "plugin", p.binary.Name, "error", saving)
		}
	}
	if err != nil {
		return p.fail(err)
	}
	p.know(b, entry.Description)
	return nil
}

// Describe starts a plugin's program, asks it what it provides, and ends it.
func Describe(ctx context.Context, b Binary, options Options) (Description, error) {
	timeout := options.StartTimeout
	if timeout == 0 {
		timeout = 15 * time.Second
	}
	process, err := start(launch{binary: b, env: options.Env, sockets: options.Runtime, timeout: timeout})
	if err != nil {
		return Description{}, err
	}
	defer process.kill("it was described")
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	d, err := process.describe(ctx)
	if err != nil {
		return Description{}, err
	}
	if len(d.Magics) == 0 {
		return Description{}, fmt.Errorf("the plugin %s (%s) provides no magics", b.Name, b.Path)
	}
	return d, nil
}

func (p *managed) know(b build, d Description) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.build, p.description, p.err = b, d, nil
}

func (p *managed) fail(err error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
	return err
}

func (p *managed) usable() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err == nil
}

// register takes the plugin's magics into the registry.
func (p *managed) register() error {
	p.mu.Lock()
	d := p.description
	p.mu.Unlock()
	list := make([]magics.Magic, len(d.Magics))
	for i, m := range d.Magics {
		list[i] = remoteMagic{m, p}.magic()
	}
	if err := p.manager.registry.Add(p.origin(), list...); err != nil {
		return p.fail(err)
	}
	return nil
}

// acquire returns the plugin's process, started or adopted when there is none.
func (p *managed) acquire(ctx context.Context) (*instance, error) {
	type result struct {
		process *instance
		err     error
	}
	done := make(chan result, 1)
	go func() {
		process, err := p.ensure()
		done <- result{process, err}
	}()
	select {
	case r := <-done:
		return r.process, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("the plugin %s is still starting: %w", p.binary.Name, ctx.Err())
	}
}

func (p *managed) ensure() (*instance, error) {
	p.starting.Lock()
	defer p.starting.Unlock()
	p.mu.Lock()
	current, outlives, known := p.process, p.description.OutlivesKernel, p.err
	p.mu.Unlock()
	switch {
	case p.manager.isClosed():
		return nil, errors.New("the kernel is shutting down")
	case current != nil && current.alive():
		return current, nil
	case known != nil:
		return nil, known
	}
	if current != nil {
		current.kill("it had ended") // frees what it has left
	}
	next, err := p.startOrAdopt(outlives)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.process = next
	p.starts++
	return next, nil
}

func (p *managed) startOrAdopt(outlives bool) (*instance, error) {
	o := p.manager.options
	l := launch{
		binary: p.binary, env: o.Env, sockets: o.Runtime, runtime: o.Runtime, timeout: o.StartTimeout, detached: outlives,
		running: runningFolder(o.Home), log: o.Log,
	}
	if outlives {
		l.sockets = "" // the kernel's own folder goes with the kernel
		if process := adopt(l); process != nil {
			return process, nil
		}
	}
	return start(l)
}

// stop ends the process, with its work in the background.
func (p *managed) stop() {
	p.starting.Lock()
	defer p.starting.Unlock()
	p.mu.Lock()
	current := p.process
	p.process = nil
	p.mu.Unlock()
	if current != nil {
		current.kill("it was told to end")
	}
}

// close ends the process as far as the plugin may be ended.
func (p *managed) close(linger time.Duration) {
	p.mu.Lock()
	current, outlives := p.process, p.description.OutlivesKernel
	p.mu.Unlock()
	if current != nil && outlives && current.alive() {
		current.leave(linger)
		return
	}
	p.stop()
}

func (p *managed) printed() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.process == nil {
		return ""
	}
	return p.process.log.String()
}

func (p *managed) info() Info {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := Info{Name: p.binary.Name, Path: p.binary.Path, Version: p.description.Version, State: Stopped, Starts: p.starts}
	for _, m := range p.description.Magics {
		i.Magics = append(i.Magics, m.Name)
	}
	switch {
	case p.err != nil:
		i.State, i.Error = Failed, p.err.Error()
	case p.process == nil:
	case p.process.alive():
		i.State, i.Pid, i.Memory = Running, p.process.pid, p.process.memory()
		i.Age, i.Adopted = time.Since(p.process.since), p.process.adopted
	default:
		i.State = Ended
	}
	return i
}
