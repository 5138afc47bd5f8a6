//go:build unix

package install

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"time"

	"github.com/headstart-nb/headstart/kernel/install/specfile"
)

// killedRun is what the test's own program is told when it runs as an installation that will be killed.
type killedRun struct {
	Prefix, GoTool, Home, Version string
}

const killedRunEnv = "HEADSTART_TEST_KILLED_RUN"

func TestMain(m *testing.M) {
	if text := os.Getenv(killedRunEnv); text != "" {
		var r killedRun
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			panic(err)
		}
		if err := r.install(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// install runs an installation that downloads nothing: a plugin is in the user's folders.
func (r killedRun) install() error {
	source := fstest.MapFS{"package.json": {Data: []byte(`{"name": "lab"}`)}}
	for name, text := range manyFiles(r.Version) {
		source[name] = &fstest.MapFile{Data: []byte(text)}
	}
	h := host{os: "linux", arch: "amd64", root: r.Home, home: r.Home, pluginPath: r.Home, goTool: r.GoTool, compiler: "/usr/bin/cc", tools: unrepaired(tools()[:1])}
	return installOn(context.Background(), h, Options{
		Place: Place{Prefix: r.Prefix}, Device: DeviceCPU, Labextension: source, Source: source,
	})
}

func (r killedRun) command(t *testing.T) *exec.Cmd {
	t.Helper()
	text, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), killedRunEnv+"="+string(text), "FAKE_GO_SECONDS=0.01")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	return cmd
}

// manyFiles is a tree that takes a while to write, all of whose files say which version they are of.
func manyFiles(version string) map[string]string {
	files := map[string]string{}
	for i := range 120 {
		files[fmt.Sprintf("folder%d/file%d.go", i%7, i)] = version + strings.Repeat(" text", 2000)
	}
	return files
}

// TestKilledAtRandom kills an update of an installation at random moments. Each time every file must be whole, of the old
// version or of the new; before the commit began, all of the old; and an installation after it must succeed. At the end
// uninstall must leave nothing.
func TestKilledAtRandom(t *testing.T) {
	h := testHost(t)
	if err := os.WriteFile(filepath.Join(h.home, "pjrt_c_api_cpu_plugin.so"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	prefix := filepath.Join(t.TempDir(), "prefix")
	versions := []killedRun{
		{Prefix: prefix, GoTool: h.goTool, Home: h.home, Version: "one"},
		{Prefix: prefix, GoTool: h.goTool, Home: h.home, Version: "two"},
	}
	start := time.Now()
	if out, err := versions[0].command(t).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	whole := time.Since(start)

	const runs = 9
	killed, old, changed := 0, 0, 0
	for i := range runs {
		from, to := versions[i%2], versions[(i+1)%2]
		cmd := to.command(t)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if i%3 == 0 {
			time.Sleep(time.Duration(rand.Int64N(int64(whole))))
		} else {
			waitForCommit(t, prefix) // the commit is short: chance alone seldom meets it
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		if err := cmd.Wait(); err != nil {
			killed++
		}
		if checkWhole(t, from, to) == 0 {
			old++
		} else {
			changed++
		}
		if out, err := to.command(t).CombinedOutput(); err != nil {
			t.Fatalf("installing after a kill: %v: %s", err, out)
		}
		if checkWhole(t, to, to) == 0 {
			t.Fatal("installing after a kill changed nothing")
		}
	}
	t.Logf("%d of %d runs killed before their end; after them %d times all of the old state, %d times some of the new", killed, runs, old, changed)
	if old == 0 || changed == 0 {
		t.Errorf("the kills met only one side of the commit: %d before it, %d within or after it", old, changed)
	}

	// A kill of the first installation leaves what uninstall still removes.
	for range 2 {
		if err := Uninstall(t.Context(), Place{Prefix: prefix}, "", false, nil); err != nil {
			t.Fatal(err)
		}
		if left := snapshot(t, prefix); len(left) > 0 {
			t.Fatalf("uninstall left %v", left)
		}
		cmd := versions[0].command(t)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Duration(rand.Int64N(int64(whole))))
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}
	if err := Uninstall(t.Context(), Place{Prefix: prefix}, "", false, nil); err != nil {
		t.Fatal(err)
	}
	if left := snapshot(t, prefix); len(left) > 0 {
		t.Fatalf("uninstall left %v", left)
	}
}

// waitForCommit returns a random moment after the first file of the trees has changed.
func waitForCommit(t *testing.T, prefix string) {
	t.Helper()
	first := filepath.Join(prefixLayout(prefix, "").SourceDir(), "folder0", "file0.go")
	before, err := os.Stat(first)
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Microsecond) {
		if now, err := os.Stat(first); err == nil && !os.SameFile(before, now) {
			break
		}
	}
	time.Sleep(time.Duration(rand.Int64N(int64(8 * time.Millisecond))))
}

// checkWhole fails on a file of the trees that is neither of the one version nor of the other, and on a kernelspec that is
// damaged or names a missing program. It counts the files of the new version.
func checkWhole(t *testing.T, old, next killedRun) (ofNew int) {
	t.Helper()
	layout := prefixLayout(next.Prefix, "")
	oldFiles, nextFiles := manyFiles(old.Version), manyFiles(next.Version)
	for _, dir := range []string{layout.SourceDir(), filepath.Join(layout.Share, "labextensions", "lab")} {
		for name := range nextFiles {
			data, err := os.ReadFile(filepath.Join(dir, name))
			switch {
			case err != nil:
				t.Fatalf("a file of the installation is gone: %v", err)
			case string(data) == nextFiles[name]:
				ofNew++
			case string(data) != oldFiles[name]:
				t.Fatalf("%s is damaged: %d bytes", name, len(data))
			}
		}
	}
	data, err := os.ReadFile(filepath.Join(layout.Kernelspec(), "kernel.json"))
	if err != nil {
		t.Fatal(err)
	}
	var spec specfile.File
	if err := json.Unmarshal(data, &spec); err != nil {
		t.Fatalf("the kernelspec is damaged: %v", err)
	}
	for _, program := range []string{spec.Argv[0], layout.Program("gonb")} {
		if info, err := os.Stat(program); err != nil || info.Size() == 0 {
			t.Fatalf("the kernelspec's program %s is missing or empty", program)
		}
	}
	return ofNew
}
