package plugins

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// wantError fails unless err holds all these texts.
func wantError(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("there is no error")
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error does not say %q:\n%v", text, err)
		}
	}
}

func TestPluginKilledInTheMiddleOfACell(t *testing.T) {
	k := loaded(t, "toy")
	h := &magictest.Host{}
	failed := make(chan error)
	go func() { failed <- k.run(t.Context(), h, "%wait") }()
	eventually(t, "the cell runs", func() bool { return h.Output() != "" })
	pid := k.Plugins()[0].Pid
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wantError(t, <-failed, "%wait", "plugin toy has ended in the middle of the cell", "signal: killed", "the next use starts it again")
	if state := k.Plugins()[0].State; state != Ended {
		t.Errorf("state %s", state)
	}
	k.mustRun(t, "%echo")
	if info := k.Plugins()[0]; info.Starts != 2 || info.Pid == pid || info.State != Running {
		t.Errorf("after the restart: %+v", info)
	}
}

func TestCrashShowsItsPanic(t *testing.T) {
	k := loaded(t, "toy")
	h := &magictest.Host{}
	wantError(t, k.run(t.Context(), h, "%die"), "exit status 2", "panic: nobody recovers this one")
	if h.Output() != "last words" {
		t.Errorf("output %q", h.Output())
	}
	k.mustRun(t, "%echo")
}

func TestInterrupt(t *testing.T) {
	k := loaded(t, "toy")
	for _, c := range []struct {
		cell, output string
		errors       []string
		starts       int
	}{
		{"%wait", "waiting, interrupted", []string{"context canceled"}, 1},
		{"%deaf", "waiting", []string{"did not end within 1s of the interrupt", "its plugin toy was ended"}, 1},
		{"%wait", "waiting, interrupted", []string{"context canceled"}, 2},
	} {
		ctx, interrupt := context.WithCancel(t.Context())
		h := &magictest.Host{}
		failed := make(chan error)
		go func() { failed <- k.run(ctx, h, c.cell) }()
		eventually(t, c.cell+" runs", func() bool { return h.Output() != "" })
		interrupt()
		err := <-failed
		wantError(t, err, c.errors...)
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: the kernel cannot tell that this was the interrupt: %v", c.cell, err)
		}
		if h.Output() != c.output {
			t.Errorf("%s: output %q", c.cell, h.Output())
		}
		if starts := k.Plugins()[0].Starts; starts != c.starts {
			t.Errorf("%s: %d starts", c.cell, starts)
		}
	}
}

func TestPluginsThatDoNotStart(t *testing.T) {
	for name, texts := range map[string][]string{
		"hang":    {"start the plugin hang", "did not answer within 300ms"},
		"mute":    {"start the plugin mute", "has to call plugin.Serve", "hello, I am no plugin"},
		"version": {"another version of the plugin protocol", "which speaks 1", "build it again"},
	} {
		t.Run(name, func(t *testing.T) {
			home := t.TempDir()
			install(t, home, name, "toy")
			k := newKernel(t, home)
			if name == "hang" {
				k.options.StartTimeout = 300 * time.Millisecond
			}
			wantError(t, k.Load(t.Context()), texts...)
			if name != "hang" { // its patience is too short for toy on a busy machine
				k.mustRun(t, "%echo") // the others work
			}

			again := newKernel(t, home) // the failure is remembered: the next kernel does not wait
			again.options.StartTimeout = time.Hour
			wantError(t, again.Load(t.Context()), append(texts, "%plugins restart "+name+" tries again")...)
			for _, info := range again.Plugins() {
				if info.Name == name && (info.State != Failed || info.Error == "") {
					t.Errorf("%+v", info)
				}
			}
		})
	}
}

func TestProgramThatIsNone(t *testing.T) {
	home := t.TempDir()
	if err := os.MkdirAll(Folder(home), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(Folder(home), "headstart-odd"), []byte("\x7fELF what?"), 0o700); err != nil {
		t.Fatal(err)
	}
	wantError(t, newKernel(t, home).Load(t.Context()), "start the plugin odd", "exec format error")
}

// TestAProgramThatWasRepairedIsFoundAgain loads a plugin whose first build could not be used.
func TestAProgramThatWasRepairedIsFoundAgain(t *testing.T) {
	home := t.TempDir()
	if err := os.MkdirAll(Folder(home), 0o700); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(Folder(home), "headstart-toy")
	if err := os.WriteFile(program, []byte("\x7fELF what?"), 0o700); err != nil {
		t.Fatal(err)
	}
	k := newKernel(t, home)
	wantError(t, k.Load(t.Context()), "exec format error")
	if err := os.Remove(program); err != nil {
		t.Fatal(err)
	}
	install(t, home, "toy")
	if err := k.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	k.mustRun(t, "%echo")
}

func TestPrintsGoToTheLogAndToNoCell(t *testing.T) {
	k := loaded(t, "chatty")
	h := k.mustRun(t, "%chat")
	if h.Output() != "printed to the cell\n" || h.Errors() != "" {
		t.Errorf("output %q, errors %q", h.Output(), h.Errors())
	}
	eventually(t, "the print is in the log", func() bool {
		text, err := k.Log("chatty")
		return err == nil && strings.Contains(text, "a very long line") && strings.Contains(text, "printed by the program itself")
	})
}

func TestShadowingNamesBoth(t *testing.T) {
	home := t.TempDir()
	install(t, home, "other", "toy")
	k := newKernel(t, home)
	wantError(t, k.Load(t.Context()), "%echo", "headstart-toy", "headstart-other")
	if _, ok := k.registry.Lookup("count"); ok {
		t.Error("a refused plugin provides some of its magics")
	}
	if m, ok := k.registry.Lookup("echo"); !ok || !strings.HasPrefix(m.Help(), "Does echo") {
		t.Error("the magic that was there first is gone")
	}
	if infos := k.Plugins(); infos[0].State != Stopped || infos[1].State != Failed {
		t.Errorf("%+v", infos)
	}
}

func TestFloodIsBounded(t *testing.T) {
	k := loaded(t, "toy")
	h := k.mustRun(t, "%flood")
	if n := len(h.Output()); n != maxText {
		t.Errorf("%d bytes of output, want %d", n, maxText)
	}
	if !strings.Contains(h.Errors(), "longer than 16 MiB: the rest is dropped") {
		t.Errorf("errors %q", h.Errors())
	}
	states := h.Outputs()[0].Bundles
	if last := states[len(states)-1].Data[display.MIMEText]; last != "last" {
		t.Errorf("the last state shown is %v", last)
	}
}

func TestOutputTooLargeToShow(t *testing.T) {
	k := loaded(t, "toy")
	wantError(t, k.run(t.Context(), &magictest.Host{}, "%huge"), "it must be at most 64 MiB")
	k.mustRun(t, "%echo")
}

// TestCellTooLargeToSend: it is the cell that is too large, and nothing that the plugin sends.
func TestCellTooLargeToSend(t *testing.T) {
	k := loaded(t, "toy")
	cell := "%%echo\n" + strings.Repeat("x", 40<<20)
	wantError(t, k.run(t.Context(), &magictest.Host{}, cell), "cannot be sent a cell of 40 MiB: the limit is 32 MiB")
	k.mustRun(t, "%echo")
}

func TestGrandchildDoesNotOutlive(t *testing.T) {
	k := loaded(t, "toy")
	grandchild, err := strconv.Atoi(k.mustRun(t, "%spawn").Output())
	if err != nil {
		t.Fatal(err)
	}
	plugin := k.Plugins()[0].Pid
	if !exists(grandchild) || !exists(plugin) {
		t.Fatal("the processes do not run")
	}
	if err := syscall.Kill(plugin, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the end is noticed", func() bool { return k.Plugins()[0].State == Ended })
	eventually(t, "the grandchild is gone", func() bool { return !exists(grandchild) })
	if _, err := os.Stat("/proc/" + strconv.Itoa(plugin)); err == nil {
		t.Error("the plugin is left as a zombie")
	}
}

func TestMagicCannotWriteAfterItsRun(t *testing.T) {
	k := loaded(t, "toy")
	h := k.mustRun(t, "%late")
	next := k.mustRun(t, "%echo")
	written := next.Output()
	eventually(t, "the update arrives", func() bool { return len(h.Outputs()[0].Bundles) == 2 })
	got := h.Outputs()[0].Bundles[1].Data[display.MIMEText].(string)
	const ended = "the cell has ended: only Update can still reach it, for what it has shown"
	if want := "write: " + ended + "; show: show an output: " + ended; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if h.Output() != "" || next.Output() != written || len(next.Outputs()) != 0 {
		t.Error("something was written all the same")
	}
}

func TestRestartReadsTheProgramAgain(t *testing.T) {
	k := loaded(t, "toy")
	k.mustRun(t, "%count")
	before := k.Plugins()[0].Pid
	if err := k.Restart(t.Context(), "toy"); err != nil {
		t.Fatal(err)
	}
	if after := k.Plugins()[0]; after.Pid == before || after.Pid == 0 || exists(before) {
		t.Errorf("process %d became %+v", before, after)
	}
	if out := k.mustRun(t, "%count").Output(); !strings.HasPrefix(out, "call 1 ") {
		t.Errorf("the state survived: %q", out)
	}
	wantError(t, k.Restart(t.Context(), "toi"), `no plugin "toi": did you mean toy?`)
}

// TestKernelKilled runs a kernel in a process of its own and kills that one.
func TestKernelKilled(t *testing.T) {
	home := t.TempDir()
	install(t, home, "toy", "background")
	kernelProcess := func() (*exec.Cmd, []int) {
		t.Helper()
		cmd := exec.Command(filepath.Join(Folder(home), "headstart-toy"), home)
		cmd.Args[0] = "kernel-in-a-test"
		pipe, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		buffer := make([]byte, 256)
		n, err := pipe.Read(buffer)
		if err != nil {
			t.Fatal(err)
		}
		var pids []int
		for _, field := range strings.Fields(string(buffer[:n])) {
			pid, err := strconv.Atoi(field)
			if err != nil {
				t.Fatalf("the kernel says %q", buffer[:n])
			}
			pids = append(pids, pid)
		}
		return cmd, pids
	}
	cmd, pids := kernelProcess()
	t.Cleanup(func() {
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL)
		}
	})
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	toy, worker := pids[0], pids[1]
	eventually(t, "the plugin dies with its kernel", func() bool { return !exists(toy) })
	if !exists(worker) {
		t.Fatal("the plugin with work in the background died with its kernel")
	}

	k := newKernel(t, home)
	if err := k.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := k.Warm(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info := k.Plugins()[0]; info.Pid != worker || !info.Adopted {
		t.Errorf("the new kernel did not take over process %d: %+v", worker, info)
	}
	h := k.mustRun(t, "%work 10ms")
	if h.Output() != strconv.Itoa(worker) {
		t.Errorf("the magic ran in process %s", h.Output())
	}
	if other := newKernel(t, home); other.Load(t.Context()) != nil || other.Warm(t.Context()) != nil || other.Plugins()[0].Adopted {
		t.Error("two kernels share a process")
	}
	k.mustRun(t, "%rest")
	k.Close(0)
	eventually(t, "it ends when its work is done and its kernel gone", func() bool { return !exists(worker) })
}

// kernelInATest loads the plugins below a home, prints the process of each, and waits to be killed.
func kernelInATest() {
	m := NewManager(registry.New(), Options{Home: os.Args[1]})
	if err := m.Load(context.Background()); err != nil {
		panic(err)
	}
	run := func(name, cell string) string {
		magic, _ := m.registry.Lookup(name)
		h := &magictest.Host{}
		if err := h.Run(context.Background(), magic, cell); err != nil {
			panic(err)
		}
		return h.Output()
	}
	count := run("count", "%count")
	_, _ = os.Stdout.WriteString(count[strings.LastIndex(count, " ")+1:] + " " + run("work", "%work 1h") + "\n")
	select {}
}

func TestBackgroundUpdatesReachTheirCell(t *testing.T) {
	k := loaded(t, "background")
	h := k.mustRun(t, "%work 200ms")
	eventually(t, "the last state is shown", func() bool {
		states := h.Outputs()[0].Bundles
		return states[len(states)-1].Data[display.MIMEText] == "finished"
	})
}

func TestLingerKeepsTheProcessForTheNextKernel(t *testing.T) {
	k := loaded(t, "background")
	pid := k.mustRun(t, "%work 1ms").Output()
	k.Close(time.Minute)
	if err := k.run(t.Context(), &magictest.Host{}, "%work 1ms"); err == nil {
		t.Error("a closed manager runs magics")
	}
	next := newKernel(t, k.home)
	next.options.Runtime = t.TempDir()
	if err := next.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if out := next.mustRun(t, "%work 1ms").Output(); out != pid {
		t.Errorf("process %s became %s", pid, out)
	}
	eventually(t, "it knows its new kernel's folder", func() bool {
		return next.mustRun(t, "%where").Output() == next.options.Runtime+" "+next.options.Runtime
	})
}
