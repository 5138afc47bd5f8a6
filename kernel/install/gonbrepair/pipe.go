package gonbrepair

import (
	"os"
	"syscall"
	"time"
)

// awaitPipe returns when what a program wrote to a named pipe before it ended has been read, which closes done. A reader that
// still waits for the program to open the pipe is let go on. It gives up after the limit.
func awaitPipe(path string, done <-chan struct{}, limit time.Duration) {
	const pause = time.Millisecond
	deadline := time.After(limit)
	for {
		// This fails as long as the reader has not come to the pipe, and afterwards lets it see the pipe's end.
		if w, err := os.OpenFile(path, os.O_WRONLY|syscall.O_NONBLOCK, 0); err == nil {
			_ = w.Close() // nothing was written
			break
		}
		select {
		case <-done:
			return
		case <-deadline:
			return
		case <-time.After(pause):
		}
	}
	select {
	case <-done:
	case <-deadline:
	}
}
