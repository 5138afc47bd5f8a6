package imagefolder

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/headstart-nb/headstart/internal/filelock"
	"github.com/headstart-nb/headstart/internal/safefile"
)

// maxEdits bounds a log in bytes: an entry has about 200.
const maxEdits = 64 << 20

// ReadEdits reads a log: a JSON object a line. No log is an empty one. A last line that a crash has cut off is left out.
//
// The log lies in the dataset's folder, which may come from somebody else: a symbolic link in its place is refused.
func ReadEdits(file string) ([]Edit, error) {
	f, err := safefile.OpenUnlinked(file, os.O_RDONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the log of edits: %w; move it away", err)
	}
	defer f.Close() // only read
	edits, _, err := readEdits(f)
	return edits, err
}

// readEdits reads an open log, and how many of its bytes are whole entries.
func readEdits(f *os.File) (edits []Edit, whole int64, err error) {
	data, err := safefile.ReadAll(f, maxEdits)
	if err != nil {
		return nil, 0, fmt.Errorf("read the log of edits: %w; move it away", err)
	}
	if edits, whole, err = parseEdits(data); err != nil {
		return nil, 0, fmt.Errorf("read the log of edits %s: %w; correct the line, or move the file away", f.Name(), err)
	}
	return edits, whole, nil
}

// parseEdits reads the entries, and how many bytes they take. A last line without its end was cut off by a crash where an
// entry stands before it; where none does, the file is not a log, and must not be repaired as one.
func parseEdits(data []byte) (edits []Edit, whole int64, err error) {
	reader := bufio.NewReader(bytes.NewReader(data))
	for line := 1; ; line++ {
		text, readErr := reader.ReadBytes('\n')
		if len(bytes.TrimSpace(text)) > 0 {
			var e Edit
			if err := json.Unmarshal(text, &e); err != nil {
				if readErr != nil && len(edits) > 0 {
					return edits, whole, nil //nolint:nilerr // the last line, cut off by a crash
				}
				return nil, 0, fmt.Errorf("line %d: %w", line, err)
			}
			if err := e.validate(edits); err != nil {
				return nil, 0, fmt.Errorf("line %d: %w", line, err)
			}
			edits = append(edits, e)
		}
		whole += int64(len(text))
		if errors.Is(readErr, io.EOF) {
			return edits, whole, nil
		}
	}
}

// appendEdits adds edits to a log, numbers them, and returns once they are on the disk.
func appendEdits(file string, edits []Edit) error {
	f, err := safefile.OpenUnlinked(file, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o644)
	if err != nil {
		return fmt.Errorf("write the log of edits: %w; it lies with the images: copy them to where you can write, or change the folder's permissions", err)
	}
	lock, err := lockEdits(file)
	if err != nil {
		return errors.Join(fmt.Errorf("write the log of edits: %w; try again", err), f.Close())
	}
	defer lock()
	return errors.Join(appendTo(f, edits), f.Close())
}

// lockWait is how long a program waits for another one that writes an edit, which takes milliseconds.
const lockWait = 10 * time.Second

// lockEdits keeps others from adding to a log: two edits of one number make it unreadable. File systems without locks have none.
func lockEdits(file string) (unlock func(), err error) {
	ctx, cancel := context.WithTimeout(context.Background(), lockWait)
	defer cancel()
	lock, err := filelock.Acquire(ctx, file, nil)
	switch {
	case errors.Is(err, filelock.ErrHeld):
		return nil, err
	case err != nil:
		return func() {}, nil //nolint:nilerr // as without a lock
	}
	return func() { _ = lock.Close() }, nil // nothing was written through it
}

func appendTo(f *os.File, edits []Edit) error {
	before, whole, err := readEdits(f)
	if err != nil {
		return err
	}
	text, err := encodeEdits(before, edits)
	if err != nil {
		return err
	}
	if err := endLine(f, whole); err != nil {
		return fmt.Errorf("repair the log of edits: %w", err)
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync()); err != nil {
		return fmt.Errorf("write the log of edits: %w", err)
	}
	return nil
}

// encodeEdits numbers edits after those before them.
func encodeEdits(before, edits []Edit) ([]byte, error) {
	var text bytes.Buffer
	for i := range edits {
		edits[i].Number = len(before) + 1
		if err := edits[i].validate(before); err != nil {
			return nil, err
		}
		before = append(before, edits[i])
		line, err := json.Marshal(edits[i])
		if err != nil {
			return nil, err
		}
		text.Write(append(line, '\n'))
	}
	return text.Bytes(), nil
}

// endLine removes what a crash has left of a line behind the whole entries, and ends the last of these.
func endLine(f *os.File, whole int64) error {
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	if info.Size() > whole {
		if err := f.Truncate(whole); err != nil {
			return err
		}
	}
	var last [1]byte
	if _, err := f.ReadAt(last[:], whole-1); err != nil || last[0] == '\n' {
		return err
	}
	_, err = f.Write([]byte{'\n'})
	return err
}
