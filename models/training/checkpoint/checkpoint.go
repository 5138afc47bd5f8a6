// Package checkpoint keeps a training on disk so that a crash at any moment costs at most the unfinished epoch.
//
// A run is a folder. Files in it are replaced whole: written under a temporary name, synced, renamed, and the folder
// synced. Checkpoints carry the number of their epoch, and the one before the last is kept. A lock tells whether a process
// works on the run.
package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/internal/filelock"
)

// ErrBusy marks a run that another process works on.
var ErrBusy = errors.New("another process works on this run")

// ErrNoCheckpoint marks a run that has not finished an epoch.
var ErrNoCheckpoint = errors.New("the run has no finished epoch")

const (
	lockName         = "lock"
	checkpointPrefix = "epoch-"
	checkpointEnding = ".safetensors"
	keptCheckpoints  = 2
)

// A name becomes a folder: letters, digits and a few signs, no dot in front.
var nameSyntax = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$`)

// CheckName refuses a name that cannot be a folder everywhere.
func CheckName(name string) error {
	if !nameSyntax.MatchString(name) {
		return fmt.Errorf("%q cannot name a run: use up to 100 letters, digits, dots, dashes and underscores", name)
	}
	return nil
}

// A Dir is the folder of a run that this process works on.
type Dir struct {
	path string
	lock *filelock.Lock
}

// Create makes the run name below root and locks it. It fails where a run of that name is already there.
func Create(root, name string) (*Dir, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, fmt.Errorf("create run %s: %w", name, err)
	}
	if err := os.Mkdir(filepath.Join(root, name), 0o755); err != nil {
		return nil, fmt.Errorf("create run %s: %w", name, err)
	}
	return Open(root, name)
}

// Open locks a run that exists.
func Open(root, name string) (*Dir, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	path := filepath.Join(root, name)
	if info, err := os.Stat(path); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("open run %s: there is none in %s", name, root)
	}
	patience, cancel := context.WithTimeout(context.Background(), lockPatience)
	defer cancel()
	lock, err := filelock.Acquire(patience, filepath.Join(path, lockName), nil)
	switch {
	case errors.Is(err, filelock.ErrHeld):
		return nil, fmt.Errorf("open run %s: %w", name, ErrBusy)
	case err != nil:
		return nil, fmt.Errorf("open run %s: %w", name, err)
	}
	return &Dir{path: path, lock: lock}, nil
}

// lockPatience is how long a run's lock is asked for: Busy holds it for a moment when it looks.
const lockPatience = 200 * time.Millisecond

// Busy tells whether a process works on the run.
func Busy(root, name string) bool { return filelock.Held(filepath.Join(root, name, lockName)) }

// List names the runs below root, sorted; none where root does not exist.
func List(root string) ([]string, error) {
	entries, err := os.ReadDir(root)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("list runs: %w", err)
	}
	var names []string
	for _, entry := range entries {
		if entry.IsDir() && nameSyntax.MatchString(entry.Name()) {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// Path is the folder.
func (d *Dir) Path() string { return d.path }

// Write replaces a file of the run as a whole: whenever the machine stops, there is the old content or the new one.
func (d *Dir) Write(name string, write func(io.Writer) error) error {
	return atomicfile.WriteFile(filepath.Join(d.path, name), write)
}

// Commit writes the checkpoint of a finished epoch, then removes all but the last two.
func (d *Dir) Commit(epoch int, write func(io.Writer) error) error {
	if err := d.Write(fmt.Sprintf("%s%06d%s", checkpointPrefix, epoch, checkpointEnding), write); err != nil {
		return err
	}
	if err := d.Keep(keptCheckpoints); err != nil {
		return err
	}
	return d.removeTemporary()
}

func (d *Dir) checkpoint(epoch int) string {
	return filepath.Join(d.path, fmt.Sprintf("%s%06d%s", checkpointPrefix, epoch, checkpointEnding))
}

// epochs lists the checkpoints, oldest first.
func (d *Dir) epochs() ([]int, error) {
	entries, err := os.ReadDir(d.path)
	if err != nil {
		return nil, fmt.Errorf("list checkpoints: %w", err)
	}
	var epochs []int
	for _, entry := range entries {
		number, ok := strings.CutPrefix(entry.Name(), checkpointPrefix)
		number, whole := strings.CutSuffix(number, checkpointEnding)
		if epoch, err := strconv.Atoi(number); ok && whole && err == nil {
			epochs = append(epochs, epoch)
		}
	}
	slices.Sort(epochs)
	return epochs, nil
}

// removeTemporary clears away what a killed process left half-written. The lock says that no other process writes here.
func (d *Dir) removeTemporary() error {
	left, err := filepath.Glob(filepath.Join(d.path, "*"+atomicfile.TemporaryEnding))
	if err != nil {
		return err
	}
	for _, path := range left {
		if err := os.Remove(path); err != nil {
			return fmt.Errorf("remove a half-written file: %w", err)
		}
	}
	return nil
}

// Latest reads the newest checkpoint. Where read refuses it, the one before is tried.
func (d *Dir) Latest(read func(path string) error) (epoch int, err error) {
	epochs, err := d.epochs()
	if err != nil {
		return 0, err
	}
	if len(epochs) == 0 {
		return 0, fmt.Errorf("read run %s: %w", filepath.Base(d.path), ErrNoCheckpoint)
	}
	for _, epoch := range slices.Backward(epochs) {
		readErr := read(d.checkpoint(epoch))
		if readErr == nil {
			return epoch, nil
		}
		err = errors.Join(err, fmt.Errorf("checkpoint of epoch %d: %w", epoch, readErr))
	}
	return 0, fmt.Errorf("read run %s: no checkpoint can be read: %w", filepath.Base(d.path), err)
}

// Close gives the run free.
func (d *Dir) Close() error { return d.lock.Close() }
