package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/headstart-nb/headstart/kernel/install"
)

// addLicenses adds the project's license, and those of everything that the programs link.
func (w *wheel) addLicenses(ctx context.Context, checkout string, programs []string) error {
	own, err := os.ReadFile(filepath.Join(checkout, "LICENSE"))
	if err != nil {
		return err
	}
	w.files.add(distInfo+"/licenses/LICENSE", own)
	cache, err := goEnv(ctx, "GOMODCACHE")
	if err != nil {
		return err
	}
	root, err := goEnv(ctx, "GOROOT")
	if err != nil {
		return err
	}
	notices, err := notices(programs, cache, root)
	if err != nil {
		return err
	}
	w.files.add(distInfo+"/licenses/THIRD_PARTY_NOTICES", []byte(notices))
	return nil
}

// licenseFile is how modules name their licenses, and what has to go with them.
var licenseFile = regexp.MustCompile(`(?i)^(licen[sc]e|copying|notice|patents|unlicense)([.\-_].*)?$`)

// notices is the text of all licenses, by module.
func notices(programs []string, cache, goroot string) (string, error) {
	linked := map[module.Version]bool{}
	for _, program := range programs {
		info, err := builtWith(program)
		if err != nil {
			return "", err
		}
		for _, dep := range append(info.Deps, &info.Main) {
			if dep.Replace != nil {
				dep = dep.Replace
			}
			if dep.Path != ownModule {
				linked[module.Version{Path: dep.Path, Version: dep.Version}] = true
			}
		}
	}
	text := strings.Builder{}
	fmt.Fprintf(&text, "The programs of %s link the Go standard library and the modules below.\n", install.WheelProject)
	if err := section(&text, "Go standard library", goroot); err != nil {
		return "", err
	}
	for _, m := range slices.SortedFunc(maps.Keys(linked), func(a, b module.Version) int {
		return strings.Compare(a.Path+"@"+a.Version, b.Path+"@"+b.Version)
	}) {
		path, err := module.EscapePath(m.Path)
		if err != nil {
			return "", err
		}
		version, err := module.EscapeVersion(m.Version)
		if err != nil {
			return "", fmt.Errorf("find the license of %s: %w", m.Path, err)
		}
		if err := section(&text, m.Path+" "+m.Version, filepath.Join(cache, filepath.FromSlash(path)+"@"+version)); err != nil {
			return "", err
		}
	}
	return text.String(), nil
}

const ownModule = "github.com/headstart-nb/headstart"

// section adds the licenses in a folder, at least one.
func section(text *strings.Builder, title, folder string) error {
	files, err := os.ReadDir(folder)
	if err != nil {
		return fmt.Errorf("find the license of %s: %w; go mod download brings it", title, err)
	}
	found := false
	for _, file := range files {
		if file.IsDir() || !licenseFile.MatchString(file.Name()) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(folder, file.Name()))
		if err != nil {
			return fmt.Errorf("read the license of %s: %w", title, err)
		}
		fmt.Fprintf(text, "\n%s\n%s (%s)\n%[1]s\n\n%[4]s\n", strings.Repeat("=", 80), title, file.Name(), strings.TrimSpace(string(content)))
		found = true
	}
	if !found {
		return fmt.Errorf("find the license of %s: %s has none", title, folder)
	}
	return nil
}
