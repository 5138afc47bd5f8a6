package peer

import (
	"os"
	"syscall"
)

func credentials(fd int) (Credentials, error) {
	found, err := syscall.GetsockoptUcred(fd, syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	if err != nil {
		return Credentials{}, os.NewSyscallError("getsockopt", err)
	}
	return Credentials{int(found.Uid), int(found.Pid)}, nil
}
