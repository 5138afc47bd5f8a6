package gotool

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/headstart-nb/headstart/kernel/gonb/program"
)

// build builds the program of a cell, with flags of the user's.
func (t *Tool) build(output string, flags []string) int {
	var lost *program.LostError
	switch err := t.compose(); {
	case errors.As(err, &lost): // as the compiler would say it
		fmt.Fprintf(t.Stderr, "# %s\n./%s:%d:%d: %v\n", filepath.Base(t.Dir), mainFile, lost.Line, lost.Column, lost)
		return 1
	case err != nil:
		return t.handOver()
	}
	if t.debugBuild(output, flags) {
		return 0
	}
	if len(flags) > 0 || !t.plainSettings() {
		return t.buildAll(output, flags)
	}
	f, err := t.parse(false)
	if err != nil {
		return t.buildAll(output, nil)
	}
	env, err := t.goEnv()
	if err != nil {
		return t.buildAll(output, nil)
	}
	folder, err := t.planFolder(f, env)
	if err != nil {
		return t.buildAll(output, nil)
	}
	if p, ok := loadPlan(folder); ok {
		if status, done := t.follow(p, f, env, output); done {
			return status
		}
	}
	return t.buildAndKeep(folder, output, nil)
}

// buildAll has the real go build the program.
func (t *Tool) buildAll(output string, flags []string) int {
	if !t.changed {
		return t.handOver()
	}
	return t.buildAndKeep("", output, flags)
}

// plainSettings tells whether the environment asks for nothing but a usual build for this machine.
func (t *Tool) plainSettings() bool {
	if goos := t.getenv("GOOS"); goos != "" && goos != runtime.GOOS {
		return false
	}
	if goarch := t.getenv("GOARCH"); goarch != "" && goarch != runtime.GOARCH {
		return false
	}
	if work := t.getenv("GOWORK"); work != "" && work != Off || exists(filepath.Join(t.Dir, "go.work")) {
		return false
	}
	for _, flag := range strings.Fields(t.getenv("GOFLAGS")) {
		name, _, _ := strings.Cut(strings.TrimPrefix(flag, "-"), "=")
		switch strings.TrimPrefix(name, "-") {
		case "buildvcs", "mod", "modcacherw":
		default:
			return false
		}
	}
	return true
}

// workFolder makes a folder for a build inside of GoNB's own, which GoNB removes at its end: a build may be killed.
func (t *Tool) workFolder() (string, error) { return os.MkdirTemp(t.Dir, ".build-") }

// buildAndKeep has the real go build the program and keeps its import configurations in a folder, if one is given.
func (t *Tool) buildAndKeep(folder, output string, flags []string) int {
	temp, err := t.workFolder()
	if err != nil {
		return t.handOver()
	}
	defer os.RemoveAll(temp)
	path, err := t.realGo()
	if err != nil {
		return t.handOver()
	}
	file, err := t.written(temp)
	if err != nil {
		return t.handOver()
	}
	overlay, err := t.overlay(temp, mainFile, file)
	if err != nil {
		return t.handOver()
	}
	var messages bytes.Buffer
	env := append(t.Env[:len(t.Env):len(t.Env)], "GOTMPDIR="+temp)
	status := t.exec(t.Stdout, &messages, env, path, slices.Concat([]string{"build", "-work", "-o", output}, overlay, flags)...)
	text, work := messages.String(), ""
	if rest, ok := strings.CutPrefix(text, "WORK="); ok {
		work, text, _ = strings.Cut(rest, "\n")
	}
	fmt.Fprint(t.Stderr, text)
	if status == 0 && folder != "" {
		_ = t.keepPlan(folder, work) // without a plan the next build takes as long as this one
	}
	return status
}

// follow compiles and links by a plan. Done is false where the plan did not lead to a program though the cell may be
// right: then the real go has to say what is wrong.
func (t *Tool) follow(p *plan, f files, env goEnv, output string) (status int, done bool) {
	mod, err := readModule(filepath.Join(t.Dir, "go.mod"))
	if err != nil || mod.Go == nil {
		return 0, false
	}
	work, err := t.workFolder()
	if err != nil {
		return 0, false
	}
	defer os.RemoveAll(work)
	object := filepath.Join(work, "_pkg_.a")
	if messages, ok := t.compile(p, f, mod, env, object); !ok {
		if !bytes.Contains(messages, []byte(".go:")) {
			return 0, false // not about the cell's code
		}
		fmt.Fprintf(t.Stderr, "# %s\n%s", mod.Module.Mod.Path, messages)
		return 1, true
	}
	return 0, t.link(p, mod, env, object, output)
}

// compile compiles the files of the cell; messages are the compiler's.
func (t *Tool) compile(p *plan, f files, mod *modfile.File, env goEnv, object string) (messages []byte, ok bool) {
	args := []string{
		"-o", object, "-trimpath", filepath.Dir(object) + "=>" + t.Dir, "-p", "main", "-lang=go" + language(mod.Go.Version),
		"-complete", "-goversion", env.GOVERSION, "-c=" + strconv.Itoa(min(runtime.NumCPU(), 4)), "-nolocalimports",
		"-importcfg", filepath.Join(p.folder, compileConfig), "-pack",
	}
	written, err := t.written(filepath.Dir(object))
	if err != nil {
		return nil, false
	}
	for _, name := range f.names {
		if name == mainFile && written != "" {
			args = append(args, written)
		} else {
			args = append(args, "./"+name)
		}
	}
	var out bytes.Buffer
	ok = t.exec(&out, &out, t.toolEnv(env), filepath.Join(env.GOTOOLDIR, "compile"), args...) == 0
	messages = out.Bytes()
	if written != "" {
		messages = bytes.ReplaceAll(messages, []byte(written), []byte("./"+mainFile))
	}
	return messages, ok
}

// language is the language version of a Go release: 1.26 of 1.26.5.
func language(release string) string {
	parts := strings.SplitN(release, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// link links the program without symbols and without what a debugger reads, which take much of the linker's time; stack
// traces do not need it. With packages of C it first tries Go's own linker.
func (t *Tool) link(p *plan, mod *modfile.File, env goEnv, object, output string) bool {
	config, err := os.ReadFile(filepath.Join(p.folder, linkConfig))
	if err != nil {
		return false
	}
	text, ok := relink(string(config), p.Module, mod.Module.Mod.Path, object)
	if !ok {
		return false
	}
	file := filepath.Join(filepath.Dir(object), linkConfig)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return false
	}
	program := filepath.Join(filepath.Dir(object), "a.out")
	usesC := strings.Contains(text, "packagefile runtime/cgo=")
	args := []string{"-o", program, "-importcfg", file, "-buildmode=exe", "-s", "-w"}
	if usesC && !p.External {
		var out bytes.Buffer
		if t.exec(&out, &out, t.toolEnv(env), t.linker(env), append(args, "-linkmode=internal", object)...) == 0 {
			return os.Rename(program, output) == nil
		}
		p.External = true
		_ = p.update() // without it the next build tries again
	}
	if usesC {
		args = append(args, "-extld="+t.cCompiler())
	}
	var out bytes.Buffer
	return t.exec(&out, &out, t.toolEnv(env), t.linker(env), append(args, object)...) == 0 && os.Rename(program, output) == nil
}

func (t *Tool) linker(env goEnv) string { return filepath.Join(env.GOTOOLDIR, "link") }

func (t *Tool) cCompiler() string {
	if cc := t.getenv("CC"); cc != "" {
		return cc
	}
	return "gcc"
}

// toolEnv is the environment of the compiler and the linker, which the go command gives GOROOT.
func (t *Tool) toolEnv(env goEnv) []string {
	return append(t.Env[:len(t.Env):len(t.Env)], "GOROOT="+env.GOROOT)
}

// relink names the cell's own object in a link configuration, and its module in what the program knows of itself.
func relink(config, oldModule, newModule, object string) (string, bool) {
	lines := strings.Split(config, "\n")
	found := false
	for i, line := range lines {
		switch {
		case strings.HasPrefix(line, "packagefile "+oldModule+"="):
			lines[i] = "packagefile " + newModule + "=" + object
			found = true
		case strings.HasPrefix(line, "modinfo "):
			lines[i] = strings.ReplaceAll(line, oldModule, newModule)
		}
	}
	return strings.Join(lines, "\n"), found
}
