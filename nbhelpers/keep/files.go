package keep

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/nbhelpers/keep/mapped"
	"github.com/headstart-nb/headstart/nbhelpers/keep/pack"
)

const (
	lockName     = "lock"
	manifestName = "manifest"
	tempName     = "manifest.tmp"
	graphEnding  = ".graph"

	lockWait = 10 * time.Second // a Save of some GB takes seconds

)

func newEpoch() uint64 { return rand.Uint64() | 1 }

// lock takes the store's lock, shared or exclusive. It is an flock because the kernel drops that when a process dies,
// however it dies. (A lock file would stay behind. Locks of fcntl end when the process closes any descriptor of the file.)
func (s *Store) lock(exclusive bool) (unlock func(), err error) {
	if err := s.checkFolder(); err != nil {
		return nil, err
	}
	file, err := safefile.OpenUnlinked(filepath.Join(s.dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	how := syscall.LOCK_SH
	if exclusive {
		how = syscall.LOCK_EX
	}
	for start, pause := time.Now(), time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		err = syscall.Flock(int(file.Fd()), how|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil // closing drops the lock
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			break
		}
		if time.Since(start) > s.wait {
			err = fmt.Errorf("another program has held the lock for %s", s.wait)
			break
		}
		time.Sleep(pause)
	}
	return nil, errors.Join(fmt.Errorf("lock %s: %w", s.dir, err), file.Close())
}

// checkFolder refuses a folder that others can write to.
func (s *Store) checkFolder() error {
	info, err := os.Lstat(s.dir)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return fmt.Errorf("use %s for kept values: it is not a folder", s.dir)
	}
	return private(s.dir, info)
}

func private(path string, info fs.FileInfo) error {
	if stat, ok := info.Sys().(*syscall.Stat_t); !ok || int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("use %s for kept values: it belongs to another user", path)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return fmt.Errorf("use %s for kept values: its mode is %#o, so that others can use it", path, info.Mode().Perm())
	}
	return nil
}

// open opens one of the store's files.
func (s *Store) open(name string) (*os.File, int64, error) {
	path := filepath.Join(s.dir, name)
	file, err := safefile.OpenUnlinked(path, os.O_RDONLY, 0)
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err == nil {
		err = private(path, info)
	}
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	return file, info.Size(), nil
}

// read returns the content of a file with a checksum at its end, without it.
func (s *Store) read(name string, limit int64) ([]byte, error) {
	file, size, err := s.open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close() // only read
	if size > limit || size < pack.ChecksumBytes {
		return nil, fmt.Errorf("read %s: damaged: it has %d bytes", file.Name(), size)
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(file, data); err != nil {
		return nil, fmt.Errorf("read %s: %w", file.Name(), err)
	}
	content := data[:size-pack.ChecksumBytes]
	if binary.LittleEndian.Uint32(data[size-pack.ChecksumBytes:]) != pack.Checksum(content) {
		return nil, fmt.Errorf("read %s: damaged: its checksum differs", file.Name())
	}
	return content, nil
}

// create makes a file of the store.
func (s *Store) create(name string, write func(*os.File) error) error {
	path := filepath.Join(s.dir, name)
	file, err := safefile.OpenUnlinked(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) || errors.Is(err, safefile.ErrLink) || errors.Is(err, safefile.ErrNotRegular) {
		if err = os.Remove(path); err == nil { // left behind by a program that was killed
			file, err = safefile.OpenUnlinked(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		}
	}
	if err != nil {
		return err
	}
	s.pass()
	err = write(file)
	if err == nil && s.durable {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	s.pass()
	return nil
}

func (s *Store) pass() {
	if s.step != nil {
		s.step()
	}
}

// writeFlat writes a file that is mapped later.
func (s *Store) writeFlat(f *mapped.Pending) error {
	return s.create(f.Name+mapped.FlatEnding, func(file *os.File) error { return f.Write(file, s.pass) })
}

// collect removes files that the manifest does not name: replaced ones, and those of programs that were killed. It runs
// under the exclusive lock, when no other program is writing files or opening those of an older manifest.
func (s *Store) collect(m *manifest) error {
	used := m.files()
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		ours := strings.HasSuffix(name, graphEnding) || strings.HasSuffix(name, mapped.FlatEnding) || name == tempName
		if ours && !used[name] {
			s.pass()
			err = errors.Join(err, os.Remove(filepath.Join(s.dir, name)))
		}
	}
	return err
}
