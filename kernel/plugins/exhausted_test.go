package plugins

import (
	"errors"
	"os/exec"
	"testing"

	"github.com/headstart-nb/headstart/internal/memory"
)

func TestWhatIsSaidOfExhaustedMemory(t *testing.T) {
	killed, failed := exec.Command("sh", "-c", "kill -KILL $$").Run(), exec.Command("false").Run()
	limited := memory.Limit{Bytes: 2_000_000_000, Kills: 3}
	for _, test := range []struct {
		name   string
		end    error
		after  memory.Limit
		expect string
	}{
		{"under a limit", killed, memory.Limit{Bytes: 2_000_000_000, Kills: 4},
			": the memory that this server may take, 2.0 GB, is used up: shut down other notebooks, or take smaller images and batches"},
		{"without one", killed, memory.Limit{Kills: 4}, ": the machine's memory is used up: shut down other notebooks, or take smaller images and batches"},
		{"killed by somebody", killed, limited, ""},
		{"ended otherwise", failed, memory.Limit{Bytes: 2_000_000_000, Kills: 4}, ""},
		{"no process", errors.New("lost"), memory.Limit{Kills: 9}, ""},
	} {
		if got := exhausted(test.end, limited, test.after); got != test.expect {
			t.Errorf("%s: %q, want %q", test.name, got, test.expect)
		}
	}
}
