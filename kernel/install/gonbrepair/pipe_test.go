package gonbrepair

import (
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// readPipe reads a pipe to its end, as GoNB does, and gives the channel that is closed then.
func readPipe(t *testing.T, path string, late time.Duration, text *string) <-chan struct{} {
	done := make(chan struct{})
	go func() {
		defer close(done)
		time.Sleep(late)
		r, err := os.Open(path)
		if err != nil {
			t.Error(err)
			return
		}
		defer r.Close()
		time.Sleep(late) // the program has ended long before it is read
		all, err := io.ReadAll(r)
		if err != nil {
			t.Error(err)
		}
		*text = string(all)
	}()
	return done
}

func TestAwaitPipe(t *testing.T) {
	for _, c := range []struct {
		name    string
		written string // empty: the program never opens the pipe
		late    time.Duration
	}{
		{"read at once", "shown", 0},
		{"read late", "shown", 50 * time.Millisecond},
		{"not opened", "", 0},
		{"not opened, and the reader comes late", "", 50 * time.Millisecond},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "pipe")
			if err := syscall.Mkfifo(path, 0o600); err != nil {
				t.Fatal(err)
			}
			var text string
			done := readPipe(t, path, c.late, &text)
			if c.written != "" {
				if err := os.WriteFile(path, []byte(c.written), 0); err != nil { // waits for the reader, as a program does
					t.Fatal(err)
				}
			}
			awaitPipe(path, done, time.Minute)
			select {
			case <-done:
			default:
				t.Fatal("it did not wait for the reader")
			}
			if text != c.written {
				t.Errorf("read %q, want %q", text, c.written)
			}
		})
	}
}

func TestAwaitPipeGivesUp(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	awaitPipe(path, make(chan struct{}), 20*time.Millisecond) // no reader
	r, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	awaitPipe(path, make(chan struct{}), 20*time.Millisecond) // a reader that does not read
}
