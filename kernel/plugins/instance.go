package plugins

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-plugin/runner"
	"google.golang.org/grpc"

	"github.com/headstart-nb/headstart/internal/memory"
	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/plugin/magicpb"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// instance is a running plugin, with the connection to it.
type instance struct {
	name    string
	client  *plugin.Client
	magics  magicpb.MagicsClient
	log     *tail
	pid     int
	since   time.Time
	adopted bool         // whether another kernel had started it
	record  *runningFile // nil unless the plugin may outlive the kernel
	exited  <-chan struct{}
	exitErr func() error
	force   func()                 // ends the process without asking it
	limit   memory.Limit           // at its start
	killed  atomic.Pointer[string] // why the kernel has ended it; nil while it has not

	detached chan struct{} // closed when attach has ended
	attach   magicpb.Magics_AttachClient
	detach   context.CancelFunc // ends attach

	mu       sync.Mutex
	displays map[string]magics.Host // who has shown what, for updates after the end of a Run
	order    []string               // of displays, oldest first
}

// killPatience is how long a process may take to end when it is asked to.
const killPatience = 2 * time.Second

// maxDisplays bounds how many displays of a plugin can be updated after their cell has ended.
const maxDisplays = 256

// launch says how to start or adopt a process.
type launch struct {
	binary   Binary
	env      []string // added to the kernel's own
	sockets  string   // folder for the plugin's socket
	runtime  string   // the kernel's HEADSTART_RUNTIME_DIR
	running  string   // folder for what another kernel needs to adopt the process
	detached bool     // the plugin may outlive the kernel
	timeout  time.Duration
	log      *slog.Logger
}

// start starts a plugin's program and connects to it.
func start(l launch) (*instance, error) {
	p := &instance{name: l.binary.Name, log: &tail{}, since: time.Now(), displays: map[string]magics.Host{}, detached: make(chan struct{}), limit: memory.ReadLimit("/")}
	child := &childRunner{detached: l.detached, log: p.log}
	sockets, err := socketFolder(l.sockets)
	if err != nil {
		return nil, fmt.Errorf("start the plugin %s (%s): %w", l.binary.Name, l.binary.Path, err)
	}
	config := clientConfig(p.log, l.timeout)
	config.SkipHostEnv = true
	config.UnixSocketConfig = &plugin.UnixSocketConfig{TempDir: sockets}
	config.RunnerFunc = func(_ hclog.Logger, spec *exec.Cmd, folder string) (runner.Runner, error) {
		child.cmd = exec.Command(l.binary.Path)
		child.cmd.Env = slices.Concat(environment(l.detached), l.env, temporaryFolder(folder), spec.Env)
		return child, nil
	}
	p.client, p.force = plugin.NewClient(config), child.end
	child.limit = l.timeout + time.Second // go-plugin's own limit comes first, and covers the handshake only
	err = p.connect(l)
	if child.late() {
		err = errLate
	}
	if err != nil {
		p.end()
		return nil, startError(l, err, p.log)
	}
	p.pid, p.exited, p.exitErr = child.process.Pid(), child.process.Done(), child.process.Err
	if l.detached {
		p.record = recordRunning(l, p.client.ReattachConfig().Addr.String(), p.pid, p.log)
		go func() { // a later process must not be taken for this one
			<-p.exited
			p.record.remove()
		}()
	}
	return p, nil
}

func clientConfig(log *tail, timeout time.Duration) *plugin.ClientConfig {
	return &plugin.ClientConfig{
		HandshakeConfig:  magicpb.Handshake(),
		Plugins:          plugin.PluginSet{magicpb.Service: magicpb.Bridge{}},
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC},
		StartTimeout:     timeout,
		Logger:           hclog.NewNullLogger(),
		SyncStdout:       log,
		SyncStderr:       log,
		GRPCDialOptions: []grpc.DialOption{
			grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(magicpb.MaxMessage), grpc.MaxCallSendMsgSize(magicpb.MaxMessage)),
		},
	}
}

// connect does the handshake and attaches.
func (p *instance) connect(l launch) error {
	protocol, err := p.client.Client()
	if err != nil {
		return err
	}
	dispensed, err := protocol.Dispense(magicpb.Service)
	if err != nil {
		return err
	}
	p.magics = dispensed.(magicpb.MagicsClient)
	// The stream lives as long as the process; only its beginning has a limit.
	ctx, cancel := context.WithCancel(context.Background())
	p.detach = cancel
	begin := time.AfterFunc(l.timeout, cancel)
	p.attach, err = p.magics.Attach(ctx)
	if err == nil {
		err = p.attach.Send(&magicpb.KernelNotice{RuntimeFolder: l.runtime})
	}
	if err != nil {
		cancel()
		return fmt.Errorf("attach: %w", err)
	}
	if !begin.Stop() {
		return errors.New("it did not accept the kernel in time")
	}
	go p.receiveBackground()
	return nil
}

// environment is the kernel's own. A detached process must not carry the mark by which the kernel's parent, where that
// is Headstart too, ends all descendants.
func environment(detached bool) []string {
	env := os.Environ()
	if !detached {
		return env
	}
	kept := env[:0]
	for _, e := range env {
		if !strings.HasPrefix(e, "HEADSTART_CHILD=") {
			kept = append(kept, e)
		}
	}
	return kept
}

// maxSocketFolder leaves room for the names that go-plugin adds: a Unix socket's path holds 107 bytes.
const maxSocketFolder = 60

// socketFolder is the wanted folder, or one that lasts longer than a kernel and a login session. Only this user may enter
// it, and nobody else can replace it.
func socketFolder(wanted string) (string, error) {
	if wanted != "" && len(wanted) <= maxSocketFolder && paths.CheckPrivate(wanted) == nil {
		return wanted, nil
	}
	lasting, err := paths.Lasting()
	if err != nil {
		return "", err
	}
	return paths.Private(filepath.Join(lasting, SocketFolder))
}

// errLate is the error of a plugin that said where it listens, and then did not answer there.
var errLate = errors.New("it did not answer in time")

// startError says in the project's words why a plugin did not start.
func startError(l launch, err error, log *tail) error {
	text := err.Error()
	var reason string
	switch {
	case errors.Is(err, os.ErrPermission):
		reason = "its file may not be executed: chmod +x " + l.binary.Path
	case strings.Contains(text, "incompatible API version"), strings.Contains(text, "incompatible core API version"):
		reason = fmt.Sprintf("it speaks another version of the plugin protocol than this kernel, which speaks %d: build it again against this Headstart, then headstart plugin install it", magicpb.ProtocolVersion)
	case errors.Is(err, errLate), strings.Contains(text, "timeout while waiting"):
		reason = fmt.Sprintf("it did not answer within %v", l.timeout)
	case strings.Contains(text, "Unrecognized remote plugin message"), strings.Contains(text, "exited before we could connect"):
		reason = "it ended, or closed its standard output, before it had said where to reach it; its main has to call plugin.Serve"
	default:
		reason = text
	}
	message := fmt.Sprintf("start the plugin %s (%s): %s", l.binary.Name, l.binary.Path, reason)
	if printed := log.last(8); printed != "" {
		message += "\nIt printed:\n" + printed
	}
	return errors.New(message)
}

// describe asks the plugin what it provides.
func (p *instance) describe(ctx context.Context) (Description, error) {
	wire, err := p.magics.Describe(ctx, &magicpb.DescribeRequest{})
	if err != nil {
		return Description{}, fmt.Errorf("ask the plugin %s what it provides: %w", p.name, plain(err))
	}
	return descriptionFromWire(wire), nil
}

// alive reports whether the process can be used. One that has lost the kernel's attachment is about to end.
func (p *instance) alive() bool {
	select {
	case <-p.exited:
		return false
	case <-p.detached:
		return false
	default:
		return p.killed.Load() == nil
	}
}

// ending waits a moment for the process to be gone and says how it ended; "" means that it still runs.
func (p *instance) ending() string {
	select {
	case <-p.exited:
	case <-time.After(2 * time.Second):
		return ""
	}
	if why := p.killed.Load(); why != nil {
		return *why
	}
	if err := p.exitErr(); err != nil {
		return err.Error() + exhausted(err, p.limit, memory.ReadLimit("/"))
	}
	return "it ended by itself"
}

// kill ends the process and what it has started. Calls that are under way fail with the reason.
func (p *instance) kill(why string) {
	p.killed.CompareAndSwap(nil, &why)
	p.detach()
	p.end()
	p.record.remove()
}

// end asks the process to end, and ends it when it does not: go-plugin waits for the answer without a limit.
func (p *instance) end() {
	force := time.AfterFunc(killPatience, p.force)
	defer force.Stop()
	p.client.Kill()
}

// leave ends the connection and lets the plugin decide: it goes on while it has work in the background, and for linger.
func (p *instance) leave(linger time.Duration) {
	// A notice that does not arrive means that the plugin has ended.
	_ = p.attach.Send(&magicpb.KernelNotice{LingerSeconds: int32(linger / time.Second)})
	_ = p.attach.CloseSend()
	p.record.release()
	if linger == 0 {
		select { // it ends at once when it has nothing to do, which is nice to have seen before the kernel ends
		case <-p.exited:
		case <-time.After(time.Second):
		}
	}
}

// remember notes who has shown a display.
func (p *instance) remember(id string, host magics.Host) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, known := p.displays[id]; !known {
		p.order = append(p.order, id)
	}
	p.displays[id] = host
	if len(p.order) > maxDisplays {
		delete(p.displays, p.order[0])
		p.order = p.order[1:]
	}
}

// receiveBackground takes the updates of displays whose Run has ended.
func (p *instance) receiveBackground() {
	for {
		update, err := p.attach.Recv()
		if err != nil { // the process has ended, or the kernel lets it go
			close(p.detached)
			return
		}
		p.updateDisplay(update.GetDisplayId(), update.GetBundle())
	}
}

// updateDisplay passes an update to the cell that shows the display.
func (p *instance) updateDisplay(id string, wire *magicpb.Bundle) {
	p.mu.Lock()
	host := p.displays[id]
	p.mu.Unlock()
	if host == nil {
		fmt.Fprintf(p.log, "headstart: an update of display %q is dropped: this plugin shows no display of that name\n", id)
		return
	}
	p.pass(context.Background(), host, id, wire) // the call that showed it has ended
}

// pass hands an update to the cell, which limits how many it sends on. A failure is the plugin's business.
func (p *instance) pass(ctx context.Context, host magics.Host, id string, wire *magicpb.Bundle) {
	bundle, err := magicpb.ToBundle(wire)
	if err == nil {
		err = host.Update(ctx, display.ID(id), bundle)
	}
	if err != nil {
		fmt.Fprintf(p.log, "headstart: an update of display %q failed: %v\n", id, err)
	}
}

// memory is the process's resident memory in bytes, 0 when it cannot be known.
func (p *instance) memory() int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(p.pid) + "/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
