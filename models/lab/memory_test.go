package lab

import (
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/memory"
	"github.com/headstart-nb/headstart/internal/testfile"
)

// A training that a server's limit leaves little memory tells whoever watches it, with the least that was left.
func TestARunKeepsTheLeastMemory(t *testing.T) {
	server := func(used string) memory.Room {
		return memory.ReadRoom(testfile.Write(t, map[string]string{
			"proc/meminfo": "MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n", "proc/self/cgroup": "0::/\n",
			"sys/fs/cgroup/memory.max": "2000000000\n", "sys/fs/cgroup/memory.current": used,
		}))
	}
	rooms := []memory.Room{server("1000000000"), server("1900000000"), server("1950000000"), server("1920000000")}
	r := &Run{done: make(chan struct{}), watches: map[int]func(){}}
	told := 0
	defer r.Watch(func() { told++ })() // called with the lock held
	ended := make(chan struct{})
	next := 0
	go func() {
		defer close(ended)
		r.watchMemory(func() memory.Room {
			room := rooms[min(next, len(rooms)-1)]
			if next++; next == len(rooms)+1 {
				close(r.done)
			}
			return room
		}, time.Millisecond)
	}()
	<-ended
	if got, want := r.Stand().Memory, rooms[2]; got != want || want.Available != 50_000_000 {
		t.Errorf("the run has %+v, want %+v", got, want)
	}
	if told != 2 {
		t.Errorf("the watches were called %d times, want 2: at 100 MB and at 50 MB", told)
	}
}

// Every training is watched.
func TestATrainingLooksAtTheMemory(t *testing.T) {
	l := prepared(t, t.TempDir(), photos(t, 8))
	short := memory.Room{Total: 1_000_000_000, Available: 10_000_000, Limited: true}
	l.room = func() memory.Room { return short }
	if got := train(t, l, "a", 1).Memory; got != short {
		t.Errorf("the run has %+v, want %+v", got, short)
	}
}
