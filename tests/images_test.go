package tests

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// TestServeImage builds docker/serve from stand-ins of its bases, without compiling anew, and asks the image's server as its user and
// without a network: live, ready, two predictions, a good end. make images compiles and downloads as the Dockerfile says.
func TestServeImage(t *testing.T) {
	if testing.Short() {
		t.Skip("left out by -short: builds an image of 300 MB")
	}
	if os.Geteuid() != 0 {
		need.Lack(t, need.Root, "buildah's chroot isolation needs it")
	}
	if _, err := os.Stat(os.Getenv("HEADSTART_BIN") + "/headstart-transfer"); err != nil || os.Getenv("PJRT_PLUGIN_LIBRARY_PATH") == "" {
		need.Lack(t, need.Setup, "no programs or no plugin to put into the image: make setup")
	}
	command := exec.CommandContext(t.Context(), "../scripts/images.sh", "here")
	command.Env = append(os.Environ(), "HEADSTART_IMAGES="+t.TempDir())
	output, err := command.CombinedOutput()
	exit, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case failed && exit.ExitCode() == 3:
		need.Lack(t, need.Builder, strings.TrimSpace(string(output)))
	case err != nil:
		t.Fatalf("%v\n%s", err, output)
	case !strings.Contains(string(output), `"live":true`) || !strings.Contains(string(output), "all passed"):
		t.Errorf("the server was not asked:\n%s", output)
	}
}
