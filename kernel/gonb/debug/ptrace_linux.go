package debug

import (
	"os/exec"
	"runtime"
	"syscall"
)

// CanTrace reports why a program may not trace another. It starts one that asks to be traced, and ends it before its first instruction.
func CanTrace() error {
	runtime.LockOSThread() // the tracer is a thread
	defer runtime.UnlockOSThread()
	cmd := exec.Command("/proc/self/exe")
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = cmd.Process.Kill() // it is there: it stopped before it began
	_ = cmd.Wait()         // it was killed
	return nil
}
