package plugins

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"

	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/internal/peer"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/plugin/magicpb"
)

// adopt connects to a process of the plugin that has outlived its kernel; nil when there is none.
func adopt(l launch) *instance {
	forgetEnded(l.running)
	files, err := filepath.Glob(filepath.Join(l.running, l.binary.Name+"-*.json"))
	if err != nil {
		return nil // the pattern is well formed
	}
	for _, path := range files {
		r := openRecord(path)
		if r == nil {
			continue // its kernel lives, or another kernel has just removed it
		}
		if p := adoptRecorded(l, r); p != nil {
			return p
		}
	}
	return nil
}

// adoptRecorded connects to the process in a file whose lock is held, and gives the lock up when it cannot.
func adoptRecorded(l launch, r *runningFile) *instance {
	record, err := r.read()
	if err != nil {
		r.remove()
		return nil
	}
	// Whoever answers gets the user's magics and may run cells: the socket can be another program's by now.
	if err := checkSocket(record); err != nil {
		if !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, os.ErrNotExist) {
			l.log.Warn("plugin process not adopted", "plugin", l.binary.Name, "process", record.Pid, "socket", record.Socket, "error", err)
		}
		r.remove()
		return nil
	}
	if now, err := buildOf(l.binary.Path); err != nil || now != record.Build {
		r.release() // an older build, which ends by itself when its work is done
		return nil
	}
	if here, err := os.Getwd(); err != nil || here != record.Folder {
		r.release() // it is for notebooks of another folder
		return nil
	}
	p := &instance{
		name: l.binary.Name, log: &tail{}, pid: record.Pid, since: time.Now(), adopted: true, record: r,
		displays: map[string]magics.Host{}, detached: make(chan struct{}), exitErr: func() error { return nil },
	}
	p.exited = p.detached
	p.force = func() { endRecorded(record) }
	config := clientConfig(p.log, l.timeout)
	config.Reattach = &plugin.ReattachConfig{
		Protocol: plugin.ProtocolGRPC, ProtocolVersion: magicpb.ProtocolVersion, Pid: record.Pid,
		Addr: &net.UnixAddr{Name: record.Socket, Net: "unix"},
	}
	config.GRPCDialOptions = append(config.GRPCDialOptions, grpc.WithContextDialer(
		func(ctx context.Context, _ string) (net.Conn, error) { return dialRecorded(ctx, record) }))
	p.client = plugin.NewClient(config)
	if err := p.connect(l); err != nil {
		r.release()
		return nil
	}
	go forgetAdopted(p)
	return p
}

const (
	// endPatience is how long a plugin may take to end after its last connection.
	endPatience = 6 * time.Second
	// endInterval is how often the kernel looks.
	endInterval = 100 * time.Millisecond
)

// forgetAdopted removes the file of a process that ends, which is not a child of this kernel, soon after its connection.
func forgetAdopted(p *instance) {
	<-p.detached
	for range int(endPatience / endInterval) {
		if !alive(p.pid) {
			p.record.remove()
			return
		}
		time.Sleep(endInterval)
	}
}

// checkSocket reports a socket at which another process than the recorded one may answer.
func checkSocket(record runningRecord) error {
	if !alive(record.Pid) {
		return fmt.Errorf("process %d has ended: %w", record.Pid, os.ErrNotExist)
	}
	conn, err := dialRecorded(context.Background(), record)
	if err != nil {
		return err
	}
	return conn.Close()
}

// endRecorded kills a recorded process and what it has started, if the number is still that of the process.
func endRecorded(record runningRecord) {
	if checkSocket(record) == nil {
		killGroup(record.Pid)
	}
}

// dialRecorded connects to the socket of a recorded process: one of this user, in a folder where nobody else can put one.
func dialRecorded(ctx context.Context, record runningRecord) (net.Conn, error) {
	if err := paths.CheckPrivate(filepath.Dir(record.Socket)); err != nil {
		return nil, err
	}
	info, err := os.Lstat(record.Socket)
	if err != nil {
		return nil, err
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode().Type() != os.ModeSocket || int(owner.Uid) != os.Getuid() {
		return nil, fmt.Errorf("%s is not a socket of this user", record.Socket)
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", record.Socket)
	if err != nil {
		return nil, err
	}
	if err := peer.Check(conn.(*net.UnixConn), record.Pid); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to %s: %w", record.Socket, err), conn.Close())
	}
	return conn, nil
}

// alive reports whether a process is there.
func alive(pid int) bool {
	if pid <= 0 {
		return false
	}
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}
