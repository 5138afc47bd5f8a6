package transfer_test

import (
	"net"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/magics/transfer/transfertest"
	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// listens reports whether somebody listens for Go cells in a runtime folder, within a moment.
func listens(folder string) bool {
	for range 100 {
		conn, err := net.Dial("unix", warm.SocketPath(folder))
		if err == nil {
			_ = conn.Close()
			return true
		}
		time.Sleep(10 * time.Millisecond)
	}
	return false
}

func TestKernelsComeAndGo(t *testing.T) {
	p := transfertest.Open(t, "")
	first, second := t.TempDir(), t.TempDir()
	for _, folder := range []string{first, second, second} { // a kernel that was restarted has the same folder
		p.Attached(folder)
		if !listens(folder) {
			t.Fatalf("Go cells of the kernel in %s reach nobody", folder)
		}
	}
	if conn, err := net.Dial("unix", warm.SocketPath(first)); err == nil {
		_ = conn.Close()
		t.Error("the socket of a kernel that is gone still answers")
	}
	if p.Busy() {
		t.Error("a lab without a run is busy")
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if conn, err := net.Dial("unix", warm.SocketPath(second)); err == nil {
		_ = conn.Close()
		t.Error("the socket answers after the end")
	}
}
