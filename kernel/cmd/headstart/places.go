package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

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
	temp    *runtimeFolder // temporary files of Go cells; nil where they lie in runtime
	work    string         // where cells begin
	source  string         // this project's module, for cells to import; may be empty
	notices []string       // what was missing, and what does not work because of it
}

func findPlaces(connectionFile string) (places, error) {
	p := places{source: os.Getenv(sourceVar)}
	var err error
	if p.bin, err = binDir(); err != nil {
		return p, err
	}
	var notice [3]string
	if notice[0], err = ensureHome(); err != nil {
		return p, err
	}
	if p.work, notice[1], err = ensureWork(); err != nil {
		return p, err
	}
	if p.home, notice[2], err = ensureState(); err != nil {
		return p, err
	}
	p.notices = slices.DeleteFunc(notice[:], func(text string) bool { return text == "" })
	if err := ensureTemp(p.home); err != nil {
		return p, err
	}
	if p.runtime, err = openRuntimeFolder(connectionFile); err != nil {
		return p, err
	}
	p.temp = openTemp(p.home, connectionFile)
	return p, nil
}

// ensureTemp makes TMPDIR name a folder that is there, for this process and its children: a session's folder may be gone
// while what it started still runs.
func ensureTemp(home string) error {
	if isFolder(os.TempDir()) {
		return nil
	}
	instead := "/tmp"
	if !isFolder(instead) {
		instead = filepath.Join(home, "tmp")
		if _, err := paths.Private(instead); err != nil {
			return fmt.Errorf("find a folder for temporary files in place of %s, which is missing: %w; set TMPDIR", os.TempDir(), err)
		}
	}
	return os.Setenv("TMPDIR", instead)
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// maxTemp is the longest path of a folder for the cells' temporary files: they may make sockets in it, whose paths have
// at most 107 bytes.
const maxTemp = 70

// openTemp makes the folder for temporary files of Go cells in the kernel's state, since XDG_RUNTIME_DIR is memory and may
// forbid programs. It is nil where that is not possible.
func openTemp(home, connectionFile string) *runtimeFolder {
	base, err := paths.Private(filepath.Join(home, "cells"))
	if err != nil {
		return nil
	}
	folder, err := openFolderBelow(base, connectionFile)
	if err != nil {
		return nil
	}
	if len(folder.path) > maxTemp {
		_ = folder.close() // nobody has used it
		return nil
	}
	return folder
}

// tempDir is the folder for temporary files of Go cells.
func (p places) tempDir() string {
	if p.temp == nil {
		return filepath.Join(p.runtime.path, "tmp")
	}
	return filepath.Join(p.temp.path, "tmp")
}

// folders are those of this kernel alone.
func (p places) folders() []*runtimeFolder {
	if p.temp == nil {
		return []*runtimeFolder{p.runtime}
	}
	return []*runtimeFolder{p.runtime, p.temp}
}

// close removes the folders of this kernel alone.
func (p places) close() error {
	var problems []error
	for _, folder := range p.folders() {
		problems = append(problems, folder.close())
	}
	return errors.Join(problems...)
}

// sweep removes the folders of kernels that were killed.
func (p places) sweep() error {
	var problems []error
	for _, folder := range p.folders() {
		problems = append(problems, folder.sweep())
	}
	return errors.Join(problems...)
}

// env is what the kernel's children learn of it.
func (p places) env() []string {
	return []string{paths.HomeVar + "=" + p.home, runtimeVar + "=" + p.runtime.path}
}
