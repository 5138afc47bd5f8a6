package doctor

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/kernel/install"
)

func TestTheDoctorImportsNothingOfTheCurrentFolder(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		need.Lack(t, need.Setup, "no python3 on PATH")
	}
	folder, mark := t.TempDir(), filepath.Join(t.TempDir(), "mark")
	for _, module := range []string{"json.py", "jupyterlab.py", "jupyter_client.py"} {
		if err := os.WriteFile(filepath.Join(folder, module), []byte("open('"+mark+"', 'w')\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
	_ = checkJupyter(t.Context(), &subject{Options: Options{Python: python, Layout: install.Layout{}}})
	if _, err := os.Stat(mark); err == nil {
		t.Error("a module of the current folder ran")
	}
}
