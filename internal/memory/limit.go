// Package memory says how much memory a process may take: that of the machine, or of a limit that is set for it.
package memory

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Limit is the memory that this process and those beside it may take: of a container, of a server that JupyterHub limits, or of the
// machine.
type Limit struct {
	Bytes int64 // 0: only that of the machine
	Used  int64 // without files that the system can drop
	Kills int64 // processes that the system has ended since the memory was exhausted
}

// controller is where a version of Linux's cgroups has its files.
type controller struct {
	root                 string // below /
	limit, used          string
	droppable, killsFile string // names: of a field of memory.stat, of the file with the field oom_kill
}

// ReadLimit reads the limit from /proc and /sys below root, which is normally "/". What is not known is 0.
func ReadLimit(root string) Limit {
	v1 := controller{"sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file", "memory.oom_control"}
	v2 := controller{"sys/fs/cgroup", "memory.max", "memory.current", "inactive_file", "memory.events"}
	groups, _ := os.ReadFile(filepath.Join(root, "proc/self/cgroup")) // empty where there are none
	for line := range strings.Lines(string(groups)) {
		// number:controllers:path, as in 4:memory:/user and 0::/user
		parts := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(parts) != 3 {
			continue
		}
		var found Limit
		switch {
		case parts[1] == "memory":
			found = v1.smallest(root, parts[2])
		case parts[0] == "0" && parts[1] == "":
			found = v2.smallest(root, parts[2])
		}
		if found.Bytes > 0 {
			return found
		}
	}
	text, _ := os.ReadFile(filepath.Join(root, "proc/vmstat"))
	kills, _ := Field(string(text), "oom_kill")
	return Limit{Kills: kills}
}

// smallest is the smallest limit of a group and of those that it is in. Inside a container the group's path may be that outside.
func (c controller) smallest(root, group string) Limit {
	var smallest Limit
	for path := filepath.Clean("/" + group); ; path = filepath.Dir(path) {
		if l := c.read(filepath.Join(root, c.root, path)); l.Bytes > 0 && (smallest.Bytes == 0 || l.Bytes < smallest.Bytes) {
			smallest = l
		}
		if path == "/" {
			return smallest
		}
	}
}

// unlimited is from where on a limit of version 1 means none: it is a number close to the largest.
const unlimited = 1 << 60

func (c controller) read(folder string) Limit {
	number := func(name string) int64 {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return 0
		}
		n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64) // "max" is no number
		if err != nil {
			return 0
		}
		return n
	}
	field := func(file, name string) int64 {
		text, err := os.ReadFile(filepath.Join(folder, file))
		if err != nil {
			return 0
		}
		n, _ := Field(string(text), name)
		return n
	}
	l := Limit{Bytes: number(c.limit), Kills: field(c.killsFile, "oom_kill")}
	if l.Bytes <= 0 || l.Bytes >= unlimited {
		return Limit{}
	}
	l.Used = max(0, number(c.used)-field("memory.stat", c.droppable))
	return l
}
