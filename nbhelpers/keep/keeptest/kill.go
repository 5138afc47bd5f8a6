package keeptest

import (
	"bufio"
	"os"
	"os/exec"
	"testing"
	"time"
)

// Kill runs a test of the calling program as a process with one more environment variable, NAME=value, and kills it some time after it
// has printed "ready", which is all that it may print.
func Kill(t *testing.T, test, variable string, after time.Duration) {
	t.Helper()
	command := exec.Command(os.Args[0], "-test.run", "^"+test+"$")
	command.Env = append(os.Environ(), variable)
	out, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	ready := lines.Scan() && lines.Text() == "ready"
	time.Sleep(after)
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var rest []string
	for lines.Scan() {
		rest = append(rest, lines.Text())
	}
	_ = command.Wait() // it was killed
	if !ready || len(rest) > 0 {
		t.Fatalf("the child said %q", rest)
	}
}
