package weights

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// The modules that the line imports, as far as it uses them: torch.load gives what the file names, and save_file writes the names.
const (
	fakeTorch = `
class Tensor:
    def detach(self): return self
    def clone(self): return self
def load(path, map_location, weights_only):
    assert weights_only
    return eval(open(path).read(), {'t': Tensor()})
`
	fakeSafetensors = `
def save_file(tensors, path):
    open(path, 'w').write(' '.join(sorted(tensors)))
`
)

// The line that converts a .pth which is not read finds the weights in a checkpoint, and never writes over its source.
func TestTheLineForPickle(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		need.Lack(t, need.Setup, "no python3")
	}
	modules := t.TempDir()
	writeFiles(t, modules, map[string]string{"torch.py": fakeTorch, "safetensors/__init__.py": "", "safetensors/torch.py": fakeSafetensors})
	for content, want := range map[string]string{
		"{'conv1.weight': t}":                                                        "conv1.weight",
		"{'state_dict': {'conv1.weight': t}, 'epoch': 3}":                            "conv1.weight",
		"{'model': {'fc.bias': t, 'step': 7}, 'optimizer': {}}":                      "fc.bias",
		"{'state_dict_ema': {'averaged': t}, 'state_dict': {'conv1.weight': t}}":     "averaged",
		"{'state_dict': {'conv1.weight': t, 'conv1.bias': t}, 'hyper_parameters':1}": "conv1.bias conv1.weight",
	} {
		for _, name := range []string{"model.pth", "model.safetensors"} {
			dir := t.TempDir()
			source := filepath.Join(dir, name)
			writeFiles(t, dir, map[string]string{name: "\x80\x02cargparse\nNamespace\n)\x81."}) // what is not read
			_, err := Open(source)
			if err == nil {
				t.Fatalf("%s was opened", name)
			}
			writeFiles(t, dir, map[string]string{name: content})
			_, line, _ := strings.Cut(err.Error(), "convert it with: ")
			command := exec.Command("sh", "-c", strings.Replace(line, "python ", python+" ", 1))
			command.Env = []string{"PYTHONPATH=" + modules, "PATH=" + os.Getenv("PATH")}
			if output, err := command.CombinedOutput(); err != nil {
				t.Errorf("%s of %s: %v\n%s", line, content, err, output)
				continue
			}
			if kept, err := os.ReadFile(source); err != nil || string(kept) != content {
				t.Errorf("%s was written over: %q, %v", name, kept, err)
			}
			written, err := filepath.Glob(filepath.Join(dir, "*.safetensors"))
			if err != nil || len(written) == 0 {
				t.Fatalf("%s of %s wrote nothing: %v", line, content, err)
			}
			target := written[0] // model.converted.safetensors comes first
			if text, err := os.ReadFile(target); err != nil || string(text) != want {
				t.Errorf("%s of %s has %q, %v; want %q", target, content, text, err, want)
			}
		}
	}
}

func writeFiles(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
