package plugin

import (
	"context"
	"os"
	"sync"
	"time"

	"google.golang.org/grpc"
)

const (
	// firstAttach is how long a plugin waits for the kernel that started it.
	firstAttach = 30 * time.Second
	// watchInterval is how often a plugin without a kernel looks whether it is still needed.
	watchInterval = 100 * time.Millisecond
	// attachPatience is how long the call of a magic waits for its kernel's attachment, and attachInterval how often it looks.
	attachPatience = 2 * time.Second
	attachInterval = time.Millisecond
	// stopGrace is how long a plugin that is no longer needed has to end by itself.
	stopGrace = 3 * time.Second
)

// kernelWatch knows whether a kernel uses this plugin. It is what ends a plugin whose kernel was killed.
type kernelWatch struct {
	busy func() bool // nil: the plugin may not outlive its kernel

	mu       sync.Mutex
	attached int
	linger   time.Duration
	until    time.Time // while no kernel is attached: how long to wait for one
	updates  *updates  // toward the kernel that attached last
	runtime  string    // the folder of that kernel
}

func newKernelWatch(busy func() bool, runtimeDir string) *kernelWatch {
	return &kernelWatch{busy: busy, runtime: runtimeDir, until: time.Now().Add(firstAttach)}
}

// arrive notes a kernel, until the returned function is called.
func (w *kernelWatch) arrive(u *updates) (leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.attached++
	w.updates, w.linger = u, 0
	return func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.attached--
		if w.updates == u {
			w.updates = nil
		}
		w.until = time.Now().Add(w.linger)
	}
}

// lingerFor says how long to wait for another kernel when this one has gone.
func (w *kernelWatch) lingerFor(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.linger = d
}

// background is where updates go that no Run carries any more; nil when no kernel is attached.
func (w *kernelWatch) background() *updates {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.updates
}

// await waits until a kernel is attached, for attachPatience at most: the first call of a magic may overtake the attachment,
// and updates after its end would then have nowhere to go.
func (w *kernelWatch) await(ctx context.Context) {
	patience, cancel := context.WithTimeout(ctx, attachPatience)
	defer cancel()
	for w.background() == nil {
		select {
		case <-patience.Done():
			return
		case <-time.After(attachInterval):
		}
	}
}

func (w *kernelWatch) setRuntimeDir(folder string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.runtime = folder
}

func (w *kernelWatch) runtimeDir() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.runtime
}

func (w *kernelWatch) needed() bool {
	w.mu.Lock()
	waiting := w.attached > 0 || time.Now().Before(w.until)
	w.mu.Unlock()
	return waiting || w.busy != nil && w.busy()
}

// stopWhenGone ends the service, and with it the program, when no kernel needs it any more.
func (w *kernelWatch) stopWhenGone(g *grpc.Server) {
	for w.needed() {
		time.Sleep(watchInterval)
	}
	time.AfterFunc(stopGrace, func() { os.Exit(0) }) // main may hang in what it closes
	g.Stop()
}
