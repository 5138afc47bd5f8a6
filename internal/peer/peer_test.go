package peer_test

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"

	"github.com/headstart-nb/headstart/internal/peer"
)

func TestCheckKnowsTheProcessThatListens(t *testing.T) {
	folder, err := os.MkdirTemp("", "hs") // short, for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	path := filepath.Join(folder, "s")
	listener, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	for _, process := range []int{0, os.Getpid()} {
		if err := peer.Check(conn.(*net.UnixConn), process); err != nil {
			t.Errorf("this process, asked for %d: %v", process, err)
		}
	}
	var foreign *peer.ForeignError
	if err := peer.Check(conn.(*net.UnixConn), os.Getpid()+1); !errors.As(err, &foreign) {
		t.Errorf("another process: %v", err)
	}
}
