package process_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/kernel/process"
)

// family starts a child, a grandchild in the child's group, and one that left it, and prints the three process ids.
const family = `sleep 1000 & in=$!; setsid sleep 1000 & out=$!; echo $$ $in $out; wait`

const parentMode = "HEADSTART_TEST_PARENT"

func TestMain(m *testing.M) {
	if os.Getenv(parentMode) != "" {
		cmd := exec.Command("sh", "-c", family)
		cmd.Stdout = os.Stdout
		if _, err := process.Start(cmd); err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		time.Sleep(time.Hour)
	}
	os.Exit(m.Run())
}

func TestNothingSurvivesKillOfTheParent(t *testing.T) {
	parent := exec.Command(os.Args[0])
	parent.Env = append(os.Environ(), parentMode+"=1")
	// As Jupyter does: the parent has a group of its own, and the whole group is killed.
	parent.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	pids := readPids(t, out.(*os.File))
	if err := syscall.Kill(-parent.Process.Pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = parent.Wait() // killed
	waitGone(t, pids)
}

func TestStopLeavesNothing(t *testing.T) {
	for _, test := range []struct{ name, script string }{
		{"a child that ends at SIGTERM", family},
		{"a child that ignores SIGTERM", "trap '' TERM; " + family + "; while :; do sleep 1; done"},
	} {
		t.Run(test.name, func(t *testing.T) {
			process, pids := start(t, test.script)
			process.Stop(t.Context(), 50*time.Millisecond)
			waitGone(t, pids)
			if process.Err() == nil {
				t.Error("Err is nil for a child that was stopped by a signal")
			}
		})
	}
}

// A process that left the group holds the output.
func TestStopDoesNotWaitForTheOutput(t *testing.T) {
	for _, test := range []struct{ script, want string }{
		{"setsid sleep 20 & exit 0", "<nil>"}, {"setsid sleep 20 & exec sleep 1000", "signal: terminated"},
	} {
		t.Run(test.want, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command("sh", "-c", test.script)
			cmd.Stdout = &bytes.Buffer{}
			p, err := process.Start(cmd)
			if err != nil {
				t.Fatal(err)
			}
			begun := time.Now()
			time.Sleep(100 * time.Millisecond)
			p.Stop(t.Context(), 10*time.Second)
			if took := time.Since(begun); took > 9*time.Second || fmt.Sprint(p.Err()) != test.want {
				t.Errorf("after %v: %v, want %s", took, p.Err(), test.want)
			}
		})
	}
}

func TestCancelledStopKillsAtOnce(t *testing.T) {
	process, pids := start(t, "trap '' TERM; "+family+"; while :; do sleep 1; done")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	process.Stop(ctx, time.Hour)
	waitGone(t, pids)
}

func TestInterruptReachesTheChild(t *testing.T) {
	process, _ := start(t, `trap 'exit 7' INT; echo $$; while :; do sleep 0.05; done`)
	if err := process.Interrupt(); err != nil {
		t.Fatal(err)
	}
	<-process.Done()
	if got := process.Err(); got == nil || got.Error() != "exit status 7" {
		t.Errorf("Err = %v, want exit status 7", got)
	}
	if err := process.Interrupt(); err == nil {
		t.Error("Interrupt of an ended child says nothing")
	}
}

func TestStartSaysWhatCannotBeStarted(t *testing.T) {
	_, err := process.Start(exec.Command("/no/such/program"))
	if err == nil || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("err = %v", err)
	}
}

func start(t *testing.T, script string) (*process.Process, []int) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	cmd := exec.Command("sh", "-c", script)
	cmd.Stdout = write
	process, err := process.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { process.Stop(context.Background(), 0) })
	return process, readPids(t, read)
}

func readPids(t *testing.T, from *os.File) []int {
	t.Helper()
	line, err := bufio.NewReader(from).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, word := range strings.Fields(line) {
		pid, err := strconv.Atoi(word)
		if err != nil {
			t.Fatalf("the child printed %q", line)
		}
		pids = append(pids, pid)
	}
	return pids
}

func waitGone(t *testing.T, pids []int) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for _, pid := range pids {
		for alive(pid) {
			if time.Now().After(deadline) {
				t.Errorf("process %d is still there", pid)
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// alive says whether a process runs; one that has ended but whom nobody reaped does not.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return syscall.Kill(pid, 0) == nil && !os.IsNotExist(err)
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z")
}
