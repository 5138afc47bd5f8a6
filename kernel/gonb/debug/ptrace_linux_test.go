package debug

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// forbiddenVar makes this test's program one that may not trace others.
const forbiddenVar = "HEADSTART_TEST_FORBIDS_PTRACE"

// forbidPtrace has the system refuse ptrace to this thread and what it starts, as containers without CAP_SYS_PTRACE do.
func forbidPtrace() error {
	const load, equal, reply = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, unix.BPF_RET | unix.BPF_K
	const allow, refuse = 0x7fff0000, 0x00050000 | uint32(unix.EPERM) // SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
	filter := []unix.SockFilter{
		{Code: load, K: 0}, // the number of the system call
		{Code: equal, K: unix.SYS_PTRACE, Jf: 1},
		{Code: reply, K: refuse},
		{Code: reply, K: allow},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0)
}

// TestWherePtraceIsForbiddenItIsSaid asks a program of which it is known; what the test's own may do differs from machine to machine.
func TestWherePtraceIsForbiddenItIsSaid(t *testing.T) {
	if os.Getenv(forbiddenVar) != "" {
		runtime.LockOSThread() // the filter is the thread's
		if err := forbidPtrace(); err != nil {
			t.Fatal(err)
		}
		fmt.Println(Check(os.Args[0]))
		return
	}
	test := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$")
	test.Env = append(os.Environ(), forbiddenVar+"=1")
	output, err := test.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if !strings.Contains(string(output), "does not allow a program to trace another") || !strings.Contains(string(output), AllowTracing) {
		t.Errorf("%s", output)
	}
}
