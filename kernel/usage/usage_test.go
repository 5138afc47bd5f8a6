package usage

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/kernel/wire"
)

// machine is a /proc with two processes of a kernel, its plugin, and a process that belongs to neither.
func machine(t *testing.T, files map[string]string) *Meter {
	t.Helper()
	m := NewMeter()
	m.root, m.least = filepath.Join(t.TempDir(), "proc"), 0
	write(t, m, files)
	return m
}

func write(t *testing.T, m *Meter, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(m.root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDescendantsAndOthersCount(t *testing.T) {
	stat := func(name, parent, user, system string) string {
		return "1 (" + name + ") S " + parent + " 0 0 0 0 0 0 0 0 0 " + user + " " + system + " 0 0 20 0 1 0 55 0 0"
	}
	m := machine(t, map[string]string{
		"10/stat": stat("a ) 9 9 (", "1", "100", "0"), "10/smaps_rollup": "0-1 [rollup]\nRss:   999 kB\nPss:   3 kB\n",
		"11/stat": stat("child", "10", "0", "100"), "11/statm": "9 2 1 1 0 1 0\n",
		"12/stat": stat("grandchild", "11", "0", "0"),
		"20/stat": stat("plugin", "1", "0", "0"), "20/smaps_rollup": "Pss: 5 kB\n",
		"30/stat": stat("stranger", "1", "7000", "0"), "30/smaps_rollup": "Pss: 1000 kB\n",
		"stat": "cpu  100 0 100 700 100 0 0 0 50 50\ncpu0 1\n", "meminfo": "MemTotal: 100 kB\nMemFree: 10 kB\nMemAvailable: 40 kB\n",
		"40/stat": "broken", "self/stat": "x",
	})
	spent := m.tree([]int{10, 20, 10, 99})
	if len(spent) != 4 || spent[process{10, 55}] != 100 || spent[process{11, 55}] != 100 {
		t.Errorf("the tree is %v", spent)
	}
	var memory int64
	for p := range spent {
		memory += m.memory(p.pid)
	}
	if want := int64(3<<10 + 5<<10 + 2*os.Getpagesize()); memory != want {
		t.Errorf("memory: %d, want %d", memory, want)
	}
	m.when = time.Now()
	m.spent, m.host = spent, m.hostTime()
	write(t, m, map[string]string{"10/stat": stat("a", "1", "150", "0"), "stat": "cpu  150 0 100 800 100 0 0 0 50 50\n"})
	m.count(m.tree([]int{10}), 2*time.Second)
	if m.cpu.kernel != 25 { // half a second of two
		t.Errorf("the processes take %v %%", m.cpu.kernel)
	}
	if got := m.cpu.host; got < 33.3 || got > 33.4 { // 50 of 150 ticks
		t.Errorf("the machine takes %v %%", got)
	}
	if got, want := m.hostMemory(), (wire.HostMemory{Total: 100 << 10, Available: 40 << 10, Free: 10 << 10, Used: 60 << 10, Percent: 60}); got == nil || *got != want {
		t.Errorf("the machine's memory: %+v", got)
	}
}

func TestWithoutProcOnlyTheMachineIsReported(t *testing.T) {
	m := machine(t, nil)
	if got := m.Measure(); got.Memory != nil || got.CPU != nil || got.CPUCount < 1 || got.PID != os.Getpid() {
		t.Errorf("%+v", got)
	}
}

func TestThisProcessIsMeasured(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		return // only Linux has it
	}
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = child.Process.Kill(), child.Wait() }()
	m := NewMeter()
	m.least = 0
	first := m.Measure()
	if first.Memory == nil || *first.Memory < 1<<20 || *first.CPU != 0 {
		t.Fatalf("%+v", first)
	}
	for until := time.Now().Add(200 * time.Millisecond); time.Now().Before(until); { // work to be measured
	}
	second := m.Measure(child.Process.Pid, 1<<30)
	if *second.CPU <= 0 {
		t.Errorf("after 0.2 s of work the processor time is %v", *second.CPU)
	}
	var sum int64
	names := map[int]string{}
	for i, p := range second.Processes {
		sum += p.Memory
		names[p.PID] = p.Name
		if i > 0 && p.Memory > second.Processes[i-1].Memory {
			t.Errorf("the largest is not first: %+v", second.Processes)
		}
	}
	if sum != *second.Memory || names[child.Process.Pid] != "sleep" || !strings.HasSuffix(names[os.Getpid()], ".test") {
		t.Errorf("%d bytes in all, by process %+v", *second.Memory, second.Processes)
	}
}

// A name of more than 15 characters is cut in comm; what a process calls itself in its arguments is not believed beyond that.
func TestNamesOfPrograms(t *testing.T) {
	m := machine(t, map[string]string{
		"1/comm": "headstart-trans\n", "1/cmdline": "/usr/bin/headstart-transfer\x00serve\x00",
		"2/comm": "python3\n", "2/cmdline": "something else\x00",
		"3/comm": "kworker/0:1\n", "3/cmdline": "",
	})
	for pid, want := range map[int]string{1: "headstart-transfer", 2: "python3", 3: "kworker/0:1", 4: ""} {
		if got := m.name(pid); got != want {
			t.Errorf("process %d is %q, want %q", pid, got, want)
		}
	}
}

func TestTheListOfProcessesIsBounded(t *testing.T) {
	files := map[string]string{}
	for pid := range 3 * mostProcesses {
		name := strconv.Itoa(pid + 2)
		files[name+"/stat"], files[name+"/comm"] = "1 (a) S "+strconv.Itoa(os.Getpid())+" 0 0 0 0 0 0 0 0 0 1 1 0 0 20 0 1 0 55 0 0", "a\n"
		files[name+"/smaps_rollup"] = "Pss: 1 kB\n"
	}
	files[strconv.Itoa(os.Getpid())+"/stat"] = "1 (a) S 1 0 0 0 0 0 0 0 0 0 1 1 0 0 20 0 1 0 55 0 0"
	m := machine(t, files)
	if got := m.Measure(); len(got.Processes) != mostProcesses || *got.Memory < 3*(mostProcesses-1)<<10 {
		t.Errorf("%d processes of %d bytes in all", len(got.Processes), *got.Memory)
	}
}

func FuzzStat(f *testing.F) {
	f.Add([]byte("1 (a) S 1 0 0 0 0 0 0 0 0 0 1 2 0 0 20 0 1 0 55 0 0"))
	f.Add([]byte(")"))
	f.Fuzz(func(_ *testing.T, text []byte) { parseStat(text) })
}

// A front end shows what a server may take, not what the machine has.
func TestTheMemoryOfALimitedServer(t *testing.T) {
	m := machine(t, map[string]string{
		"meminfo": "MemTotal: 100 kB\nMemFree: 80 kB\nMemAvailable: 90 kB\n", "self/cgroup": "0::/\n",
		"../sys/fs/cgroup/memory.max": "40960\n", "../sys/fs/cgroup/memory.current": "30720\n",
	})
	want := wire.HostMemory{Total: 40 << 10, Available: 10 << 10, Free: 10 << 10, Used: 30 << 10, Percent: 75}
	if got := m.hostMemory(); got == nil || *got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
