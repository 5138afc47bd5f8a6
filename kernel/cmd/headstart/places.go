package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Names of environment variables that the kernel reads and hands on.
const (
	homeVar    = "HEADSTART_HOME"
	runtimeVar = "HEADSTART_RUNTIME_DIR"
	sourceVar  = "HEADSTART_SRC"
)

// places are the folders that a kernel works with.
type places struct {
	bin     string // of this program and its siblings
	home    string // caches, runs, plugins, history; outlives the kernel
	runtime string // sockets; the same again when the kernel is restarted
	work    string // where cells begin
	source  string // this project's module, for cells to import; may be empty
}

func findPlaces(connectionFile string) (places, error) {
	p := places{source: os.Getenv(sourceVar)}
	var err error
	if p.bin, err = binDir(); err != nil {
		return p, err
	}
	if p.work, err = os.Getwd(); err != nil {
		return p, fmt.Errorf("find the folder that the kernel was started in: %w", err)
	}
	if p.home, err = homeDir(); err != nil {
		return p, err
	}
	p.runtime, err = runtimeDir(connectionFile)
	return p, err
}

// homeDir is the folder for state that outlives kernels.
func homeDir() (string, error) {
	if home := os.Getenv(homeVar); home != "" {
		return home, nil
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("find a folder for the kernel's state: %w; set %s", err, homeVar)
	}
	return filepath.Join(cache, "headstart"), nil
}

// runtimeDir makes the folder for sockets, for this user alone. Its name follows from the connection file, which stays
// the same when Jupyter restarts a kernel, and is short: the path of a Unix socket has about 100 bytes.
func runtimeDir(connectionFile string) (string, error) {
	base := os.Getenv("XDG_RUNTIME_DIR")
	if info, err := os.Stat(base); base == "" || err != nil || !info.IsDir() || len(base) > 40 {
		base = filepath.Join(os.TempDir(), "headstart-"+strconv.Itoa(os.Getuid()))
	} else {
		base = filepath.Join(base, "headstart")
	}
	absolute, err := filepath.Abs(connectionFile)
	if err != nil {
		return "", fmt.Errorf("find the connection file: %w", err)
	}
	digest := sha256.Sum256([]byte(absolute))
	dir := filepath.Join(base, hex.EncodeToString(digest[:6]))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a folder for the kernel's sockets: %w", err)
	}
	// In a folder that all users share, somebody else may have made this one before.
	for _, folder := range []string{base, dir} {
		info, err := os.Lstat(folder)
		if err != nil {
			return "", fmt.Errorf("check the folder for the kernel's sockets: %w", err)
		}
		owner, ok := info.Sys().(*syscall.Stat_t)
		if !info.IsDir() || !ok || int(owner.Uid) != os.Getuid() || info.Mode().Perm()&0o077 != 0 {
			return "", fmt.Errorf("use %s for the kernel's sockets: it is not a folder for this user alone; remove it, or set XDG_RUNTIME_DIR to one", folder)
		}
	}
	return dir, nil
}

// env is what the kernel's children learn of it.
func (p places) env() []string {
	return []string{homeVar + "=" + p.home, runtimeVar + "=" + p.runtime}
}
