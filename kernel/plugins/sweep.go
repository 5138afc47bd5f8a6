package plugins

import (
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/internal/paths"
)

const (
	// SocketFolder is the folder, in the one that lasts longer than a kernel, of plugins that may outlive theirs.
	SocketFolder = "plugins"
	// ownFolder begins the name of a plugin's folder, as go-plugin makes it: its socket, and its temporary files.
	ownFolder = "plugin-dir"
	// sweepAge is how old a folder is before it is looked at: in a younger one the plugin may not listen yet.
	sweepAge = time.Minute
)

// temporaryFolder makes the folder for the temporary files of a plugin beside its socket, so that they go with it. One
// that cannot be made leaves the plugin the folder that it would have had.
func temporaryFolder(sockets string) []string {
	folder := filepath.Join(sockets, "tmp")
	if sockets == "" || os.MkdirAll(folder, 0o700) != nil {
		return nil
	}
	return []string{"TMPDIR=" + folder}
}

// sweep removes what killed kernels and plugins have left: the records of processes that have ended, and folders of
// plugins in which nobody listens.
func sweep(records string) {
	forgetEnded(records)
	lasting, err := paths.Lasting()
	if err != nil {
		return
	}
	sweepFolders(filepath.Join(lasting, SocketFolder), time.Now().Add(-sweepAge))
}

// sweepFolders removes the folders of ended plugins that were last changed before a time. What cannot be removed stays for
// the next kernel.
func sweepFolders(sockets string, before time.Time) {
	entries, err := os.ReadDir(sockets)
	if err != nil {
		return // nothing was left
	}
	for _, entry := range entries {
		folder := filepath.Join(sockets, entry.Name())
		info, err := entry.Info()
		if err != nil || !entry.IsDir() || !strings.HasPrefix(entry.Name(), ownFolder) || info.ModTime().After(before) || inUse(folder) {
			continue
		}
		_ = os.RemoveAll(folder)
	}
}

// inUse reports whether a process accepts connections on a socket directly in a folder.
func inUse(folder string) bool {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return true
	}
	for _, entry := range entries {
		if entry.Type() != fs.ModeSocket {
			continue
		}
		if conn, err := net.DialTimeout("unix", filepath.Join(folder, entry.Name()), time.Second); err == nil {
			_ = conn.Close() // it was opened to see whether it can be
			return true
		}
	}
	return false
}
