package main

import (
	"archive/zip"
	"bytes"
	"errors"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/headstart-nb/headstart/internal/need"
	"github.com/headstart-nb/headstart/internal/python"
	"github.com/headstart-nb/headstart/kernel/install"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// fakePrograms is a folder of programs that are all this test, which is a Go program as well.
func fakePrograms(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	for _, b := range install.Builds() {
		if err := os.Link(self, filepath.Join(folder, b.Program)); err != nil {
			if err := os.Symlink(self, filepath.Join(folder, b.Program)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return folder
}

func pack(t *testing.T) *wheel {
	t.Helper()
	w, err := newWheel(t.Context(), "../..", fakePrograms(t))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// small leaves the programs out, whose compression takes its time.
func small(w *wheel) *wheel {
	for _, b := range install.Builds() {
		w.files[rootFolder+"/bin/"+b.Program] = entry{content: []byte("#!/bin/sh\n"), executable: true}
	}
	return w
}

func TestSameSourcesGiveTheSameBytes(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)
	var built [2][]byte
	for i := range built {
		file, err := small(pack(t)).write(t.TempDir(), at)
		if err != nil {
			t.Fatal(err)
		}
		if built[i], err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Second) // the unit of a zip archive's time
	}
	if !bytes.Equal(built[0], built[1]) {
		t.Error("two wheels from the same sources differ")
	}
	archive, err := zip.NewReader(bytes.NewReader(built[0]), int64(len(built[0])))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range archive.File {
		names = append(names, file.Name)
		if !file.Modified.Equal(at) {
			t.Errorf("%s has the time %s", file.Name, file.Modified)
		}
	}
	if last := names[len(names)-1]; last != distInfo+"/RECORD" {
		t.Errorf("the last entry is %s", last)
	}
	if !slices.IsSorted(names[:len(names)-1]) {
		t.Error("the entries are not sorted")
	}
	for _, want := range []string{
		"headstart_kernel/__main__.py", shareFolder + "/kernels/headstart/kernel.json",
		shareFolder + "/labextensions/@headstart-nb/labextension/package.json", rootFolder + "/bin/headstart-transfer",
		rootFolder + "/src/go.mod", distInfo + "/licenses/THIRD_PARTY_NOTICES",
	} {
		if !slices.Contains(names, want) {
			t.Errorf("%s is missing", want)
		}
	}
	if slices.ContainsFunc(names, func(name string) bool { return strings.Contains(name, "__pycache__") }) {
		t.Error("it holds compiled Python")
	}
}

func TestNoticesNameEveryModule(t *testing.T) {
	text := string(pack(t).files[distInfo+"/licenses/THIRD_PARTY_NOTICES"].content)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	info, err := builtWith(self)
	if err != nil {
		t.Fatal(err)
	}
	for _, dep := range info.Deps {
		if !strings.Contains(text, "\n"+dep.Path+" "+dep.Version+" (") {
			t.Errorf("the license of %s is missing", dep.Path)
		}
	}
	if !strings.Contains(text, "Copyright 2009 The Go Authors") {
		t.Error("the license of Go is missing")
	}
	empty := t.TempDir()
	if err := section(&strings.Builder{}, "x", empty); err == nil {
		t.Error("a module without a license was packed")
	}
}

func TestSourceDate(t *testing.T) {
	for epoch, want := range map[string]time.Time{
		"": firstZipTime, "0": firstZipTime, "1790000000": time.Unix(1790000000, 0).UTC(),
	} {
		if got, err := sourceDate(epoch); err != nil || !got.Equal(want) {
			t.Errorf("%q: %s, %v", epoch, got, err)
		}
	}
	if _, err := sourceDate("yesterday"); err == nil {
		t.Error("a date that is not a number was accepted")
	}
}

// unpackWheel does what pip does: data goes below the prefix, the rest into the folder of packages.
func unpackWheel(t *testing.T, w *wheel) (prefix, packages string) {
	t.Helper()
	prefix = t.TempDir()
	packages = filepath.Join(prefix, "lib", "python3", "site-packages")
	for name, file := range w.files {
		dest := filepath.Join(packages, filepath.FromSlash(name))
		if below, ok := strings.CutPrefix(name, dataFolder+"/"); ok {
			dest = filepath.Join(prefix, filepath.FromSlash(below))
		}
		mode := os.FileMode(0o644)
		if file.executable {
			mode = 0o755
		}
		put(t, dest, file.content, mode)
	}
	return prefix, packages
}

func put(t *testing.T, file string, content []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, mode); err != nil {
		t.Fatal(err)
	}
}

// TestLauncher starts a program through the launcher as Jupyter does, from a hostile folder, without a PATH.
func TestLauncher(t *testing.T) {
	// What PATH has may be a script that needs a PATH itself.
	found, err := exec.Command("python3", python.Code("import sys; print(sys.executable)")...).Output()
	if err != nil {
		need.Lack(t, need.Setup, "no python3 on PATH")
	}
	interpreter := strings.TrimSpace(string(found))
	prefix, packages := unpackWheel(t, small(pack(t)))
	root := filepath.Join(prefix, "lib", "headstart")
	put(t, filepath.Join(root, "bin", "headstart"), []byte("#!/bin/sh\necho \"args=$*\"\nexport -p\nexit 7\n"), 0o755)
	for _, file := range []string{"go/__init__.py", "go/bin/go", "lammps_jax_pjrt_cpu/__init__.py",
		"lammps_jax_pjrt_cpu/pjrt_c_api_cpu_plugin.so", "ziglang/__init__.py", "ziglang/zig"} {
		content := []byte("raise SystemExit('imported')\n")
		if filepath.Base(file) == "zig" {
			content = []byte("#!/bin/sh\necho zig $*\n")
		}
		put(t, filepath.Join(packages, file), content, 0o755)
	}
	hostile := t.TempDir()
	for _, name := range []string{"headstart_kernel.py", "os.py", "shutil.py", "go.py"} {
		put(t, filepath.Join(hostile, name), []byte("raise SystemExit('HOSTILE')\n"), 0o644)
	}
	run := func(env ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), interpreter, "-P", "-m", "headstart_kernel", "kernel", "--connection-file", "a b")
		cmd.Dir = hostile
		cmd.Env = append([]string{"PYTHONPATH=" + packages, "PYTHONDONTWRITEBYTECODE=1", "HOME=" + hostile}, env...)
		output, err := cmd.CombinedOutput()
		return string(output), err
	}
	output, err := run("PATH=")
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 7 {
		t.Errorf("ended with %v", err)
	}
	value := func(name string) string {
		_, rest, _ := strings.Cut(output, " "+name+"=")
		rest, _, _ = strings.Cut(rest, "\n")
		return strings.Trim(rest, `'"`)
	}
	if !strings.HasPrefix(output, "args=kernel --connection-file a b\n") {
		t.Errorf("said %q", output)
	}
	for name, want := range map[string]string{
		"PATH":                     strings.Join([]string{filepath.Join(root, "bin"), filepath.Join(packages, "go", "bin"), "/usr/local/bin:/usr/bin:/bin"}, ":"),
		"HEADSTART_SRC":            filepath.Join(root, "src"),
		"PJRT_PLUGIN_LIBRARY_PATH": filepath.Join(packages, "lammps_jax_pjrt_cpu"),
	} {
		if got := value(name); got != want {
			t.Errorf("%s=%q, not %q", name, got, want)
		}
	}

	output, _ = run("PATH=/nowhere", "PJRT_PLUGIN_LIBRARY_PATH=/mine")
	if got := value("PJRT_PLUGIN_LIBRARY_PATH"); got != "/mine" {
		t.Errorf("what the user set became %q", got)
	}
	cc := value("CC")
	if want := filepath.Join(root, "libexec", "zig-cc"); cc != want {
		t.Fatalf("without a compiler CC is %q", cc)
	}
	compile := exec.CommandContext(t.Context(), cc, "-c", "x.c")
	compile.Env = []string{"PATH=/nowhere", "HEADSTART_ZIG=" + value("HEADSTART_ZIG")}
	if said, err := compile.Output(); err != nil || string(said) != "zig cc -c x.c\n" {
		t.Errorf("the compiler said %q, %v", said, err)
	}
	own := t.TempDir()
	put(t, filepath.Join(own, "gcc"), nil, 0o755)
	if output, _ = run("PATH=" + own); value("CC") != "" {
		t.Errorf("with a compiler on PATH, CC is %q", value("CC"))
	}

	if err := os.Remove(filepath.Join(root, install.WheelMark)); err != nil {
		t.Fatal(err)
	}
	if output, err := run(); err == nil || !strings.HasPrefix(output, "headstart: find lib/headstart") || strings.Count(output, "\n") != 1 {
		t.Errorf("without its files the launcher said %q, %v", output, err)
	}
}

func TestGlibcOf(t *testing.T) {
	file := filepath.Join(t.TempDir(), "static")
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.WriteString(out, "not a program")
	if closing := out.Close(); err != nil || closing != nil {
		t.Fatal(err, closing)
	}
	if _, err := glibcMinor([]string{file}); err == nil || !strings.Contains(err.Error(), "read which glibc "+file) {
		t.Errorf("got %v", err)
	}
	if minor, err := glibcMinor(nil); err != nil || minor != oldestMinor {
		t.Errorf("without programs: 2.%d, %v", minor, err)
	}
}

// TestPapermillWritesGo lets papermill translate parameters, and Go read what came out.
func TestPapermillWritesGo(t *testing.T) {
	interpreter, err := filepath.Abs("../../.headstart/venv/bin/python")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(interpreter); err != nil {
		need.Lack(t, need.Setup, "no papermill: run make setup")
	}
	run := exec.CommandContext(t.Context(), interpreter, "-P", filepath.Join("testdata", "parameters.py"))
	run.Env = append(os.Environ(), "PYTHONPATH="+filepath.Join("..", "..", "python"), "PYTHONDONTWRITEBYTECODE=1", "PYTHONIOENCODING=utf-8")
	output, err := run.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	golden := filepath.Join("testdata", "parameters.golden")
	if *update {
		put(t, golden, output, 0o644)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(output, want) {
		t.Errorf("papermill writes\n%s", output)
	}
	cell, _, _ := strings.Cut(string(output), "refused:")
	cell, _, _ = strings.Cut(cell, "accepted:")
	checked := types.Config{}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, "cell.go", "package cell\n"+cell, 0)
	if err == nil {
		_, err = checked.Check("cell", set, []*ast.File{file}, nil)
	}
	if err != nil {
		t.Errorf("it is not Go: %v", err)
	}
}

func TestKindsOfLicenses(t *testing.T) {
	for text, want := range map[string]string{
		"                     Apache License\n               Version 2.0, January 2004": "Apache-2.0",
		"Licensed under the Apache License, Version 2.0 (the \"License\")":              "Apache-2.0",
		"Permission is hereby granted, free of\ncharge, to any person":                  "MIT",
		"Redistribution and use in source and binary forms, with or without":            "BSD",
		"Mozilla Public License, version 2.0\n... GNU General Public License":           "MPL-2.0",
		"GNU AFFERO GENERAL PUBLIC LICENSE Version 3":                                   "",
		"All rights reserved.": "",
	} {
		if got := kind(text); got != want {
			t.Errorf("%.40q: %q, want %q", text, got, want)
		}
	}
}

func TestGoNBIsBuiltFromItsCorrectedSource(t *testing.T) {
	for _, b := range install.Builds() {
		folder, _, err := buildFolder(t.Context(), "../..", t.TempDir(), b)
		if err != nil {
			t.Fatal(err)
		}
		mod, err := os.ReadFile(filepath.Join(folder, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		if corrected := strings.Contains(string(mod), "=> ./"); corrected != b.Repaired || corrected != (b.Program == "gonb") {
			t.Errorf("%s: corrected is %t, want %t", b.Program, corrected, b.Repaired)
		}
	}
}
