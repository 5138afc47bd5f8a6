package debug

import (
	"errors"
	"fmt"
	"os"
)

// AllowTracing says what to do where a program may not trace another.
const AllowTracing = "start a container with --cap-add=SYS_PTRACE, or set the sysctl kernel.yama.ptrace_scope to 1"

// Check says why programs cannot be debugged here, and what to do; nil where they can.
func Check(delve string) error {
	if delve == "" {
		return errors.New("debug Go cells: Delve, the debugger, is not installed; run headstart install")
	}
	if _, err := os.Stat(delve); err != nil {
		return fmt.Errorf("debug Go cells: Delve, the debugger: %w; run headstart install", err)
	}
	if err := CanTrace(); err != nil {
		return fmt.Errorf("debug Go cells: this machine does not allow a program to trace another (%w); %s", err, AllowTracing)
	}
	return nil
}
