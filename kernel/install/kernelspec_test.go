package install

import (
	"os"
	"os/exec"
	"runtime"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// TestTunablesAreTaken lets the C library of this machine read the tunables: newer ones complain of values that they do not
// take, and a program says nothing else here.
func TestTunablesAreTaken(t *testing.T) {
	if runtime.GOOS != "linux" {
		need.Lack(t, need.System, "glibc is the C library of Linux")
	}
	command := exec.Command("/bin/sh", "-c", ":")
	command.Env = append(os.Environ(), "GLIBC_TUNABLES="+mallocTunables)
	if out, err := command.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("%v, %s", err, out)
	}
}

// TestTunablesAreLinuxOnly leaves systems without glibc alone.
func TestTunablesAreLinuxOnly(t *testing.T) {
	for system, want := range map[string]string{"linux": mallocTunables, "darwin": ""} {
		spec := &kernelspec{layout: prefixLayout("/p", ""), host: host{os: system}}
		if got := spec.environment()["GLIBC_TUNABLES"]; got != want {
			t.Errorf("%s: got %q", system, got)
		}
	}
}
