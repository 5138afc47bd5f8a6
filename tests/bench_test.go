package tests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/testfile"
)

// TestTablesComeFromQuietMachines: a load above 0.5 is refused unless it is taken as it is, which the tables then say.
func TestTablesComeFromQuietMachines(t *testing.T) {
	if _, err := exec.LookPath("awk"); err != nil {
		need.Lack(t, need.System, err.Error())
	}
	for _, test := range []struct {
		load, busy string
		ok         bool
		says       string
	}{
		{"0.50 0.9 0.9 1/100 7\n", "", true, ""},
		{"0.51 0.1 0.1 1/100 7\n", "", false, "the load is 0.51"},
		{"12.3 0.1 0.1 1/100 7\n", "1", true, "measured on a busy machine: the load was 12.3"},
	} {
		file := filepath.Join(testfile.Write(t, map[string]string{"loadavg": test.load}), "loadavg")
		command := exec.Command("../scripts/quiet.sh", file, "0")
		command.Env = append(os.Environ(), "HEADSTART_BUSY="+test.busy)
		said, err := command.CombinedOutput()
		if (err == nil) != test.ok || !strings.Contains(string(said), test.says) || test.says == "" && len(said) > 0 {
			t.Errorf("load %s, HEADSTART_BUSY=%s: %v, %s", strings.Fields(test.load)[0], test.busy, err, said)
		}
	}
}
