// Package usage measures the memory and the processor time of trees of processes, as Linux's /proc reports them.
package usage

import (
	"bytes"
	"cmp"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/internal/memory"
	"github.com/headstart-nb/headstart/kernel/wire"
)

// A Meter measures. It remembers the processor times of its latest measurement, from which the next one counts.
type Meter struct {
	root  string        // normally /proc
	least time.Duration // between two measurements of processor time; the clock of /proc ticks every 10 ms

	mu    sync.Mutex
	when  time.Time // of the latest measurement; zero before the first
	spent map[process]ticks
	host  hostTime
	cpu   percentages
}

// process identifies one: a number is used again.
type process struct {
	pid   int
	start ticks // since the machine was started
}

// ticks is processor time in 1/100 s: the USER_HZ of every architecture that Go supports.
type ticks int64

type hostTime struct{ busy, all ticks }

type percentages struct{ kernel, host float64 }

// NewMeter returns a meter that has measured nothing.
func NewMeter() *Meter { return &Meter{root: "/proc", least: 100 * time.Millisecond} }

// Measure measures this process, others, and all their descendants. A process that cannot be read counts nothing; where there
// is no /proc, only what Go knows is reported. The processor time is that since the latest measurement, in percent of one
// processor, and 0 at the first.
func (m *Meter) Measure(others ...int) wire.UsageReply {
	m.mu.Lock()
	defer m.mu.Unlock()
	hostname, _ := os.Hostname() // shown only
	reply := wire.UsageReply{Status: wire.StatusOK, Hostname: hostname, PID: os.Getpid(), CPUCount: runtime.NumCPU()}
	spent := m.tree(append(others, os.Getpid()))
	if len(spent) == 0 {
		return reply
	}
	var memory int64
	for p := range maps.Keys(spent) {
		one := wire.ProcessUsage{PID: p.pid, Name: m.name(p.pid), Memory: m.memory(p.pid)}
		memory += one.Memory
		reply.Processes = append(reply.Processes, one)
	}
	slices.SortFunc(reply.Processes, func(a, b wire.ProcessUsage) int {
		return cmp.Or(cmp.Compare(b.Memory, a.Memory), cmp.Compare(a.PID, b.PID))
	})
	reply.Processes = reply.Processes[:min(len(reply.Processes), mostProcesses)]
	now := time.Now()
	if elapsed := now.Sub(m.when); elapsed >= m.least {
		m.count(spent, elapsed)
		m.when = now
	}
	reply.Memory, reply.CPU, reply.HostCPU = &memory, &m.cpu.kernel, &m.cpu.host
	reply.HostMemory = m.hostMemory()
	return reply
}

// mostProcesses bounds the list of processes: a cell may start thousands.
const mostProcesses = 32

// name is the name of a process's program; empty where the process has ended.
func (m *Meter) name(pid int) string {
	folder := filepath.Join(m.root, strconv.Itoa(pid))
	text, err := os.ReadFile(filepath.Join(folder, "comm"))
	if err != nil {
		return ""
	}
	name := strings.TrimSuffix(string(text), "\n")
	arguments, _ := os.ReadFile(filepath.Join(folder, "cmdline")) // may be empty
	first, _, _ := strings.Cut(string(arguments), "\x00")
	if whole := filepath.Base(first); strings.HasPrefix(whole, name) { // comm has 15 characters at most
		return whole
	}
	return name
}

// count computes the percentages of the time since the latest measurement.
func (m *Meter) count(spent map[process]ticks, elapsed time.Duration) {
	host := m.hostTime()
	if !m.when.IsZero() {
		var used ticks
		for p, now := range spent {
			used += max(0, now-m.spent[p]) // all of a process that was started since
		}
		m.cpu.kernel = 100 * float64(used) / (elapsed.Seconds() * 100)
		if all := host.all - m.host.all; all > 0 {
			m.cpu.host = 100 * float64(host.busy-m.host.busy) / float64(all)
		}
	}
	m.spent, m.host = spent, host
}

// tree reads the processor times of processes and their descendants.
func (m *Meter) tree(roots []int) map[process]ticks {
	children := map[int][]int{}
	stats := map[int]stat{}
	entries, err := os.ReadDir(m.root)
	if err != nil {
		return nil
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if s, ok := m.stat(pid); ok {
			stats[pid] = s
			children[s.parent] = append(children[s.parent], pid)
		}
	}
	spent := map[process]ticks{}
	seen := map[int]bool{}
	for waiting := slices.Clone(roots); len(waiting) > 0; {
		pid := waiting[0]
		waiting = waiting[1:]
		s, ok := stats[pid]
		if !ok || seen[pid] {
			continue
		}
		seen[pid] = true
		spent[process{pid, s.start}] = s.spent
		waiting = append(waiting, children[pid]...)
	}
	return spent
}

// stat is what a measurement needs of /proc/PID/stat.
type stat struct {
	parent       int
	spent, start ticks
}

func (m *Meter) stat(pid int) (stat, bool) {
	text, err := os.ReadFile(filepath.Join(m.root, strconv.Itoa(pid), "stat"))
	if err != nil {
		return stat{}, false
	}
	return parseStat(text)
}

// parseStat reads /proc/PID/stat. The name, in parentheses, may hold anything.
func parseStat(text []byte) (stat, bool) {
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 { // the third field of proc(5) is the first here
		return stat{}, false
	}
	var numbers [4]int64
	for i, field := range []int{1, 11, 12, 19} {
		n, err := strconv.ParseInt(string(fields[field]), 10, 64)
		if err != nil {
			return stat{}, false
		}
		numbers[i] = n
	}
	return stat{parent: int(numbers[0]), spent: ticks(numbers[1] + numbers[2]), start: ticks(numbers[3])}, true
}

// memory is a process's proportional set size in bytes, which counts shared pages once; its resident set size where that
// may not be read.
func (m *Meter) memory(pid int) int64 {
	folder := filepath.Join(m.root, strconv.Itoa(pid))
	if text, err := os.ReadFile(filepath.Join(folder, "smaps_rollup")); err == nil {
		if kilobytes, ok := memory.Field(string(text), "Pss:"); ok {
			return kilobytes << 10
		}
	}
	text, err := os.ReadFile(filepath.Join(folder, "statm"))
	if fields := bytes.Fields(text); err == nil && len(fields) > 1 {
		if pages, err := strconv.ParseInt(string(fields[1]), 10, 64); err == nil {
			return pages * int64(os.Getpagesize())
		}
	}
	return 0
}

// hostTime reads the processor time of the whole machine.
func (m *Meter) hostTime() (host hostTime) {
	text, err := os.ReadFile(filepath.Join(m.root, "stat"))
	if err != nil {
		return host
	}
	line, _, _ := strings.Cut(string(text), "\n")
	for i, field := range strings.Fields(line) {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil || i > 8 { // guest times are part of others
			continue
		}
		host.all += ticks(n)
		if i != 4 && i != 5 { // idle, waiting for input and output
			host.busy += ticks(n)
		}
	}
	return host
}

// hostMemory is the memory of the machine, or of the limit under which this process runs; nil where it is not known.
func (m *Meter) hostMemory() *wire.HostMemory {
	r := memory.ReadRoom(filepath.Dir(m.root))
	if r.Total == 0 {
		return nil
	}
	return &wire.HostMemory{
		Total: r.Total, Available: r.Available, Free: r.Free, Used: r.Total - r.Available,
		Percent: 100 * float64(r.Total-r.Available) / float64(r.Total),
	}
}
