package descendant

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Of lists the processes below pid, parents before their children.
func Of(pid int) []Process {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	children := map[int][]Process{}
	for _, entry := range entries {
		id, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		stat, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "stat"))
		if err != nil {
			continue // it ended meanwhile
		}
		name, parent, ok := parseStat(stat)
		if ok {
			children[parent] = append(children[parent], Process{ID: id, Parent: parent, Name: name})
		}
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

// parseStat reads the name and the parent from the text of /proc/PID/stat. The name stands in parentheses and may hold
// any character, parentheses too (proc_pid_stat(5)).
func parseStat(stat []byte) (name string, parent int, ok bool) {
	open, end := bytes.IndexByte(stat, '('), bytes.LastIndexByte(stat, ')')
	if open < 0 || end < open {
		return "", 0, false
	}
	fields := strings.Fields(string(stat[end+1:])) // state, parent, ...
	if len(fields) < 2 {
		return "", 0, false
	}
	parent, err := strconv.Atoi(fields[1])
	return string(stat[open+1 : end]), parent, err == nil
}

// ReadsStdin tells whether one of the process's threads waits in read(2) on descriptor 0, and that is a pipe into which
// writer, a process above it, would have to write.
func ReadsStdin(writer, pid int) bool {
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	pipe, err := os.Readlink(filepath.Join(proc, "fd", "0"))
	if err != nil || !strings.HasPrefix(pipe, "pipe:") || !holds(writer, pipe) {
		return false
	}
	threads, err := filepath.Glob(filepath.Join(proc, "task", "*", "syscall"))
	if err != nil {
		return false
	}
	for _, file := range threads {
		// The text is the number of the system call and its arguments in hexadecimal (proc_pid_syscall(5)).
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if fields := strings.Fields(string(text)); len(fields) > 1 && fields[0] == readSyscall && fields[1] == "0x0" {
			return true
		}
	}
	return false
}

// holds tells whether a process has the pipe open.
func holds(pid int, pipe string) bool {
	files, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(pid), "fd", "*"))
	if err != nil {
		return false
	}
	for _, file := range files {
		if target, err := os.Readlink(file); err == nil && target == pipe {
			return true
		}
	}
	return false
}

// WriteStdin puts text into the pipe that the process reads as its standard input.
func WriteStdin(pid int, text string) error {
	pipe, err := os.OpenFile(filepath.Join("/proc", strconv.Itoa(pid), "fd", "0"), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer pipe.Close()
	_, err = pipe.WriteString(text)
	return err
}
