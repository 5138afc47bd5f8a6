// Package goenv keeps files that are not the user's own from deciding about the go commands that this project starts.
//
// HOME names the user's files: the settings of `go env -w`, and .netrc. The variables GOENV and NETRC may name others; one that leads
// into the current folder, or to where another user can write, is not followed. GOFLAGS and the other variables are the user's words
// and stay as they are.
package goenv

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/headstart-nb/headstart/internal/paths"
)

const off = "off"

// Own is a copy of env without the files of others.
func Own(env []string) []string {
	env = slices.Clone(env)
	settings, home := Lookup(env, "GOENV"), Lookup(env, "HOME")
	switch {
	case settings == off:
	case settings != "" && !own(settings),
		settings == "" && home != "" && !filepath.IsAbs(home): // go would look for its settings below the current folder
		env = with(env, "GOENV="+off)
	}
	if secrets := Lookup(env, "NETRC"); secrets != "" && !own(secrets) { // go, pip and curl send what it has for a host
		env = with(env, "NETRC="+os.DevNull)
	}
	return env
}

// Anywhere is the environment of a go command that tells only something of itself, in whatever folder it runs: neither a go.work nor
// the toolchain that a go.mod around that folder names is used, so that nothing is downloaded.
func Anywhere(env []string) []string {
	return with(Own(env), "GOWORK="+off, "GOTOOLCHAIN=local")
}

func own(file string) bool { return file == os.DevNull || paths.CheckFile(file) == nil }

// Lookup is the last value for a name, which os/exec uses; empty where there is no value.
func Lookup(env []string, name string) string {
	for _, entry := range slices.Backward(env) {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}

// with replaces entries, in place: a program that takes another's place by execve reads the first of two.
func with(env []string, entries ...string) []string {
	env = slices.DeleteFunc(env, func(old string) bool {
		return slices.ContainsFunc(entries, func(entry string) bool {
			name, _, _ := strings.Cut(entry, "=")
			return strings.HasPrefix(old, name+"=")
		})
	})
	return append(env, entries...)
}
