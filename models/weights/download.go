package weights

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/safefile"
)

const (
	// idleLimit is how long a connection may be silent before it counts as broken.
	idleLimit = 60 * time.Second
	// attempts without a single new byte before a download gives up.
	attempts = 4
	// firstPause before the next attempt; it doubles.
	firstPause = time.Second
)

// download brings a file of a known size over HTTP, and resumes where an earlier one stopped.
type download struct {
	url      string
	size     int64 // bytes
	path     string
	progress func(done, total int64)
	pause    time.Duration // firstPause where 0
}

// A permanentError is one that another attempt would not change.
type permanentError struct{ error }

func (e permanentError) Unwrap() error { return e.error }

// run repeats attempts until the file is whole.
func (t *download) run(ctx context.Context) error {
	file, err := safefile.OpenUnlinked(t.path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // a failure to write has been told by Sync
	pause := t.pause
	if pause == 0 {
		pause = firstPause
	}
	for barren := 0; ; {
		before, err := t.position(file)
		if err != nil {
			return err
		}
		if before == t.size {
			return file.Sync()
		}
		err = t.attempt(ctx, file, before)
		after, seekErr := t.position(file)
		if seekErr != nil {
			return seekErr
		}
		if permanent := (permanentError{}); ctx.Err() != nil || errors.As(err, &permanent) {
			return fmt.Errorf("after %d of %d bytes: %w; the next call resumes there", after, t.size, cmp.Or(ctx.Err(), err))
		}
		if barren++; after > before {
			barren = 0
		}
		if err != nil && barren == attempts {
			return fmt.Errorf("after %d of %d bytes and %d attempts without a new byte: %w; the next call resumes there",
				after, t.size, attempts, err)
		}
		if err != nil && barren > 0 {
			select {
			case <-time.After(pause):
				pause *= 2
			case <-ctx.Done():
			}
		}
	}
}

// position is the end of what is there. More than the whole is worth nothing, and dropped.
func (t *download) position(file *os.File) (int64, error) {
	end, err := file.Seek(0, io.SeekEnd)
	if err == nil && end > t.size {
		if err = file.Truncate(0); err == nil {
			end, err = file.Seek(0, io.SeekStart)
		}
	}
	return end, err
}

// attempt asks for the bytes from an offset on, and appends what arrives.
func (t *download) attempt(ctx context.Context, file *os.File, from int64) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(idleLimit, func() { cancel(fmt.Errorf("no bytes arrived for %s", idleLimit)) })
	defer watchdog.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, t.url, nil)
	if err != nil {
		return permanentError{err}
	}
	request.Header.Set("Accept-Encoding", "identity") // compressed bytes could not be resumed
	if from > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return cause(ctx, brief(err))
	}
	defer func() { _ = response.Body.Close() }() // only read
	if err := t.accept(response, file, from); err != nil {
		return err
	}
	done, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	body := io.LimitReader(response.Body, t.size-done) // whatever a server sends, no more is written
	buffer := make([]byte, 256<<10)
	for {
		n, readErr := body.Read(buffer)
		if n > 0 {
			watchdog.Reset(idleLimit)
			if _, err := file.Write(buffer[:n]); err != nil {
				return permanentError{err}
			}
			if done += int64(n); t.progress != nil {
				t.progress(done, t.size)
			}
		}
		switch {
		case done == t.size:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case errors.Is(readErr, io.EOF):
			return fmt.Errorf("the connection ended: %w", io.ErrUnexpectedEOF)
		case readErr != nil:
			return cause(ctx, readErr)
		}
	}
}

// accept checks an answer's status, and drops what is there where the server begins from the start.
func (t *download) accept(response *http.Response, file *os.File, from int64) error {
	switch {
	case response.StatusCode == http.StatusPartialContent &&
		strings.HasPrefix(response.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", from)):
		return nil
	case response.StatusCode == http.StatusOK, response.StatusCode == http.StatusPartialContent,
		response.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		if err := file.Truncate(0); err != nil {
			return permanentError{err}
		}
		if response.StatusCode != http.StatusOK {
			return fmt.Errorf("the server answered %s to a request from byte %d on", response.Status, from)
		}
		if n := response.ContentLength; n >= 0 && n != t.size {
			return permanentError{fmt.Errorf("%s has %d bytes, and the file must have %d", t.url, n, t.size)}
		}
		return nil
	case response.StatusCode >= 500 || response.StatusCode == http.StatusTooManyRequests:
		return fmt.Errorf("the server answered %s", response.Status)
	default:
		return permanentError{fmt.Errorf("%s answered %s", t.url, response.Status)}
	}
}

// cause prefers the reason for which a context was canceled.
func cause(ctx context.Context, err error) error {
	if reason := context.Cause(ctx); reason != nil {
		return reason
	}
	return err
}
