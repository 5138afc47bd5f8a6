package gonb

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/kernel/gotool"
)

// environment is GoNB's: its tools come first on PATH, and as go it finds the stand-in that builds cells faster. Folder
// is the instance's own.
func environment(options Options, folder string) ([]string, error) {
	path := lookup(options.Env, "PATH")
	if options.SourceDir != "" {
		if _, err := os.Stat(filepath.Join(options.SourceDir, "go.mod")); err != nil {
			options.Log.Warn("Go cells cannot import this project's packages: install it again", "error", err)
		}
	}
	env := append(slices.Clone(options.Env),
		gotool.SourceVar+"="+options.SourceDir,
		gotool.PlansVar+"="+filepath.Join(options.CacheDir, "cells"))
	standIn := filepath.Join(options.BinDir, "headstart-go")
	realGo := find("go", path)
	first := []string{options.BinDir, path}
	if _, err := os.Stat(standIn); err == nil && realGo != "" {
		bin := filepath.Join(folder, "bin")
		if err := os.Mkdir(bin, 0o700); err != nil {
			return nil, fmt.Errorf("make the folder of GoNB's tools: %w", err)
		}
		for _, name := range []string{"go", languageServer} {
			if err := os.Symlink(standIn, filepath.Join(bin, name)); err != nil {
				return nil, fmt.Errorf("make the folder of GoNB's tools: %w", err)
			}
		}
		first = append([]string{bin}, first...)
		env = append(env, gotool.RealGoVar+"="+realGo)
	}
	return append(env, "PATH="+strings.Join(first, string(os.PathListSeparator))), nil
}

func lookup(env []string, name string) string {
	for _, entry := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// find is the path of a program in the folders of path; empty where there is none.
func find(name, path string) string {
	for _, folder := range filepath.SplitList(path) {
		file := filepath.Join(folder, name)
		if info, err := os.Stat(file); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return file
		}
	}
	return ""
}
