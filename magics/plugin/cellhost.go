package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"google.golang.org/grpc"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/plugin/magicpb"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// errCellEnded is what a magic gets that goes on writing to its cell after its Run has returned.
var errCellEnded = errors.New("the cell has ended: only Update can still reach it, for what it has shown")

// maxChunk bounds one piece of text in bytes, well below what gRPC takes.
const maxChunk = 256 << 10

// cellHost is the plugin's side of a cell's Host: it asks the kernel over the stream of one Run.
type cellHost struct {
	stream grpc.BidiStreamingServer[magicpb.ToMagic, magicpb.FromMagic]
	kernel *kernelWatch

	sending sync.Mutex // gRPC allows one Send at a time

	mu       sync.Mutex // guards what follows
	ended    bool
	home     *updates      // toward the kernel that the cell belongs to, once the cell has ended; nil: that kernel has ended
	gone     chan struct{} // closed when the kernel answers no more
	requests uint64
	waiting  map[uint64]chan *magicpb.ToMagic
	shown    map[display.ID]bool
}

var (
	_ magics.Host    = (*cellHost)(nil)
	_ magics.Runtime = (*cellHost)(nil)
)

func newCellHost(stream grpc.BidiStreamingServer[magicpb.ToMagic, magicpb.FromMagic], kernel *kernelWatch) *cellHost {
	return &cellHost{
		stream: stream, kernel: kernel, gone: make(chan struct{}),
		waiting: map[uint64]chan *magicpb.ToMagic{}, shown: map[display.ID]bool{},
	}
}

// receive hands the kernel's answers to those who wait for them, until the stream ends.
func (h *cellHost) receive(cancel context.CancelFunc) {
	defer close(h.gone)
	for {
		message, err := h.stream.Recv()
		if err != nil {
			cancel()
			return
		}
		if message.GetCancel() != nil {
			cancel()
			continue
		}
		request := max(message.GetShown().GetRequest(), message.GetAnswer().GetRequest(), message.GetExecuted().GetRequest())
		h.mu.Lock()
		if answer, ok := h.waiting[request]; ok {
			delete(h.waiting, request)
			answer <- message
		}
		h.mu.Unlock()
	}
}

func (h *cellHost) send(m *magicpb.FromMagic) error {
	h.sending.Lock()
	defer h.sending.Unlock()
	return h.stream.Send(m)
}

// sendOpen sends as long as the cell has not ended.
func (h *cellHost) sendOpen(m *magicpb.FromMagic) error {
	h.mu.Lock()
	ended := h.ended
	h.mu.Unlock()
	if ended {
		return errCellEnded
	}
	return h.send(m)
}

// end closes the cell to everything but updates, which go to the kernel that is attached now: a later one has not shown
// what this cell has.
func (h *cellHost) end() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended, h.home = true, h.kernel.background()
}

// ask sends a request and waits for its answer.
func (h *cellHost) ask(ctx context.Context, build func(request uint64) *magicpb.FromMagic) (*magicpb.ToMagic, error) {
	answer := make(chan *magicpb.ToMagic, 1)
	h.mu.Lock()
	h.requests++
	request := h.requests
	h.waiting[request] = answer
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.waiting, request)
	}()
	if err := h.sendOpen(build(request)); err != nil {
		return nil, err
	}
	select {
	case message := <-answer:
		return message, nil
	case <-h.gone:
		return nil, errors.New("the kernel has ended")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (h *cellHost) Show(ctx context.Context, b display.Bundle) (display.ID, error) {
	bundle, err := magicpb.FromBundle(b)
	if err != nil {
		return "", err
	}
	message, err := h.ask(ctx, func(request uint64) *magicpb.FromMagic {
		return &magicpb.FromMagic{Message: &magicpb.FromMagic_Show{Show: &magicpb.Show{Request: request, Bundle: bundle}}}
	})
	if err != nil {
		return "", fmt.Errorf("show an output: %w", err)
	}
	if text := message.GetShown().GetError(); text != "" {
		return "", errors.New(text)
	}
	id := display.ID(message.GetShown().GetDisplayId())
	h.mu.Lock()
	defer h.mu.Unlock()
	h.shown[id] = true
	return id, nil
}

func (h *cellHost) Update(_ context.Context, id display.ID, b display.Bundle) error {
	h.mu.Lock()
	known, ended, home := h.shown[id], h.ended, h.home
	h.mu.Unlock()
	if !known {
		return fmt.Errorf("update output %q: this call has not shown it", id)
	}
	bundle, err := magicpb.FromBundle(b)
	if err != nil {
		return err
	}
	if !ended {
		return h.send(&magicpb.FromMagic{Message: &magicpb.FromMagic_Update{Update: &magicpb.Update{DisplayId: string(id), Bundle: bundle}}})
	}
	if home == nil || !home.put(string(id), bundle) {
		return fmt.Errorf("update output %q: the kernel that shows it has ended", id)
	}
	return nil
}

// RuntimeDir is the folder of the kernel that attached last.
func (h *cellHost) RuntimeDir() string { return h.kernel.runtimeDir() }

func (h *cellHost) Stdout() io.Writer {
	return chunks(func(p []byte) error {
		return h.sendOpen(&magicpb.FromMagic{Message: &magicpb.FromMagic_Stdout{Stdout: p}})
	})
}

func (h *cellHost) Stderr() io.Writer {
	return chunks(func(p []byte) error {
		return h.sendOpen(&magicpb.FromMagic{Message: &magicpb.FromMagic_Stderr{Stderr: p}})
	})
}

func (h *cellHost) Ask(ctx context.Context, prompt string, secret bool) (string, error) {
	message, err := h.ask(ctx, func(request uint64) *magicpb.FromMagic {
		return &magicpb.FromMagic{Message: &magicpb.FromMagic_Ask{Ask: &magicpb.Ask{Request: request, Prompt: magicpb.Text(prompt), Secret: secret}}}
	})
	if err != nil {
		return "", fmt.Errorf("ask %q: %w", prompt, err)
	}
	if text := message.GetAnswer().GetError(); text != "" {
		return "", errors.New(text)
	}
	return message.GetAnswer().GetText(), nil
}

func (h *cellHost) Execute(ctx context.Context, code string) error {
	message, err := h.ask(ctx, func(request uint64) *magicpb.FromMagic {
		return &magicpb.FromMagic{Message: &magicpb.FromMagic_Execute{Execute: &magicpb.Execute{Request: request, Code: magicpb.Text(code)}}}
	})
	if err != nil {
		return fmt.Errorf("run code in the kernel: %w", err)
	}
	if text := message.GetExecuted().GetError(); text != "" {
		return errors.New(text)
	}
	return nil
}

// chunks is a writer that cuts long texts.
type chunks func([]byte) error

func (send chunks) Write(p []byte) (int, error) {
	for sent := 0; sent < len(p); {
		end := min(sent+maxChunk, len(p))
		if err := send(p[sent:end]); err != nil {
			return sent, err
		}
		sent = end
	}
	return len(p), nil
}
