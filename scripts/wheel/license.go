package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/module"

	"github.com/headstart-nb/headstart/kernel/install"
)

// writeNotices writes the licenses of what the programs in a folder link.
func (o options) writeNotices(ctx context.Context) error {
	cache, err := goEnv(ctx, "GOMODCACHE")
	if err != nil {
		return err
	}
	root, err := goEnv(ctx, "GOROOT")
	if err != nil {
		return err
	}
	var programs []string
	for _, b := range install.Builds() {
		programs = append(programs, filepath.Join(o.programs, b.Program))
	}
	text, err := notices(programs, cache, root)
	if err != nil {
		return err
	}
	return os.WriteFile(o.notices, []byte(text), 0o644)
}

// kinds are the licenses under which the programs may be passed on with a notice, each by words that only it has.
func kinds() map[string]string {
	return map[string]string{
		"Apache-2.0": "apache license version 2.0",
		"BSD":        "redistribution and use in source and binary forms",
		"CC-BY-4.0":  "creative commons attribution 4.0 international",
		"CC0-1.0":    "cc0 1.0 universal",
		"FTL":        "the freetype project license", // the choice that freetype's LICENSE gives; licenses/ftl.txt is its text
		"ISC":        "permission to use, copy, modify, and/or distribute this software",
		"MIT":        "permission is hereby granted, free of charge",
		"MPL-2.0":    "mozilla public license, version 2.0",
		"Unlicense":  "this is free and unencumbered software",
	}
}

// kind is the license that a text is; empty for another than kinds has.
func kind(text string) string {
	words := strings.Join(strings.Fields(strings.ToLower(text)), " ")
	plain := strings.ReplaceAll(words, "license, version 2.0", "license version 2.0") // as some write Apache's
	for name, phrase := range kinds() {
		if strings.Contains(words, phrase) || strings.Contains(plain, phrase) {
			return name
		}
	}
	return ""
}

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
			if dep.Replace != nil && !strings.HasPrefix(dep.Replace.Path, "./") { // a corrected source has the license of its own
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
	var names []string
	for _, file := range files {
		if !file.IsDir() && licenseFile.MatchString(file.Name()) {
			names = append(names, file.Name())
		}
	}
	more, err := os.ReadDir(filepath.Join(folder, "licenses")) // where a license refers to others
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("find the license of %s: %w", title, err)
	}
	for _, file := range more {
		if len(names) > 0 && file.Type().IsRegular() && filepath.Ext(file.Name()) == ".txt" {
			names = append(names, filepath.Join("licenses", file.Name()))
		}
	}
	found, known := false, false
	for _, name := range names {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return fmt.Errorf("read the license of %s: %w", title, err)
		}
		fmt.Fprintf(text, "\n%s\n%s (%s)\n%[1]s\n\n%[4]s\n", strings.Repeat("=", 80), title, name, strings.TrimSpace(string(content)))
		found = true
		known = known || kind(string(content)) != ""
	}
	if !found {
		return fmt.Errorf("find the license of %s: %s has none", title, folder)
	}
	if !known {
		return fmt.Errorf("check the license of %s: it must be one of %s; read those in %s before it is shipped",
			title, strings.Join(slices.Sorted(maps.Keys(kinds())), ", "), folder)
	}
	return nil
}
