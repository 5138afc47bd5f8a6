//go:build !linux

package descendant

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
)

// Of lists the processes below pid, parents before their children.
func Of(pid int) []Process {
	output, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,comm=").Output()
	if err != nil {
		return nil
	}
	children := map[int][]Process{}
	for line := range strings.Lines(string(output)) {
		fields := strings.Fields(line)
		if len(fields) < 3 {
			continue
		}
		id, err := strconv.Atoi(fields[0])
		if err != nil {
			continue
		}
		parent, err := strconv.Atoi(fields[1])
		if err != nil {
			continue
		}
		name := fields[2][strings.LastIndexByte(fields[2], '/')+1:]
		children[parent] = append(children[parent], Process{ID: id, Parent: parent, Name: name})
	}
	var found []Process
	for queue := []int{pid}; len(queue) > 0; queue = queue[1:] {
		for _, child := range children[queue[0]] {
			found = append(found, child)
			queue = append(queue, child.ID)
		}
	}
	return found
}

// ReadsStdin is known on Linux alone.
func ReadsStdin(int, int) bool { return false }

// WriteStdin works on Linux alone.
func WriteStdin(int, string) error { return errors.ErrUnsupported }
