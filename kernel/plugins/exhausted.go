package plugins

import (
	"errors"
	"fmt"
	"os/exec"
	"syscall"

	"github.com/headstart-nb/headstart/internal/memory"
)

// exhausted says that a process was killed since the memory was used up, where that is so.
func exhausted(end error, before, after memory.Limit) string {
	var exit *exec.ExitError
	if !errors.As(end, &exit) || after.Kills <= before.Kills {
		return ""
	}
	if state, ok := exit.Sys().(syscall.WaitStatus); !ok || state.Signal() != syscall.SIGKILL {
		return ""
	}
	whose := "the machine's memory"
	if after.Bytes > 0 {
		whose = fmt.Sprintf("the memory that this server may take, %.1f GB,", float64(after.Bytes)/1e9)
	}
	return ": " + whose + " is used up: shut down other notebooks, or take smaller images and batches"
}
