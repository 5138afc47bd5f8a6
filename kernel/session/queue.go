package session

import (
	"context"
	"errors"
	"sync"
)

// maxWaiting bounds the cells that wait; what comes beyond is aborted.
const maxWaiting = 10_000

// errInterrupted is the cause by which an interrupt cancels a cell.
var errInterrupted = errors.New("interrupted")

// A queue holds the cells that wait for their turn, and the means to interrupt the one that runs.
type queue struct {
	wake chan struct{}

	mu      sync.Mutex
	waiting []*request
	closed  bool
	cancel  context.CancelCauseFunc // of the running cell; nil between cells
}

func newQueue() *queue { return &queue{wake: make(chan struct{}, 1)} }

// add puts a request at the end; false when there are too many, or it is closed.
func (q *queue) add(r *request) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || len(q.waiting) >= maxWaiting {
		return false
	}
	q.waiting = append(q.waiting, r)
	select {
	case q.wake <- struct{}{}:
	default:
	}
	return true
}

// next waits for the first request and returns it with the context to run it under; nil when ctx is canceled.
func (q *queue) next(ctx context.Context) (*request, context.Context) {
	for {
		q.mu.Lock()
		if len(q.waiting) > 0 && ctx.Err() == nil {
			r := q.waiting[0]
			q.waiting = q.waiting[1:]
			cellCtx, cancel := context.WithCancelCause(ctx)
			q.cancel = cancel
			q.mu.Unlock()
			return r, cellCtx
		}
		q.mu.Unlock()
		select {
		case <-q.wake:
		case <-ctx.Done():
			return nil, nil
		}
	}
}

// done ends the context of the running cell; an interrupt that comes later is nobody's.
func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.cancel != nil {
		q.cancel(nil)
		q.cancel = nil
	}
}

func (q *queue) interrupt() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.cancel != nil {
		q.cancel(errInterrupted)
	}
}

// drain takes all requests that wait.
func (q *queue) drain() []*request {
	q.mu.Lock()
	defer q.mu.Unlock()
	waiting := q.waiting
	q.waiting = nil
	return waiting
}

// close takes all requests that wait, and lets none be added.
func (q *queue) close() []*request {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	return q.drain()
}
