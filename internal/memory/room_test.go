package memory

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/testfile"
)

const machine = "MemTotal: 16000000 kB\nMemFree: 4000000 kB\nMemAvailable: 8000000 kB\n"

func TestReadRoom(t *testing.T) {
	v2 := func(limit, used string) map[string]string {
		return map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": limit, "sys/fs/cgroup/memory.current": used,
		}
	}
	for name, test := range map[string]struct {
		files map[string]string
		want  Room
		short bool
	}{
		"a machine":                   {map[string]string{"proc/meminfo": machine}, Room{16_000_000 << 10, 8_000_000 << 10, 4_000_000 << 10, false}, false},
		"a machine with little":       {map[string]string{"proc/meminfo": "MemTotal: 2000 kB\nMemAvailable: 199 kB\n"}, Room{2000 << 10, 199 << 10, 0, false}, true},
		"a large machine":             {map[string]string{"proc/meminfo": "MemTotal: 99000000 kB\nMemAvailable: 2000000 kB\n"}, Room{99_000_000 << 10, 2_000_000 << 10, 0, false}, false},
		"a limit":                     {v2("1600000000\n", "1400000000\n"), Room{1_600_000_000, 200_000_000, 200_000_000, true}, false},
		"a limit that is nearly used": {v2("1600000000\n", "1500000000\n"), Room{1_600_000_000, 100_000_000, 100_000_000, true}, true},
		"more in use than the limit":  {v2("1600000000\n", "1700000000\n"), Room{1_600_000_000, 0, 0, true}, true},
		"a limit above the machine":   {v2("99000000000\n", "1\n"), Room{16_000_000 << 10, 8_000_000 << 10, 4_000_000 << 10, false}, false},
		"version 1, a limit nearly used": {map[string]string{
			"proc/meminfo": machine, "proc/self/cgroup": "4:memory:/a\n0::/\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1000000\n", "sys/fs/cgroup/memory/a/memory.usage_in_bytes": "950000\n",
			"sys/fs/cgroup/memory/a/memory.stat": "total_inactive_file 10000\n",
		}, Room{1_000_000, 60_000, 60_000, true}, true},
		"nothing is known": {nil, Room{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			got := ReadRoom(testfile.Write(t, test.files))
			if diff := cmp.Diff(test.want, got); diff != "" || got.Short() != test.short {
				t.Errorf("short %v, want %v\n%s", got.Short(), test.short, diff)
			}
		})
	}
}
