package zmq

import (
	"bufio"
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

var errStalled = errors.New("the peer takes nothing, it was disconnected")

// A peer is one connection after its handshake: a reader that its owner runs, and a queue that a goroutine writes out.
type peer struct {
	conn     net.Conn
	identity string
	reader   frameReader

	trusted atomic.Bool  // a message that it sent had the signature of the connection's key
	limit   atomic.Int64 // the size of the queue at which the connection is given up

	mu       sync.Mutex
	queue    [][]byte
	size     int           // bytes in the queue and being written
	progress chan struct{} // closed and renewed when bytes have left
	wake     chan struct{} // tells the writer that there is something to do
	ending   bool          // close when the queue is empty
	gone     chan struct{} // closed when the connection is
}

func newPeer(conn net.Conn, identity string, maxMessage, limit int64) *peer {
	p := &peer{
		conn: conn, identity: identity,
		reader:   frameReader{r: bufio.NewReaderSize(conn, 16<<10), max: maxMessage},
		progress: make(chan struct{}), wake: make(chan struct{}, 1), gone: make(chan struct{}),
	}
	p.limit.Store(limit)
	go p.write()
	return p
}

// send queues an encoded message. It never waits; a queue that has grown beyond all bounds ends the connection.
func (p *peer) send(message []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed() {
		return net.ErrClosed
	}
	if int64(p.size) > p.limit.Load() {
		p.closeLocked()
		return errStalled
	}
	p.queue = append(p.queue, message)
	p.size += len(message)
	p.nudge()
	return nil
}

// wait returns when the queue is short. A peer that takes nothing for stall is disconnected.
func (p *peer) wait(ctx context.Context, stall time.Duration) error {
	for {
		p.mu.Lock()
		short, progress := p.size <= waitAbove, p.progress
		p.mu.Unlock()
		if short {
			return nil
		}
		timer := time.NewTimer(stall)
		select {
		case <-progress:
			timer.Stop()
		case <-p.gone:
			timer.Stop()
			return nil
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
			p.close()
			return errStalled
		}
	}
}

func (p *peer) write() {
	defer p.close()
	for {
		batch := p.take()
		if batch == nil {
			return
		}
		if err := p.writeOut(batch); err != nil {
			return
		}
	}
}

// take removes what is queued, waiting for it; nil when the connection is to end.
func (p *peer) take() [][]byte {
	for {
		p.mu.Lock()
		batch, ending := p.queue, p.ending
		p.queue = nil
		p.mu.Unlock()
		if len(batch) > 0 {
			return batch
		}
		if ending {
			return nil
		}
		select {
		case <-p.wake:
		case <-p.gone:
			return nil
		}
	}
}

// writeOut writes messages in pieces of some size, small messages together, large ones one piece after the other.
func (p *peer) writeOut(batch [][]byte) error {
	const piece = 64 << 10
	for len(batch) > 0 {
		count, size := 0, 0
		for count < len(batch) && (count == 0 || size+len(batch[count]) <= piece) {
			size += len(batch[count])
			count++
		}
		if count > 1 {
			together := net.Buffers(append([][]byte(nil), batch[:count]...))
			if _, err := together.WriteTo(p.conn); err != nil {
				return err
			}
			p.left(size)
		} else {
			for rest := batch[0]; len(rest) > 0; {
				n, err := p.conn.Write(rest[:min(len(rest), piece)])
				if err != nil {
					return err
				}
				p.left(n)
				rest = rest[n:]
			}
		}
		clear(batch[:count])
		batch = batch[count:]
	}
	return nil
}

func (p *peer) left(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.size -= n
	close(p.progress)
	p.progress = make(chan struct{})
}

func (p *peer) nudge() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// end closes the connection when all that is queued has left.
func (p *peer) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ending = true
	p.nudge()
}

func (p *peer) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closeLocked()
}

func (p *peer) closeLocked() {
	if p.closed() {
		return
	}
	close(p.gone)
	p.queue = nil
	_ = p.conn.Close() // the peer is gone
}

func (p *peer) closed() bool {
	select {
	case <-p.gone:
		return true
	default:
		return false
	}
}
