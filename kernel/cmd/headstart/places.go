package main

import (
	"fmt"
	"os"
	"path/filepath"
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
	runtime *runtimeFolder
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
	p.runtime, err = openRuntimeFolder(connectionFile)
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

// env is what the kernel's children learn of it.
func (p places) env() []string {
	return []string{homeVar + "=" + p.home, runtimeVar + "=" + p.runtime.path}
}
