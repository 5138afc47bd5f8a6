package plugins

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/plugin/magicpb"
)

// runningFile tells later kernels of a process that may outlive this one. The kernel that uses the process holds a lock
// on the file; the operating system drops the lock when the kernel ends, however it ends.
type runningFile struct {
	path string
	file *os.File // open and locked
}

// runningRecord is the file's content.
type runningRecord struct {
	Build  build  `json:"build"`
	Pid    int    `json:"pid"`
	Socket string `json:"socket"`
	Folder string `json:"folder"` // working directory, to which the files that a cell names are relative
}

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
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fail(err)
	}
	r := &runningFile{path, file}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		err = json.NewEncoder(file).Encode(runningRecord{b, pid, socket, folder})
	}
	if err != nil {
		r.remove()
		return fail(err)
	}
	return r
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
	if r != nil {
		_ = r.file.Close()
	}
}

// adopt connects to a process of the plugin that has outlived its kernel; nil when there is none.
func adopt(l launch) *process {
	files, err := filepath.Glob(filepath.Join(l.running, l.binary.Name+"-*.json"))
	if err != nil {
		return nil // the pattern is well formed
	}
	for _, path := range files {
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			continue // another kernel has just removed it
		}
		r := &runningFile{path, file}
		if syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) != nil {
			r.release() // its kernel lives
			continue
		}
		if p := adoptRecorded(l, r); p != nil {
			return p
		}
	}
	return nil
}

// adoptRecorded connects to the process in a file whose lock is held, and gives the lock up when it cannot.
func adoptRecorded(l launch, r *runningFile) *process {
	var record runningRecord
	if err := json.NewDecoder(r.file).Decode(&record); err != nil {
		r.remove()
		return nil
	}
	conn, err := net.Dial("unix", record.Socket)
	if err != nil {
		r.remove() // the process has ended
		return nil
	}
	_ = conn.Close()
	if now, err := buildOf(l.binary.Path); err != nil || now != record.Build {
		r.release() // an older build, which ends by itself when its work is done
		return nil
	}
	if here, err := os.Getwd(); err != nil || here != record.Folder {
		r.release() // it is for notebooks of another folder
		return nil
	}
	p := &process{
		name: l.binary.Name, log: &tail{}, pid: record.Pid, since: time.Now(), adopted: true, record: r,
		displays: map[string]magics.Host{}, detached: make(chan struct{}), exitErr: func() error { return nil },
	}
	p.exited = p.detached
	config := clientConfig(p.log, l.timeout)
	config.Reattach = &plugin.ReattachConfig{
		Protocol: plugin.ProtocolGRPC, ProtocolVersion: magicpb.ProtocolVersion, Pid: record.Pid,
		Addr: &net.UnixAddr{Name: record.Socket, Net: "unix"},
	}
	p.client = plugin.NewClient(config)
	if err := p.connect(l); err != nil {
		r.release()
		return nil
	}
	return p
}

// runningFolder is where the files of processes that may outlive their kernel lie.
func runningFolder(home string) string { return filepath.Join(home, "plugins-running") }
