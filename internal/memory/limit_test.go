package memory

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/headstart-nb/headstart/internal/testfile"
)

func TestReadLimit(t *testing.T) {
	for name, test := range map[string]struct {
		files map[string]string
		want  Limit
	}{
		"version 2, in a group that is limited by the one that it is in": {map[string]string{
			"proc/self/cgroup":                         "0::/user/server\n",
			"sys/fs/cgroup/user/memory.max":            "2000\n",
			"sys/fs/cgroup/user/memory.current":        "1500\n",
			"sys/fs/cgroup/user/memory.stat":           "anon 900\ninactive_file 400\n",
			"sys/fs/cgroup/user/memory.events":         "low 0\nmax 7\noom 3\noom_kill 2\n",
			"sys/fs/cgroup/user/server/memory.max":     "max\n",
			"sys/fs/cgroup/user/server/memory.current": "10\n",
		}, Limit{2000, 1100, 2}},
		"version 2, seen from inside of a container": {map[string]string{
			"proc/self/cgroup": "0::/kubepods/pod1/abc\n", "sys/fs/cgroup/memory.max": "3000\n", "sys/fs/cgroup/memory.current": "100\n",
		}, Limit{3000, 100, 0}},
		"version 1": {map[string]string{
			"proc/self/cgroup": "8:pids:/\n4:memory:/a\n0::/\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes":     "1000\n",
			"sys/fs/cgroup/memory/a/memory.usage_in_bytes":     "500\n",
			"sys/fs/cgroup/memory/a/memory.oom_control":        "oom_kill_disable 0\nunder_oom 0\noom_kill 4\n",
			"sys/fs/cgroup/memory/memory.limit_in_bytes":       "9223372036854771712\n",
			"sys/fs/cgroup/memory/memory.kmem.limit_in_bytes":  "1\n",
			"sys/fs/cgroup/memory/a/memory.memsw.oom_kill.txt": "",
		}, Limit{1000, 500, 4}},
		"no limit, a machine that has killed": {map[string]string{
			"proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n", "proc/vmstat": "nr_free_pages 1\noom_kill 5\n",
		}, Limit{Kills: 5}},
		"a path that leads out": {map[string]string{"proc/self/cgroup": "0::/../../etc\n:\nx\n"}, Limit{}},
		"nothing is known":      {nil, Limit{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ReadLimit(testfile.Write(t, test.files))); diff != "" {
				t.Error(diff)
			}
		})
	}
}
