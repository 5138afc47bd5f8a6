package plugins

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/headstart-nb/headstart/internal/filelock"
	"github.com/headstart-nb/headstart/internal/safefile"
)

// runningFile tells later kernels of a process that may outlive this one. The kernel that uses the process holds a lock
// on the file; the operating system drops the lock when the kernel ends, however it ends.
type runningFile struct {
	path string
	file *os.File
	lock *filelock.Lock // on the file itself
}

// runningRecord is the file's content.
type runningRecord struct {
	Build  build  `json:"build"`
	Pid    int    `json:"pid"`
	Socket string `json:"socket"`
	Folder string `json:"folder"` // working directory, to which the files that a cell names are relative
}

// maxRecord bounds a record in bytes: it holds three paths.
const maxRecord = 64 << 10

// runningFolder is where the files of processes that may outlive their kernel lie.
func runningFolder(home string) string { return filepath.Join(home, "plugins-running") }

// recordRunning writes the file. Without it the process only cannot be adopted, so a failure goes to the log.
func recordRunning(l launch, socket string, pid int, log *tail) *runningFile {
	fail := func(err error) *runningFile {
		fmt.Fprintf(log, "headstart: no other kernel can take over this process: %v\n", err)
		return nil
	}
	b, err := buildOf(l.binary.Path)
	if err != nil {
		return fail(err)
	}
	folder, err := os.Getwd()
	if err != nil {
		return fail(err)
	}
	if err := os.MkdirAll(l.running, 0o700); err != nil {
		return fail(err)
	}
	path := filepath.Join(l.running, fmt.Sprintf("%s-%d.json", l.binary.Name, pid))
	file, err := safefile.OpenUnlinked(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fail(err)
	}
	r := &runningFile{path: path, file: file}
	r.lock, err = filelock.Try(path)
	if err == nil {
		err = json.NewEncoder(file).Encode(runningRecord{b, pid, socket, folder})
	}
	if err != nil {
		r.remove()
		return fail(err)
	}
	return r
}

// openRecord opens and locks a file that another kernel has left; nil where that kernel lives. A file that this user has
// not written does not count.
func openRecord(path string) *runningFile {
	file, err := safefile.OpenUnlinked(path, os.O_RDWR, 0)
	if err != nil {
		return nil
	}
	r := &runningFile{path: path, file: file}
	info, err := file.Stat()
	if err != nil {
		r.release()
		return nil
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(owner.Uid) != os.Getuid() {
		r.release()
		return nil
	}
	if r.lock, err = filelock.Try(path); err != nil {
		r.release()
		return nil
	}
	return r
}

func (r *runningFile) read() (record runningRecord, err error) {
	text, err := safefile.ReadAll(r.file, maxRecord)
	if err == nil {
		err = json.Unmarshal(text, &record)
	}
	return record, err
}

// forgetEnded removes the files of all plugins' processes that have ended without a kernel: their numbers and the paths of
// their sockets may belong to others next.
func forgetEnded(folder string) {
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return // the pattern is well formed
	}
	for _, path := range files {
		r := openRecord(path)
		if r == nil {
			continue
		}
		if record, err := r.read(); err == nil && !alive(record.Pid) { // one that cannot be read may be half written
			r.remove()
			continue
		}
		r.release()
	}
}

// remove forgets the process, which has ended.
func (r *runningFile) remove() {
	if r == nil {
		return
	}
	_ = os.Remove(r.path) // a file that stays is removed by the next kernel that finds its process gone
	r.release()
}

// release lets other kernels adopt the process.
func (r *runningFile) release() {
	if r == nil {
		return
	}
	_ = r.file.Close()
	if r.lock != nil {
		_ = r.lock.Close()
	}
}
