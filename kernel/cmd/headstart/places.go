package main

import (
	"fmt"
	"os"

	"github.com/headstart-nb/headstart/internal/paths"
)

// Names of environment variables that the kernel reads and hands on.
const (
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
	if p.home, err = paths.State(); err != nil {
		return p, err
	}
	p.runtime, err = openRuntimeFolder(connectionFile)
	return p, err
}

// env is what the kernel's children learn of it.
func (p places) env() []string {
	return []string{paths.HomeVar + "=" + p.home, runtimeVar + "=" + p.runtime.path}
}
