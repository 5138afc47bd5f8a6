package main

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"time"

	"github.com/headstart-nb/headstart"
	"github.com/headstart-nb/headstart/kernel/install"
	"github.com/headstart-nb/headstart/nbhelpers/labextension"
)

// A wheel is its files and the name that says where it runs.
type wheel struct {
	files entries
	tag   string
}

// Folders of a wheel: "Binary distribution format" of the packaging specifications. Data goes below the prefix of the
// environment that the wheel is installed into.
const (
	distribution = install.WheelProject + "-" + headstart.Version
	distInfo     = distribution + ".dist-info"
	dataFolder   = distribution + ".data/data"
	rootFolder   = dataFolder + "/lib/headstart" // of the installation, as with --prefix
	shareFolder  = dataFolder + "/share/jupyter"
)

// newWheel collects what is packed, from a checkout and a folder of built programs.
func newWheel(ctx context.Context, checkout, programs string) (*wheel, error) {
	w := &wheel{files: entries{}}
	var paths []string
	for _, b := range install.Builds() {
		file := filepath.Join(programs, b.Program)
		content, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("pack %s: %w", b.Program, err)
		}
		w.files[path.Join(rootFolder, "bin", b.Program)] = entry{content: content, executable: true}
		paths = append(paths, file)
	}
	for _, step := range []func() error{
		func() error { return w.files.addTree(rootFolder+"/src", headstart.Source()) },
		func() error { return w.addLauncher(checkout) },
		func() error { return w.addShare(checkout) },
		func() error { return w.addLicenses(ctx, checkout, paths) },
		func() error { return w.addMetadata(paths) },
	} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("pack the wheel: %w", err)
		}
	}
	return w, nil
}

// compilerScript makes a C compiler for cgo out of the Python package ziglang, whose program the launcher names.
const compilerScript = `#!/bin/sh
exec "$HEADSTART_ZIG" cc "$@"
`

func (w *wheel) addLauncher(checkout string) error {
	if err := w.files.addTree(install.WheelProject, os.DirFS(filepath.Join(checkout, "python", install.WheelProject))); err != nil {
		return err
	}
	for name := range w.files {
		if path.Base(path.Dir(name)) == "__pycache__" {
			delete(w.files, name)
		}
	}
	mark, err := json.Marshal(map[string]string{"project": install.WheelProject, "version": headstart.Version})
	if err != nil {
		return err
	}
	w.files.add(path.Join(rootFolder, install.WheelMark), append(mark, '\n'))
	w.files[path.Join(rootFolder, "libexec", "zig-cc")] = entry{content: []byte(compilerScript), executable: true}
	return nil
}

func (w *wheel) addShare(checkout string) error {
	files, err := install.WheelShare()
	if err != nil {
		return err
	}
	for name, content := range files {
		w.files.add(path.Join(shareFolder, name), content)
	}
	extension, err := install.Layout{Share: shareFolder}.Labextension(labextension.FS())
	if err != nil {
		return err
	}
	if err := w.files.addTree(filepath.ToSlash(extension), labextension.FS()); err != nil {
		return err
	}
	// Pip removes a folder with the last file that it put right into it, and leaves one that held folders only.
	license, err := os.ReadFile(filepath.Join(checkout, "LICENSE"))
	if err != nil {
		return err
	}
	w.files.add(path.Join(path.Dir(filepath.ToSlash(extension)), "LICENSE"), license)
	origin, err := json.MarshalIndent(map[string]string{
		"packageManager": "python", "packageName": install.WheelProject, "uninstallInstructions": "pip uninstall " + install.WheelProject,
	}, "", "  ")
	w.files.add(path.Join(filepath.ToSlash(extension), "install.json"), append(origin, '\n'))
	return err
}

// write writes the wheel into a folder and returns its path.
func (w *wheel) write(folder string, at time.Time) (string, error) {
	file := filepath.Join(folder, distribution+"-"+w.tag+".whl")
	return file, w.files.write(file, distInfo+"/RECORD", at)
}

// builtWith is the modules that a program links, its own first.
func builtWith(program string) (*buildinfo.BuildInfo, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return nil, fmt.Errorf("read what %s was built from: %w", program, err)
	}
	return info, nil
}
