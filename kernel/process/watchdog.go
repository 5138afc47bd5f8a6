package process

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// script reads the process group, waits for its input to end, which is when this process dies or lets go, and kills the
// group and all that have the token $1 in their environment. It looks again while it finds some, since they may be
// starting others.
const script = `
trap '' INT TERM HUP
read -r group && read -r _
[ "$group" ] && kill -KILL -- "-$group" 2>/dev/null
for round in 1 2 3 4 5; do
	found=
	for file in /proc/[0-9]*/environ; do
		grep -qaF -- "$1" "$file" 2>/dev/null || continue
		pid=${file#/proc/}
		kill -KILL "${pid%/environ}" 2>/dev/null && found=yes
	done
	[ "$found" ] || exit 0
done`

// A watchdog outlives this process by the moment that it takes to clean up.
type watchdog struct {
	cmd *exec.Cmd
	end io.WriteCloser
}

// watch starts a watchdog; it has to be there before the child, so as to miss nothing.
func watch(token string) (*watchdog, error) {
	cmd := exec.Command("/bin/sh", "-c", script, "headstart-watchdog", token)
	cmd.Env = []string{"PATH=/usr/bin:/bin"} // never the token: the watchdog would find itself
	cmd.Dir = "/"
	// A session of its own: whoever kills this process may kill its whole group.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	end, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start the watchdog: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the watchdog: %w", err)
	}
	return &watchdog{cmd: cmd, end: end}, nil
}

// guard tells the watchdog the child's process group.
func (w *watchdog) guard(group int) error {
	_, err := fmt.Fprintln(w.end, group)
	return err
}

// sweep makes the watchdog kill what is left, and waits for it.
func (w *watchdog) sweep() {
	_ = w.end.Close()
	_ = w.cmd.Wait() // its exit status says nothing
}
