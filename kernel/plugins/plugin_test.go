package plugins

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/kernel/registry"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/magictest"
	"github.com/headstart-nb/headstart/magics/plugin"
	"github.com/headstart-nb/headstart/magics/plugin/magicpb"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// TestMain makes this test binary a plugin when a kernel starts it under the name of one.
func TestMain(m *testing.M) {
	programs["kernel-in-a-test"] = kernelInATest
	if program, ok := programs[NameOf(os.Args[0])]; ok {
		program()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// programs are the plugins of these tests, by name: a well-behaved one, and others that each break one rule.
var programs = map[string]func(){
	"toy":         func() { plugin.Serve(toyMagics()...) },
	"temporaries": func() { plugin.Serve(temporaries()...) },
	"other":       func() { plugin.Serve(magicFunc("echo", nil)) }, // a name that toy has
	"hang":        func() { time.Sleep(time.Hour) },
	"mute":        func() { fmt.Println("hello, I am no plugin") },
	"version": func() {
		fmt.Printf("1|99|unix|%s/x|grpc\n", os.Getenv("PLUGIN_UNIX_SOCKET_DIR"))
		time.Sleep(time.Hour)
	},
	"chatty": func() {
		fmt.Println("warming up")
		fmt.Println(strings.Repeat("a very long line ", 10_000))
		plugin.Serve(magicFunc("chat", func(_ context.Context, _ magics.Call, h magics.Host) error {
			fmt.Println("printed by the program itself")
			_, err := fmt.Fprintln(h.Stdout(), "printed to the cell")
			return err
		}))
	},
	"background": func() {
		b := &background{rest: make(chan struct{})}
		plugin.Program{
			Magics:   []magics.Magic{magicFunc("work", b.work), magicFunc("rest", b.end), magicFunc("where", b.where)},
			Version:  "v1.2.3",
			Busy:     func() bool { return b.busy.Load() > 0 },
			Attached: func(folder string) { b.folder.Store(&folder) },
		}.Serve()
	},
}

type funcMagic struct {
	name string
	run  func(context.Context, magics.Call, magics.Host) error
}

func (m funcMagic) Name() string { return m.name }
func (m funcMagic) Help() string { return "Does " + m.name + "\n\nMore about it." }
func (m funcMagic) Run(ctx context.Context, c magics.Call, h magics.Host) error {
	return m.run(ctx, c, h)
}

func magicFunc(name string, run func(context.Context, magics.Call, magics.Host) error) magics.Magic {
	return funcMagic{name, run}
}

// toyMagics do one thing each that a plugin may do.
func toyMagics() []magics.Magic {
	calls := 0
	return []magics.Magic{
		magicFunc("echo", func(_ context.Context, c magics.Call, h magics.Host) error {
			return json.NewEncoder(h.Stdout()).Encode(c)
		}),
		magicFunc("count", func(_ context.Context, _ magics.Call, h magics.Host) error {
			calls++
			_, err := fmt.Fprintf(h.Stdout(), "call %d of process %d", calls, os.Getpid())
			return err
		}),
		magicFunc("draw", func(ctx context.Context, _ magics.Call, h magics.Host) error {
			fmt.Fprint(h.Stdout(), "before ")
			id, err := h.Show(ctx, display.Bundle{
				Data:     map[string]any{display.MIMEText: "a dot", display.MIMEPNG: []byte{0x89, 'P'}, display.MIMEVegaLite: map[string]any{"mark": "point"}},
				Metadata: map[string]any{"image/png": map[string]any{"width": 2}},
			})
			if err != nil {
				return err
			}
			fmt.Fprint(h.Stdout(), "after")
			return h.Update(ctx, id, display.Text("two dots"))
		}),
		magicFunc("ask", func(ctx context.Context, _ magics.Call, h magics.Host) error {
			name, err := h.Ask(ctx, "name? ", true)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(h.Stdout(), "hello %s", name)
			return err
		}),
		magicFunc("nest", func(ctx context.Context, c magics.Call, h magics.Host) error { return h.Execute(ctx, c.Line) }),
		magicFunc("fail", func(context.Context, magics.Call, magics.Host) error {
			return fmt.Errorf("cannot do it: try something else")
		}),
		magicFunc("panic", func(context.Context, magics.Call, magics.Host) error { panic("a mistake") }),
		magicFunc("die", func(_ context.Context, _ magics.Call, h magics.Host) error {
			fmt.Fprint(h.Stdout(), "last words")
			time.Sleep(50 * time.Millisecond)
			go func() { panic("nobody recovers this one") }()
			select {}
		}),
		magicFunc("wait", func(ctx context.Context, _ magics.Call, h magics.Host) error {
			fmt.Fprint(h.Stdout(), "waiting")
			<-ctx.Done()
			fmt.Fprint(h.Stdout(), ", interrupted")
			return ctx.Err()
		}),
		magicFunc("deaf", func(_ context.Context, _ magics.Call, h magics.Host) error {
			fmt.Fprint(h.Stdout(), "waiting")
			select {}
		}),
		magicFunc("flood", func(ctx context.Context, _ magics.Call, h magics.Host) error {
			id, err := h.Show(ctx, display.Text("0"))
			if err != nil {
				return err
			}
			line := []byte(strings.Repeat("x", 99) + "\n")
			for i := range 2 * maxText / len(line) {
				if _, err := h.Stdout().Write(line); err != nil {
					return err
				}
				if i%100 == 0 {
					if err := h.Update(ctx, id, display.Text(fmt.Sprint(i))); err != nil {
						return err
					}
				}
			}
			return h.Update(ctx, id, display.Text("last"))
		}),
		magicFunc("huge", func(ctx context.Context, _ magics.Call, h magics.Host) error {
			_, err := h.Show(ctx, display.Bundle{Data: map[string]any{display.MIMEPNG: make([]byte, magicpb.MaxMessage)}})
			return err
		}),
		magicFunc("spawn", func(_ context.Context, _ magics.Call, h magics.Host) error {
			cmd := exec.Command("sleep", "1000")
			cmd.Stdout = os.NewFile(1, "stdout") // it holds the plugin's pipe open
			if err := cmd.Start(); err != nil {
				return err
			}
			_, err := fmt.Fprint(h.Stdout(), cmd.Process.Pid)
			return err
		}),
		magicFunc("late", func(ctx context.Context, _ magics.Call, h magics.Host) error {
			id, err := h.Show(ctx, display.Text("working"))
			go func() {
				time.Sleep(100 * time.Millisecond)
				_, writing := fmt.Fprint(h.Stdout(), "into another's cell")
				_, showing := h.Show(context.Background(), display.Text("into another's cell"))
				_ = h.Update(ctx, id, display.Text(fmt.Sprintf("write: %v; show: %v", writing, showing)))
			}()
			return err
		}),
		&magics.Command[struct{ Pool string }]{
			Use: "flags", Short: "Has flags", JSON: true, Concurrent: true,
			Flags: func(f *pflag.FlagSet, o *struct{ Pool string }) {
				magics.Enum(f, &o.Pool, "pool", "avg", []string{"avg", "max"}, "how to pool")
			},
			Do: func(_ context.Context, in *magics.Invocation, o *struct{ Pool string }) error {
				return in.Printf("%s", o.Pool)
			},
		},
		&magics.Group{Use: "group", Short: "Has commands", Default: "list", Commands: []magics.Subcommand{
			&magics.Command[struct{}]{Use: "list", Concurrent: true}, &magics.Command[struct{}]{Use: "rm"},
		}},
		responder{magicFunc("panel", func(context.Context, magics.Call, magics.Host) error { return nil })},
		watched{magicFunc("watched", func(context.Context, magics.Call, magics.Host) error { return nil }), new(atomic.Int64)},
	}
}

type responder struct{ magics.Magic }

func (responder) Respond(_ context.Context, request json.RawMessage) (json.RawMessage, error) {
	return json.Marshal(map[string]any{"got": request})
}

// watched tells numbers as fast as they are taken, and answers how many watches there are.
type watched struct {
	magics.Magic
	watches *atomic.Int64
}

func (w watched) Respond(context.Context, json.RawMessage) (json.RawMessage, error) {
	return json.Marshal(w.watches.Load())
}

func (w watched) Watch(_ context.Context, tell func(json.RawMessage) error) error {
	w.watches.Add(1)
	defer w.watches.Add(-1)
	for i := 0; ; i++ {
		if err := tell(json.RawMessage(strconv.Itoa(i))); err != nil {
			return err
		}
	}
}

// background works on after a Run has returned, until the time is over that the line names, or until %rest.
type background struct {
	busy   atomic.Int64
	rest   chan struct{}
	folder atomic.Pointer[string] // of the kernel that attached last
}

func (b *background) work(ctx context.Context, c magics.Call, h magics.Host) error {
	long, err := time.ParseDuration(c.Line)
	if err != nil {
		return err
	}
	id, err := h.Show(ctx, display.Text("0"))
	if err != nil {
		return err
	}
	b.busy.Add(1)
	go func() {
		defer b.busy.Add(-1)
		for end := time.After(long); ; {
			_ = h.Update(ctx, id, display.Text("working")) // fails while there is no kernel
			select {
			case <-end:
				_ = h.Update(ctx, id, display.Text("finished"))
				return
			case <-b.rest:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	_, err = fmt.Fprint(h.Stdout(), os.Getpid())
	return err
}

func (b *background) where(_ context.Context, _ magics.Call, h magics.Host) error {
	_, err := fmt.Fprint(h.Stdout(), *b.folder.Load(), " ", os.Getenv("HEADSTART_RUNTIME_DIR"))
	return err
}

func (b *background) end(context.Context, magics.Call, magics.Host) error {
	close(b.rest)
	return nil
}

// kernel is a registry with the plugins of these names.
type kernel struct {
	*Manager
	registry *registry.Registry
	home     string
}

func install(t testing.TB, home string, names ...string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(Folder(home), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if err := os.Symlink(self, filepath.Join(Folder(home), "headstart-"+name)); err != nil {
			t.Fatal(err)
		}
	}
}

func newKernel(t testing.TB, home string) *kernel {
	t.Helper()
	k := &kernel{registry: registry.New(), home: home}
	k.Manager = NewManager(k.registry, Options{Home: home, StartTimeout: time.Minute, InterruptGrace: time.Second})
	t.Cleanup(func() {
		for _, p := range k.all() {
			p.stop()
		}
	})
	return k
}

// loaded is a kernel with these plugins, without a complaint.
func loaded(t testing.TB, names ...string) *kernel {
	t.Helper()
	home := t.TempDir()
	install(t, home, names...)
	k := newKernel(t, home)
	if err := k.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return k
}

// run runs a cell of one magic.
func (k *kernel) run(ctx context.Context, h *magictest.Host, cell string) error {
	name := strings.Fields(strings.TrimLeft(cell, "%"))[0]
	m, ok := k.registry.Lookup(name)
	if !ok {
		return k.registry.Unknown(name)
	}
	return h.Run(ctx, m, cell)
}

func (k *kernel) mustRun(t testing.TB, cell string) *magictest.Host {
	t.Helper()
	h := &magictest.Host{}
	if err := k.run(t.Context(), h, cell); err != nil {
		t.Fatalf("%s: %v", cell, err)
	}
	return h
}

// eventually waits for a condition that has no event of its own.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if condition() {
			return
		}
	}
	t.Fatalf("%s: did not happen within a minute", what)
}

func exists(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.Contains(stat, []byte(") Z "))
}
