package gonb

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/kernel/process"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/kernel/zmq"
)

// An instance is one running GoNB and the client sockets to it.
type instance struct {
	process *process.Process
	client  *zmq.Client
	signer  *wire.Signer
	session string
	folder  string // holds the connection file and the sockets
	env     []string
	moved   string // that it does not work in the folder that it should, and where; empty where it does
	output  *logTail
	log     *slog.Logger
	stop    context.CancelFunc // of the receiving goroutines
	running sync.WaitGroup

	count int // GoNB's execution count

	mu       sync.Mutex       // guards what follows
	routes   map[string]route // by the message id of the request
	language *language        // nil before its first use
}

// A route takes what GoNB sends on behalf of one request: replies, iopub messages and input requests, each channel's in
// order, several channels at once.
type route func(channel wire.Channel, m wire.Message)

// startTimeout is how long GoNB may take to listen: it runs `go mod init` first.
const startTimeout = 30 * time.Second

// start runs GoNB and connects to it.
func start(ctx context.Context, options Options) (_ *instance, err error) {
	folder, err := os.MkdirTemp(options.RuntimeDir, "gonb-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for GoNB's sockets: %w; set HEADSTART_RUNTIME_DIR to a folder of yours", err)
	}
	in := &instance{
		folder: folder, session: randomHex(8), output: &logTail{}, log: options.Log, routes: map[string]route{},
	}
	defer func() {
		if err != nil {
			in.close()
		}
	}()
	info := wire.ConnectionInfo{
		Transport: "ipc", IP: filepath.Join(folder, "s"),
		ShellPort: 1, IOPubPort: 2, StdinPort: 3, ControlPort: 4, HBPort: 5,
		SignatureScheme: "hmac-sha256", Key: randomHex(32), KernelName: "gonb",
	}
	if in.signer, err = wire.NewSigner(info.SignatureScheme, info.Key); err != nil {
		return nil, err
	}
	// GoNB reads the kernel's id, which its widgets need in the browser, from the file's name.
	file := filepath.Join(folder, "kernel-"+options.KernelID+".json")
	if err := info.Write(file); err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join(options.BinDir, "gonb"), "--kernel", file, "-raw_error")
	cmd.Dir = options.Dir
	if info, err := os.Stat(options.Dir); err != nil || !info.IsDir() {
		cmd.Dir = options.TempDir
		in.moved = fmt.Sprintf("the folder %s is gone: cells run in %s, and relative paths begin there", options.Dir, cmd.Dir)
	}
	if in.env, err = environment(options, folder); err != nil {
		return nil, err
	}
	cmd.Env = in.env
	cmd.Stdout, cmd.Stderr = in.output, in.output
	if in.process, err = process.Start(cmd); err != nil {
		return nil, fmt.Errorf("start GoNB, which runs Go cells: %w; `headstart doctor` checks the installation", err)
	}
	dial, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	go func() { // GoNB that ends at once need not be waited for
		select {
		case <-in.process.Done():
			cancel()
		case <-dial.Done():
		}
	}()
	if in.client, err = zmq.Dial(dial, info, zmq.Options{}); err != nil {
		return nil, fmt.Errorf("connect to GoNB, which runs Go cells: %w%s", err, in.output.quote())
	}
	in.receive()
	if err := in.ready(dial); err != nil {
		return nil, fmt.Errorf("wait for GoNB, which runs Go cells: %w%s", err, in.output.quote())
	}
	return in, nil
}

// ready returns when GoNB answers and its output arrives: it takes up a subscription some time after the connection.
func (in *instance) ready(ctx context.Context) error {
	for {
		attempt, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
		err := in.settle(attempt)
		cancel()
		if err == nil || ctx.Err() != nil || in.hasEnded() {
			return err
		}
	}
}

// receive starts a goroutine for every channel that GoNB sends on.
func (in *instance) receive() {
	ctx, cancel := context.WithCancel(context.Background())
	in.stop = cancel
	for _, channel := range []wire.Channel{wire.Shell, wire.IOPub, wire.Stdin, wire.Control} {
		in.running.Go(func() {
			for {
				frames, err := in.client.Receive(ctx, channel)
				if err != nil {
					return
				}
				m, err := in.signer.Decode(frames)
				if err != nil {
					in.log.Warn("a message from GoNB was dropped", "channel", channel, "error", err)
					continue
				}
				in.dispatch(channel, m)
			}
		})
	}
}

func (in *instance) dispatch(channel wire.Channel, m wire.Message) {
	parent, err := m.ParentHeader()
	if err != nil {
		return
	}
	in.mu.Lock()
	to := in.routes[parent.MsgID]
	in.mu.Unlock()
	if to != nil {
		to(channel, m)
	}
}

// send signs a request, registers the route of its answers, and sends it.
func (in *instance) send(ctx context.Context, channel wire.Channel, m wire.Message, to route) error {
	frames, err := in.signer.Encode(m)
	if err != nil {
		return err
	}
	if to != nil {
		in.mu.Lock()
		in.routes[m.Header.MsgID] = to
		in.mu.Unlock()
	}
	return in.client.Send(channel, frames)
}

func (in *instance) forget(msgID string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	delete(in.routes, msgID)
}

// settle returns when GoNB has answered a request that it takes up only after all it was asked before.
func (in *instance) settle(ctx context.Context) error {
	m, err := wire.NewMessage(in.session, "kernel_info_request", struct{}{})
	if err != nil {
		return err
	}
	idle := make(chan struct{}, 1)
	defer in.forget(m.Header.MsgID)
	err = in.send(ctx, wire.Shell, m, func(channel wire.Channel, m wire.Message) {
		if isIdle(channel, m) {
			idle <- struct{}{}
		}
	})
	if err != nil {
		return err
	}
	select {
	case <-idle:
		return nil
	case <-in.process.Done():
		return errors.New("GoNB ended")
	case <-ctx.Done():
		return ctx.Err()
	}
}

func isIdle(channel wire.Channel, m wire.Message) bool {
	var status wire.Status
	return channel == wire.IOPub && m.Header.MsgType == "status" && m.DecodeContent(&status) == nil &&
		status.ExecutionState == wire.StateIdle
}

// generated is the program of the latest cell, by lines; nil where it cannot be read.
func (in *instance) generated() []string {
	text, err := os.ReadFile(filepath.Join(in.output.work(), "main.go"))
	if err != nil {
		return nil
	}
	return strings.Split(string(text), "\n")
}

// close ends GoNB and removes its sockets. It may be called on what start built in part.
func (in *instance) close() {
	if in.process != nil {
		in.process.Stop(context.Background(), 2*time.Second)
	}
	if in.stop != nil {
		in.stop()
	}
	if in.client != nil {
		_ = in.client.Close() // there is nothing left to send
	}
	in.running.Wait()
	if in.language != nil && in.language.server != nil {
		in.language.server.Close()
	}
	if err := os.RemoveAll(in.folder); err != nil {
		in.log.Warn("the folder of GoNB's sockets was not removed", "folder", in.folder, "error", err)
	}
}

func randomHex(bytes int) string {
	data := make([]byte, bytes)
	rand.Read(data) // never fails
	return hex.EncodeToString(data)
}

// logTail keeps the end of what GoNB logs, and the folder that it says it works in.
type logTail struct {
	mu     sync.Mutex
	tail   []byte
	folder string
}

const maxTail = 16 << 10

var workFolder = regexp.MustCompile(`tmp Go code in "([^"]+)"`)

// Write takes a part of the log.
func (t *logTail) Write(data []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.tail = append(t.tail, data...)
	if t.folder == "" {
		if match := workFolder.FindSubmatch(t.tail); match != nil {
			t.folder = string(match[1])
		}
	}
	if over := len(t.tail) - maxTail; over > 0 {
		t.tail = append(t.tail[:0], t.tail[over:]...)
	}
	return len(data), nil
}

// work is the folder in which GoNB generates and builds the programs of cells; empty until it has said so.
func (t *logTail) work() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.folder
}

// quote is the last lines of the log, to be appended to an error.
func (t *logTail) quote() string {
	const lines = 5
	t.mu.Lock()
	defer t.mu.Unlock()
	all := bytes.Split(bytes.TrimSpace(t.tail), []byte("\n"))
	if len(all) == 1 && len(all[0]) == 0 {
		return ""
	}
	return "; its last lines:\n" + strings.TrimSpace(string(bytes.Join(all[max(0, len(all)-lines):], []byte("\n"))))
}
