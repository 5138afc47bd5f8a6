package keep

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/nbhelpers/keep/keeptest"
)

const childFolder = "HEADSTART_KEEP_CHILD"

// state is several groups of variables that each Save changes together.
type state struct {
	number int
	names  map[string]int
	large  []int64 // mapped
	part   []int64 // shares memory with it
	list   *link
}

func (s *state) variables() []Variable {
	return []Variable{
		variable("number", &s.number), variable("names", &s.names), variable("large", &s.large), variable("part", &s.part), variable("list", &s.list),
	}
}

func (s *state) set(n int) {
	s.number = n
	s.names = map[string]int{"n": n}
	if s.large == nil {
		s.large = make([]int64, 20000)
		s.part = s.large[100:200]
	}
	for i := range s.large {
		s.large[i] = int64(n)
	}
	s.list = &link{n, &link{n, nil}}
}

// whole checks that all variables are of one Save.
func (s *state) whole() error {
	n := s.number
	if n == 0 {
		if s.names != nil || s.large != nil || s.list != nil {
			return fmt.Errorf("number is 0, the rest is not: %v", s.names)
		}
		return nil
	}
	if s.names["n"] != n || len(s.large) != 20000 || s.list == nil || s.list.value != n || s.list.next.value != n || &s.part[0] != &s.large[100] {
		return fmt.Errorf("number is %d, names %v, %d numbers, list %v", n, s.names, len(s.large), s.list)
	}
	if i := slices.IndexFunc(s.large, func(v int64) bool { return v != int64(n) }); i >= 0 {
		return fmt.Errorf("number is %d, large[%d] is %d", n, i, s.large[i])
	}
	return nil
}

// TestSavingChild saves until it is killed.
func TestSavingChild(t *testing.T) {
	dir := os.Getenv(childFolder)
	if dir == "" {
		t.Skip("this is the child of TestKill")
	}
	fmt.Println("ready")
	for {
		var s state
		store := Open(dir, options())
		if losses := store.Load(s.variables()...); len(losses) > 0 {
			t.Fatalf("Load lost %q", losses)
		}
		if err := s.whole(); err != nil {
			t.Fatal(err)
		}
		s.set(s.number + 1)
		if losses := store.Save(s.variables()...); len(losses) > 0 {
			t.Fatalf("Save lost %q", losses)
		}
		store.unmap(t)
	}
}

// A program that is killed leaves all variables as one Save left them.
func TestKill(t *testing.T) {
	kills := 100
	if testing.Short() {
		kills = 10
	}
	dir := folder(t)
	random := rand.New(rand.NewPCG(22, 22))
	last, debris := 0, 0
	for range kills {
		keeptest.Kill(t, "TestSavingChild", childFolder+"="+dir, time.Duration(random.IntN(int(20*time.Millisecond))))
		if found, _ := filepath.Glob(filepath.Join(dir, "*")); len(found) > 7 {
			debris++
		}
		var s state
		load(t, dir, options(), s.variables()...)
		if err := s.whole(); err != nil {
			t.Fatal(err)
		}
		if s.number < last {
			t.Fatalf("after %d the state is %d", last, s.number)
		}
		last = s.number
	}
	t.Logf("%d saves, %d kills, %d of them in the middle of a save", last, kills, debris)
	var s state
	s.set(last + 1)
	save(t, dir, options(), s.variables()...)
	if got := files(t, dir); len(got) != 6 { // manifest, four groups, one of them with numbers
		t.Errorf("files that nothing refers to stay: %q", got)
	}
}

// TestStopAtEachStep stops a Save between any two changes of the folder, and the Save after it as well.
func TestStopAtEachStep(t *testing.T) {
	dir := folder(t)
	var first state
	first.set(1)
	save(t, dir, options(), first.variables()...)
	n, finished := 1, false
	for steps := 0; !finished; steps++ {
		var s state
		store := Open(dir, options())
		checkLosses(t, store.Load(s.variables()...))
		if err := s.whole(); err != nil {
			t.Fatalf("stopped after %d steps: %v", steps-1, err)
		}
		if s.number != n && s.number != n+1 {
			t.Fatalf("after %d the state is %d", n, s.number)
		}
		n = s.number
		s.set(n + 1)
		finished = !stopped(store, steps, s.variables())
		store.unmap(t)
	}
	var s state
	load(t, dir, options(), s.variables()...)
	if err := s.whole(); err != nil || s.number != n+1 || len(files(t, dir)) != 6 {
		t.Errorf("state %d, %v, files %q", s.number, err, files(t, dir))
	}
}

// stopped saves until a number of steps is done, and says whether there were more.
func stopped(store *Store, steps int, variables []Variable) (stopped bool) {
	store.step = func() {
		if steps--; steps < 0 {
			panic("stopped")
		}
	}
	defer func() { stopped = recover() != nil }()
	store.Save(variables...)
	return false
}

func TestLock(t *testing.T) {
	dir := folder(t)
	x := 1
	save(t, dir, options(), variable("x", &x))
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	waiting := Open(dir, options())
	waiting.wait = 30 * time.Millisecond
	x = 2
	for _, losses := range [][]Loss{waiting.Load(variable("x", &x)), waiting.Save(variable("x", &x))} {
		if len(losses) != 1 || !strings.Contains(losses[0].Reason, "another program has held the lock") {
			t.Errorf("lost %q", losses)
		}
	}
	if _, err := waiting.List(); err == nil {
		t.Error("List read what is being written")
	}
	done := make(chan []Loss)
	go func() { done <- Open(dir, options()).Save(variable("x", &x)) }()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_UN); err != nil {
		t.Fatal(err)
	}
	checkLosses(t, <-done)
	var y int
	load(t, dir, options(), variable("x", &y))
	if y != 2 {
		t.Errorf("x is %d", y)
	}
}
