// Package peer says which process is at the other end of a Unix socket.
//
// It imports the standard library without net, since every Go cell that uses a model links it.
package peer

import (
	"fmt"
	"os"
	"syscall"
)

// Credentials are those of the process at the other end. For a client that is the process that listens.
type Credentials struct {
	User    int // numeric user ID
	Process int // process ID; 0 where the system does not tell it
}

// A ForeignError is a process that is not the expected one.
type ForeignError struct{ Found, Want Credentials }

func (e *ForeignError) Error() string {
	if e.Found.User != e.Want.User {
		return fmt.Sprintf("a process of another user answers there: its user ID is %d, and yours is %d", e.Found.User, e.Want.User)
	}
	return fmt.Sprintf("another process answers there: its ID is %d, and %d is expected", e.Found.Process, e.Want.Process)
}

// Check reports a process at the other end that belongs to another user, or is not the given process. A process of 0
// stands for any.
func Check(conn syscall.Conn, process int) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return fmt.Errorf("find out which process answers: %w", err)
	}
	var checked error
	if err := raw.Control(func(fd uintptr) { checked = CheckDescriptor(int(fd), process) }); err != nil {
		return fmt.Errorf("find out which process answers: %w", err)
	}
	return checked
}

// CheckDescriptor is Check for a socket that is not yet a file.
func CheckDescriptor(fd, process int) error {
	found, err := credentials(fd)
	if err != nil {
		return fmt.Errorf("find out which process answers: %w", err)
	}
	want := Credentials{os.Getuid(), process}
	if found.User != want.User || process != 0 && found.Process != 0 && found.Process != process {
		return &ForeignError{found, want}
	}
	return nil
}
