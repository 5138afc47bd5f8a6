package doctor

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/kernel/install"
)

var extension = fstest.MapFS{
	"package.json":     {Data: []byte(`{"name": "lab"}`)},
	"static/remote.js": {Data: []byte("js")},
}

const goodDevice = `#!/bin/sh
echo '{"device": "xla:cpu", "open_ms": 80, "compile_ms": 40, "largest_difference": 1e-6}'
`

func write(t *testing.T, file, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil && !os.IsNotExist(err) { // it may be a link to a program of the checkout
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// installedBin is where make setup put the real programs.
func installedBin(t *testing.T) string {
	t.Helper()
	bin := os.Getenv("HEADSTART_BIN")
	if bin == "" {
		bin = filepath.Join("..", "..", ".headstart", "bin")
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		t.Fatal(err)
	}
	if !exists(filepath.Join(bin, "dlv")) {
		need.Lack(t, need.Setup, "no installed programs: make setup")
	}
	return bin
}

// healthy is an installation in which everything is right: real programs by links, the device's answer by a script.
func healthy(t *testing.T) *subject {
	t.Helper()
	bin := installedBin(t)
	if !install.Repaired("gonb", filepath.Join(bin, "gonb")) {
		need.Lack(t, need.Setup, "a gonb with the corrections of this release: make setup")
	}
	layout, err := install.NewLayout(t.Context(), install.Place{Prefix: filepath.Join(t.TempDir(), "a prefix")}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(layout.Bin(), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, program := range []string{"headstart", "headstart-go", "headstart-transfer", "gonb", "goimports", "gopls", "dlv"} {
		if err := os.Symlink(filepath.Join(bin, program), layout.Program(program)); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(layout.Lib(), "pjrt_c_api_cpu_plugin.so"), strings.Repeat("x", 2<<20), 0o755)
	write(t, filepath.Join(layout.SourceDir(), "go.mod"), "module m\n", 0o644)
	spec, err := json.Marshal(map[string]any{
		"argv": []string{layout.Program("headstart"), "kernel"},
		"env":  map[string]string{"HEADSTART_SRC": layout.SourceDir(), "PJRT_PLUGIN_LIBRARY_PATH": layout.Lib()},
	})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(layout.Kernelspec(), "kernel.json"), string(spec), 0o644)
	for name, file := range extension {
		write(t, filepath.Join(layout.Share, "labextensions", "lab", name), string(file.Data), 0o644)
	}
	root := filepath.Join(t.TempDir(), "machine")
	write(t, filepath.Join(root, "proc", "meminfo"), "MemTotal: 16000000 kB\nMemAvailable: 8000000 kB\n", 0o644)
	write(t, filepath.Join(root, "lib64", "ld-linux-x86-64.so.2"), "", 0o755)
	t.Setenv("JUPYTER_PATH", layout.Share)
	return &subject{
		Options: Options{Layout: layout, Python: filepath.Join(bin, "..", "venv", "bin", "python"), Labextension: extension, Version: "test"},
		root:    root, now: time.Now, home: filepath.Join(root, "home"),
		getenv:    func(name string) string { return map[string]string{"HF_HUB_CACHE": filepath.Join(root, "hub")}[name] },
		canTrace:  func() error { return nil },
		freeSpace: func(string) (uint64, error) { return 100 << 30, nil },
		goTool:    install.FindGo(), compiler: install.FindCompiler(),
	}
}

func TestHealthy(t *testing.T) {
	s := healthy(t)
	write(t, s.Layout.Program("headstart-transfer"), goodDevice, 0o755)
	for _, check := range examine(t.Context(), s).Checks {
		if check.Subject == "versions" { // the script of the device is not a Go program; TestBroken looks at the real one
			continue
		}
		if check.Severity != diagnosis.OK || check.Fix != "" {
			t.Errorf("%s is %s: %s; %s", check.Subject, check.Severity, check.Sentence, check.Fix)
		}
	}
}

// A breakage damages one thing of a healthy installation and says which line tells of it.
type breakage struct {
	check  func(context.Context, *subject) diagnosis.Diagnosis
	damage func(*testing.T, *subject)
	state  diagnosis.Severity
	found  string // a part of the line
	fix    string // a part of the fix
}

func TestBroken(t *testing.T) {
	const again = "headstart install --prefix"
	cases := map[string]breakage{
		"no Go":         {checkGo, func(_ *testing.T, s *subject) { s.goTool = "" }, diagnosis.Error, "no go command was found", "Go 1.26.5"},
		"old Go":        {checkGo, fakeGo("go1.24.3"), diagnosis.Error, "go1.24.3 at", "Go 1.26.5"},
		"rc Go":         {checkGo, fakeGo("go1.26rc1"), diagnosis.Error, "is older than 1.26.5", "Go 1.26.5"},
		"newer Go":      {checkGo, fakeGo("go1.27.1 X:exp"), diagnosis.OK, "go1.27.1", ""},
		"damaged Go":    {checkGo, func(t *testing.T, s *subject) { s.goTool = broken(t) }, diagnosis.Error, "does not run", "Go 1.26.5"},
		"no C compiler": {checkCompiler, func(_ *testing.T, s *subject) { s.compiler = "" }, diagnosis.Warning, "none was found", "install"},
		"no C library": {checkCompiler, func(t *testing.T, s *subject) { s.compiler = broken(t) }, diagnosis.Warning,
			"cannot compile a small program: exit status 1: stdlib.h is missing", "install"},
		"no gonb":       {checkTool("gonb"), without("gonb"), diagnosis.Error, "gonb is missing: Go cells cannot run", again},
		"no goimports":  {checkTool("goimports"), without("goimports"), diagnosis.Error, "goimports is missing", again},
		"no gopls":      {checkTool("gopls"), without("gopls"), diagnosis.Error, "neither completed nor explained", again},
		"damaged gopls": {checkTool("gopls"), garbage("gopls"), diagnosis.Error, "gopls is damaged", "remove"},
		"another gopls": {checkTool("gopls"), func(t *testing.T, s *subject) { swap(t, s, "gopls", "goimports") }, diagnosis.Warning, "not at v0.23.0", again},
		"no dlv":        {checkDebugger, without("dlv"), diagnosis.Warning, "Go cells cannot be debugged", again},
		"no tracing": {checkDebugger, func(_ *testing.T, s *subject) {
			s.canTrace = func() error { return errors.New("operation not permitted") }
		},
			diagnosis.Warning, "no program may trace another", "SYS_PTRACE"},
		"no kernel":      {checkPrograms, without("headstart"), diagnosis.Error, "headstart is missing: the kernel cannot start", again},
		"no transfer":    {checkPrograms, without("headstart-transfer"), diagnosis.Warning, "%train are missing", again},
		"damaged kernel": {checkPrograms, garbage("headstart"), diagnosis.Error, "headstart is damaged", "remove"},
		"no kernelspec": {checkKernelspec, func(t *testing.T, s *subject) { remove(t, s.Layout.Kernelspec()) }, diagnosis.Error,
			"Jupyter does not list Headstart", again},
		"damaged kernelspec": {checkKernelspec, spec("{"), diagnosis.Error, "it is damaged", again},
		"empty kernelspec":   {checkKernelspec, spec("{}"), diagnosis.Error, "it names no program", again},
		"kernelspec of a gone program": {checkKernelspec, spec(`{"argv": ["/nowhere/headstart"]}`), diagnosis.Error,
			"starts /nowhere/headstart, which is missing", again},
		"kernelspec of another installation": {checkKernelspec, spec(`{"argv": ["/bin/sh"]}`), diagnosis.Warning, "belongs to another", again},
		"kernelspec without its sources": {checkKernelspec, func(t *testing.T, s *subject) { remove(t, s.Layout.SourceDir()) }, diagnosis.Error,
			"HEADSTART_SRC names", again},
		"no Python":  {checkJupyter, func(_ *testing.T, s *subject) { s.Python = "/nowhere/python" }, diagnosis.Error, "/nowhere/python does not run", "--python"},
		"no Jupyter": {checkJupyter, bareVenv, diagnosis.Error, "has no Jupyter", "pip install jupyterlab"},
		"Jupyter elsewhere": {checkJupyter, func(t *testing.T, _ *subject) { t.Setenv("JUPYTER_PATH", ""); t.Setenv("JUPYTER_PREFER_ENV_PATH", "1") },
			diagnosis.Warning, "uses another installation", "uninstall"},
		"labextension cut": {checkLabextension, func(t *testing.T, s *subject) {
			remove(t, filepath.Join(s.Layout.Share, "labextensions", "lab", "static"))
		}, diagnosis.Error, "1 of its files are missing", again},
		"labextension old": {checkLabextension, func(t *testing.T, s *subject) {
			write(t, filepath.Join(s.Layout.Share, "labextensions", "lab", "package.json"), "{}", 0o644)
		}, diagnosis.Warning, "of another version", again},
		"no labextension": {checkLabextension, func(_ *testing.T, s *subject) { s.Labextension = nil }, diagnosis.Warning, "built without it", "CONTRIBUTING"},
		"no plugin":       {checkPlugin, func(t *testing.T, s *subject) { remove(t, s.Layout.Lib()) }, diagnosis.Error, "there is none in", again},
		"cut plugin": {checkPlugin, func(t *testing.T, s *subject) {
			write(t, filepath.Join(s.Layout.Lib(), "pjrt_c_api_cpu_plugin.so"), "half", 0o755)
		}, diagnosis.Error, "has only 4 bytes", "remove it and run"},
		"plugin that does not load": {checkDevice, func(*testing.T, *subject) {}, diagnosis.Error, "the slow pure Go backend is used: open device xla:cpu", "remove the plugin"},
		"wrong product": {checkDevice, device(`{"device":"xla:cpu","error":"the result is off by 3"}`, 1), diagnosis.Error,
			"the result is off by 3", "remove the plugin"},
		"device crashes": {checkDevice, device("", 139), diagnosis.Error, "cannot compute: exit status 139", again},
		"only Go": {checkDevice, func(t *testing.T, s *subject) {
			remove(t, s.Layout.Lib())
			device(`{"device":"go"}`, 0)(t, s)
		}, diagnosis.Warning, "pure Go backend is used", again},
		"no plugin for the GPU": {checkDevice, device(`{"device":"xla:cpu","fallback":"open device xla:cuda: no PJRT CUDA plugin was found"}`, 0), diagnosis.Warning,
			"xla:cpu computes: open device xla:cuda: no PJRT CUDA plugin", "--device cuda"},
		"little memory": {checkMemory, func(t *testing.T, s *subject) {
			write(t, filepath.Join(s.root, "proc", "meminfo"), "MemTotal: 2000000 kB\nMemAvailable: 900000 kB\n", 0o644)
		}, diagnosis.Warning, "878 MB free of 1.9 GB: training needs 2 GB", "--batch"},
		"a server under a limit": {checkMemory, func(t *testing.T, s *subject) {
			write(t, filepath.Join(s.root, "proc", "self", "cgroup"), "0::/\n", 0o644)
			write(t, filepath.Join(s.root, "sys", "fs", "cgroup", "memory.max"), "1073741824\n", 0o644)
			write(t, filepath.Join(s.root, "sys", "fs", "cgroup", "memory.current"), "536870912\n", 0o644)
		}, diagnosis.Warning, "host 512 MB free of 1.0 GB: training needs 2 GB", "--batch"},
		"GPU that does not answer": {checkMemory, func(t *testing.T, s *subject) {
			write(t, filepath.Join(s.root, "proc", "driver", "nvidia", "version"), "NVRM", 0o644)
			t.Setenv("PATH", filepath.Dir(broken(t)))
		}, diagnosis.Warning, "the GPU does not answer", "nvidia-smi"},
		"damaged weights": {checkWeights, weights(strings.Repeat("0", 64), "x"), diagnosis.Error, "instead of 000000000000: it is damaged", "rm "},
		"good weights":    {checkWeights, weights(hash("x"), "x"), diagnosis.OK, "1 files", ""},
		"cut weights":     {checkWeights, weights(hash("x")+".incomplete", "x"), diagnosis.Warning, "a download was interrupted", "--weights imagenet"},
		"feature cache in the way": {checkFeatures, func(t *testing.T, s *subject) { write(t, filepath.Join(s.home, "cache"), "", 0o644) },
			diagnosis.Error, "cannot be made", "HEADSTART_HOME"},
		"no state folder": {checkFeatures, func(_ *testing.T, s *subject) { s.home = "" }, diagnosis.Error, "there is no folder", "HEADSTART_HOME"},
		"full disk":       {checkDisk, free(50 << 20), diagnosis.Error, "50 MB free", "free some space"},
		"nearly full":     {checkDisk, free(1 << 30), diagnosis.Warning, "1.0 GB free", "free some space"},
		"clock behind": {checkClock, func(_ *testing.T, s *subject) { s.now = func() time.Time { return time.Unix(0, 0) } }, diagnosis.Error,
			"1970-01-01", "timedatectl"},
		"musl": {checkPlatform, func(t *testing.T, s *subject) {
			remove(t, filepath.Join(s.root, "lib64"))
			write(t, filepath.Join(s.root, "lib", "ld-musl-x86_64.so.1"), "", 0o755)
		}, diagnosis.Error, "need glibc", "Debian"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			s := healthy(t)
			test.damage(t, s)
			got := test.check(t.Context(), s)
			if got.Severity != test.state || !strings.Contains(got.Sentence, test.found) || !strings.Contains(got.Fix, test.fix) {
				t.Errorf("got %s: %s\nfix: %s\nwant %s with %q, fix with %q", got.Severity, got.Sentence, got.Fix, test.state, test.found, test.fix)
			}
			if strings.Contains(got.Sentence, "\n") || got.Severity != diagnosis.OK && got.Fix == "" {
				t.Errorf("the line is not one line with a fix: %+v", got)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
}

func script(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	write(t, file, "#!/bin/sh\n"+text+"\n", 0o755)
	return file
}

func broken(t *testing.T) string { return script(t, "echo stdlib.h is missing >&2; exit 1") }

func fakeGo(version string) func(*testing.T, *subject) {
	return func(t *testing.T, s *subject) { s.goTool = script(t, "echo "+version) }
}

func without(program string) func(*testing.T, *subject) {
	return func(t *testing.T, s *subject) { remove(t, s.Layout.Program(program)) }
}

func garbage(program string) func(*testing.T, *subject) {
	return func(t *testing.T, s *subject) { write(t, s.Layout.Program(program), "\x7fELF, once", 0o755) }
}

func swap(t *testing.T, s *subject, program, by string) {
	t.Helper()
	remove(t, s.Layout.Program(program))
	if err := os.Symlink(s.Layout.Program(by), s.Layout.Program(program)); err != nil {
		t.Fatal(err)
	}
}

func spec(text string) func(*testing.T, *subject) {
	return func(t *testing.T, s *subject) {
		write(t, filepath.Join(s.Layout.Kernelspec(), "kernel.json"), text, 0o644)
	}
}

func device(answer string, status int) func(*testing.T, *subject) {
	return func(t *testing.T, s *subject) {
		write(t, s.Layout.Program("headstart-transfer"), fmt.Sprintf("#!/bin/sh\necho '%s'\nexit %d\n", answer, status), 0o755)
	}
}

func bareVenv(t *testing.T, s *subject) {
	dir := t.TempDir()
	if out, err := exec.Command("python3", "-P", "-m", "venv", "--without-pip", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s.Python = filepath.Join(dir, "bin", "python")
}

func weights(blob, content string) func(*testing.T, *subject) {
	return func(t *testing.T, s *subject) {
		write(t, filepath.Join(s.root, "hub", "models--timm--resnet50.tv_in1k", "blobs", blob), content, 0o644)
	}
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func free(bytes uint64) func(*testing.T, *subject) {
	return func(_ *testing.T, s *subject) { s.freeSpace = func(string) (uint64, error) { return bytes, nil } }
}

func TestParseGPUs(t *testing.T) {
	got, err := parseGPUs("0, 81559, 80994\n1, 24576, 100\n")
	if err != nil || len(got) != 2 || got[1] != (gpu{1, 24576 << 20, 100 << 20}) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := parseGPUs("No devices were found\n"); err == nil {
		t.Error("an answer without numbers was accepted")
	}
}

func TestText(t *testing.T) {
	report := Report{Checks: []diagnosis.Diagnosis{ok("Go", "go1.26.8"), failed("gopls", "it is missing", "make setup")}}
	want := "ok       Go     go1.26.8\nerror    gopls  it is missing\n                fix: make setup\n1 of 2 checks failed.\n"
	if got := report.Text(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}
