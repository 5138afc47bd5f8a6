// Package drops counts what a kernel refuses.
package drops

import (
	"log/slog"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// dropLogPause is the least time between two log lines about dropped messages.
const dropLogPause = time.Second

// A Counter counts the messages and connections that were refused, by the sockets or the session, and logs them once a second
// at most.
type Counter struct {
	log *slog.Logger

	mu       sync.Mutex
	total    int
	reported int
	lastLog  time.Time
}

// New returns a counter at zero.
func New(log *slog.Logger) *Counter { return &Counter{log: log} }

// Add counts one.
func (d *Counter) Add(channel wire.Channel, reason error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total++
	if now := time.Now(); now.Sub(d.lastLog) >= dropLogPause {
		d.log.Warn("messages were dropped", "channel", channel, "reason", reason,
			"since_last_line", d.total-d.reported, "total", d.total)
		d.lastLog, d.reported = now, d.total
	}
}

// Count is how many there were.
func (d *Counter) Count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.total
}
