package comms

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// UsageSubject is what stands in the place of a magic's name to watch what usage_request measures.
const UsageSubject = "kernel/usage"

// quiet is how many times longer to wait between two measurements while nothing runs: to measure all processes takes some
// milliseconds.
const quiet = 10

// Usage watches what the kernel and all that it started take, and tells it where it has changed by more than a hundredth. It measures
// every so often while busy says that a cell runs, or magics tell news.
func (t *Teller) Usage(measure func() wire.UsageReply, busy func() bool, every time.Duration) Watcher {
	return func(ctx context.Context, tell func(json.RawMessage) error) error {
		var shown, seen int64
		for turn := 0; ; turn++ {
			if told := t.Told(); turn%quiet == 0 || told != seen || busy() {
				seen = told
				usage := measure()
				if usage.Memory == nil {
					return errors.New("measure the kernel: the system does not tell")
				}
				if change := *usage.Memory - shown; change > shown/100 || -change > shown/100 {
					shown = *usage.Memory
					text, err := wire.Marshal(usage)
					if err == nil {
						err = tell(text)
					}
					if err != nil {
						return err
					}
				}
			}
			select {
			case <-time.After(every):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}
