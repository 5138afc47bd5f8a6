package tests

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/internal/need"
)

// TestAudit looks up what is shipped in the databases of known vulnerabilities, where they can be reached.
func TestAudit(t *testing.T) {
	if _, err := os.Stat(os.Getenv("HEADSTART_BIN") + "/gopls"); err != nil {
		need.Lack(t, need.Setup, "no programs to look at: make setup")
	}
	for _, part := range []string{"licenses", "go", "npm"} {
		t.Run(part, func(t *testing.T) {
			output, err := exec.Command("../scripts/audit.sh", part).CombinedOutput()
			var exit *exec.ExitError
			switch {
			case errors.As(err, &exit) && exit.ExitCode() == 3:
				need.Lack(t, need.Advice, strings.TrimSpace(string(output)))
			case err != nil:
				t.Errorf("%v\n%s", err, output)
			}
		})
	}
}
