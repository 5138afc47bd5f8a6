package gonb

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/internal/goenv"
	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/kernel/gonb/descendant"
	"github.com/headstart-nb/headstart/kernel/gonb/gotool"
)

// environment is GoNB's: its tools come first on PATH, and as go it finds the stand-in that builds cells faster. Folder
// is the instance's own.
func environment(options Options, folder string) ([]string, error) {
	temp, err := temporary(options.TempDir)
	if err != nil {
		return nil, err
	}
	path := goenv.Lookup(options.Env, "PATH")
	if options.SourceDir != "" {
		if _, err := os.Stat(filepath.Join(options.SourceDir, "go.mod")); err != nil {
			options.Log.Warn("Go cells cannot import this project's packages: install it again", "error", err)
		}
	}
	env := append(goenv.Own(options.Env),
		"TMPDIR="+temp,
		"_=", // the kernel's own, of the shell that started it: the stand-in tells GoNB from a shell by it
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
		for _, name := range []string{"go", descendant.LanguageServer} {
			if err := os.Symlink(standIn, filepath.Join(bin, name)); err != nil {
				return nil, fmt.Errorf("make the folder of GoNB's tools: %w", err)
			}
		}
		first = append([]string{bin}, first...)
		env = append(env, gotool.RealGoVar+"="+realGo)
	} else if realGo != "" {
		env = append(env, guarded(env, realGo, folder)...)
	}
	return append(env, "PATH="+strings.Join(first, string(os.PathListSeparator))), nil
}

// temporary makes the folder for temporary files, in which GoNB makes the module of the cells. The shared one will not do:
// the go command looks in every parent of a module for files that decide about its builds.
func temporary(folder string) (string, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", fmt.Errorf("find the folder for the temporary files of Go cells: %w", err)
	}
	if folder, err = paths.Private(folder); err != nil {
		return "", fmt.Errorf("make a folder for the temporary files of Go cells: %w", err)
	}
	return folder, nil
}

// guarded are the settings of a go command that nothing stands before: it uses no workspace, no repository around the
// cells' module, and no toolchain that a module names. The stand-in sets them for each call, so that it can leave the user's own alone.
func guarded(env []string, realGo, folder string) []string {
	cmd := exec.Command(realGo, "env", "GOFLAGS") // the user's file may set them, which a variable would hide
	cmd.Dir = folder
	cmd.Env = goenv.Anywhere(env)
	flags, err := cmd.Output()
	if err != nil {
		flags = []byte(goenv.Lookup(env, "GOFLAGS"))
	}
	settings := []string{"GOFLAGS=" + gotool.Unstamped(strings.TrimSpace(string(flags)))}
	if goenv.Lookup(env, "GOWORK") == "" {
		settings = append(settings, "GOWORK="+gotool.Off)
	}
	// GoNB asks go for its folder where the notebook lies, which may be in a stranger's module.
	if toolchain := goenv.Lookup(env, "GOTOOLCHAIN"); toolchain == "" || toolchain == "auto" {
		settings = append(settings, "GOTOOLCHAIN=local")
	}
	return settings
}

// find is the path of a program in the folders of path; empty where there is none.
func find(name, path string) string {
	for _, folder := range filepath.SplitList(path) {
		if !filepath.IsAbs(folder) { // below whatever folder the notebook lies in
			continue
		}
		file := filepath.Join(folder, name)
		if info, err := os.Stat(file); err == nil && !info.IsDir() && info.Mode()&0o111 != 0 {
			return file
		}
	}
	return ""
}
