package session

import (
	"log/slog"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// dropLogPause is the least time between two log lines about dropped messages.
const dropLogPause = time.Second

// drops counts the messages that were refused and logs them, once a second at most.
type drops struct {
	log *slog.Logger

	mu       sync.Mutex
	total    int
	reported int
	lastLog  time.Time
}

func (d *drops) add(channel wire.Channel, reason error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.total++
	if now := time.Now(); now.Sub(d.lastLog) >= dropLogPause {
		d.log.Warn("messages were dropped", "channel", channel, "reason", reason,
			"since_last_line", d.total-d.reported, "total", d.total)
		d.lastLog, d.reported = now, d.total
	}
}

func (d *drops) count() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.total
}

// Dropped counts a message that was refused before the session saw it.
func (s *Session) Dropped(channel wire.Channel, reason error) { s.drops.add(channel, reason) }
