//go:build !linux

package gonb

import (
	"errors"
	"os/exec"
	"strconv"
	"strings"
)

// descendants lists the processes below pid, parents before their children.
func descendants(pid int) []descendant {
	output, err := exec.Command("ps", "-A", "-o", "pid=,ppid=,comm=").Output()
	if err != nil {
		return nil
	}
	children := map[int][]descendant{}
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
		children[parent] = append(children[parent], descendant{id: id, parent: parent, name: name})
	}
	var found []descendant
	for queue := []int{pid}; len(queue) > 0; queue = queue[1:] {
		for _, child := range children[queue[0]] {
			found = append(found, child)
			queue = append(queue, child.id)
		}
	}
	return found
}

// readsStdin is known on Linux alone.
func readsStdin(int, int) bool { return false }

// writeStdin works on Linux alone.
func writeStdin(int, string) error { return errors.ErrUnsupported }
