// Package workshop prepares a folder from which a class installs Headstart without a network.
//
// The folder holds the wheel with everything it depends on, the Go modules that cells import, the lessons, and the weights and
// datasets of whoever teaches. A student runs one script in it. It is copied to each machine or mounted on all of them.
package workshop

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/internal/python"
	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/kernel/install/command"
	"github.com/headstart-nb/headstart/kernel/notebook"
)

//go:embed start.sh
var startScript []byte

// Options are what a class gets. Wheel, Out, Lessons and Source are needed.
type Options struct {
	Out      string
	Wheel    string   // of headstart_kernel, as make wheel builds it
	Extras   []string // of the wheel, such as lab, go and cc
	Weights  []string // files that --weights takes
	Datasets []string // folders of images
	Lessons  fs.FS    // of notebooks; their solutions are stripped
	Source   string   // the sources that Go cells import, as HEADSTART_SRC names them
	Python   string   // an interpreter with pip, of the version that the students have
	GoTool   string   // empty leaves the Go modules out
	Progress io.Writer
}

// A Part is one folder of what was prepared.
type Part struct {
	Name  string
	Files int
	Bytes int64
}

// A Report says what was prepared.
type Report struct {
	Parts   []Part
	LeftOut []string // what is not in the folder, each with the reason
}

// Bytes is the size of everything.
func (r Report) Bytes() int64 {
	var sum int64
	for _, p := range r.Parts {
		sum += p.Bytes
	}
	return sum
}

// A PrepareError is a part that could not be prepared. What was prepared before it stays, and is used by the next attempt.
type PrepareError struct {
	Doing string
	Cause error
}

func (e *PrepareError) Error() string {
	return fmt.Sprintf("prepare a workshop: %s: %v", e.Doing, e.Cause)
}

// Unwrap returns the cause.
func (e *PrepareError) Unwrap() error { return e.Cause }

// Prepare fills the folder.
func Prepare(ctx context.Context, o Options) (Report, error) {
	var report Report
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	if filepath.Ext(o.Wheel) != ".whl" {
		return report, &PrepareError{"find the wheel", fmt.Errorf("%q is not a wheel: make wheel builds one in dist/", o.Wheel)}
	}
	if err := copyable(o); err != nil {
		return report, &PrepareError{"find the weights and datasets", err}
	}
	for _, step := range []struct {
		name, doing string
		do          func(context.Context, Options, string) error
	}{
		{"wheels", "download what the wheel depends on", wheels},
		{"modules", "download the Go modules of cells", modules},
		{"lessons", "write the lessons", lessons},
		{"weights", "copy the weights", func(ctx context.Context, o Options, to string) error { return copyAll(ctx, o.Weights, to) }},
		{"datasets", "copy the datasets", func(ctx context.Context, o Options, to string) error { return copyAll(ctx, o.Datasets, to) }},
	} {
		folder := filepath.Join(o.Out, step.name)
		fmt.Fprintf(o.Progress, "%s ...\n", step.doing)
		if err := os.MkdirAll(folder, 0o755); err != nil {
			return report, &PrepareError{step.doing, err}
		}
		if err := step.do(ctx, o, folder); err != nil {
			return report, &PrepareError{step.doing, err}
		}
		part, err := measure(step.name, folder)
		if err != nil {
			return report, &PrepareError{step.doing, err}
		}
		report.Parts = append(report.Parts, part)
	}
	if err := enterable(o.Out); err != nil {
		return report, &PrepareError{"let students enter the folder", err}
	}
	report.LeftOut = leftOut(o)
	for name, content := range map[string][]byte{"start.sh": bytes.ReplaceAll(startScript, []byte("[EXTRAS]"), []byte(o.extras())), "index.html": page(report)} {
		if err := atomicfile.Write(filepath.Join(o.Out, name), content); err != nil {
			return report, &PrepareError{"write " + name, err}
		}
		if err := os.Chmod(filepath.Join(o.Out, name), 0o644); err != nil {
			return report, &PrepareError{"write " + name, err}
		}
	}
	return report, nil
}

// extras are the extras as they follow the name of a wheel; empty where there are none.
func (o Options) extras() string {
	if len(o.Extras) == 0 {
		return ""
	}
	return "[" + strings.Join(o.Extras, ",") + "]"
}

func leftOut(o Options) []string {
	list := []string{"Python itself, and its module venv: each machine needs Python 3.11 or newer"}
	if len(o.Weights) == 0 {
		list = append(list, "ImageNet weights: none were named; the lessons use the sample weights, which are in the wheel")
	}
	if o.GoTool == "" {
		list = append(list, "the Go modules that cells import: no Go was found; magics work without")
	}
	for _, dataset := range o.Datasets {
		if link := firstLink(dataset); link != "" {
			list = append(list, fmt.Sprintf("links in the dataset %s, such as %s: they may lead elsewhere; put the files themselves there", copyName(dataset), link))
		}
	}
	return list
}

// wheels copies the wheel and downloads what it depends on.
func wheels(ctx context.Context, o Options, to string) error {
	own := filepath.Join(to, filepath.Base(o.Wheel))
	if o.Python == "" {
		return errors.New("no interpreter was found")
	}
	if err := copyFile(o.Wheel, own); err != nil {
		return err
	}
	return command.Run(ctx, "", nil, o.Python, python.Module("pip", "download", "--quiet", "--disable-pip-version-check", "--dest", to, own+o.extras())...)
}

// cellImports is a program that imports what cells import of this project.
const cellImports = `package main

import (
	_ "github.com/headstart-nb/headstart/models"
	_ "github.com/headstart-nb/headstart/nbhelpers"
	_ "github.com/janpfeifer/gonb/gonbui"
)

func main() {}
`

// modules downloads the modules that cells import, in the layout of a module proxy. What go keeps of a module besides its archive is
// not needed.
func modules(ctx context.Context, o Options, to string) error {
	if o.GoTool == "" {
		return nil
	}
	scratch, err := os.MkdirTemp("", "headstart-workshop-")
	if err != nil {
		return err
	}
	cache := filepath.Join(scratch, "cache")
	// go makes its files read-only; it removes them itself.
	defer func() {
		_ = command.Run(context.WithoutCancel(ctx), scratch, []string{"GOMODCACHE=" + cache}, o.GoTool, "clean", "-modcache")
		_ = os.RemoveAll(scratch)
	}()
	own, err := safefile.ReadFile(filepath.Join(o.Source, "go.mod"), 1<<20)
	if err != nil {
		return fmt.Errorf("read the module of the sources: %w", err)
	}
	sums, err := safefile.ReadFile(filepath.Join(o.Source, "go.sum"), 1<<20)
	if err != nil {
		return fmt.Errorf("read the hashes of the modules: %w", err)
	}
	_, requirements, _ := strings.Cut(string(own), "\n") // after "module ..."
	module := "module class\n" + requirements +
		"\nrequire github.com/headstart-nb/headstart v0.0.0\n\nreplace github.com/headstart-nb/headstart => " + o.Source + "\n"
	for name, text := range map[string]string{"go.mod": module, "go.sum": string(sums), "main.go": cellImports} {
		if err := os.WriteFile(filepath.Join(scratch, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	env := []string{"GOMODCACHE=" + cache, "GOFLAGS=-mod=mod"}
	for _, args := range [][]string{
		{"list", "-deps", "."}, // what a program that imports these packages is built from
		{"mod", "download"},    // what go get in a cell looks into for a package
		{"mod", "graph"},       // what it reads to choose versions
	} {
		if err := command.Run(ctx, scratch, env, o.GoTool, args...); err != nil {
			return err
		}
	}
	return copyTree(ctx, filepath.Join(cache, "cache", "download"), to)
}

func lessons(_ context.Context, o Options, to string) error {
	files, err := fs.Glob(o.Lessons, "*.ipynb")
	if err != nil {
		return err
	}
	for _, file := range files {
		data, err := fs.ReadFile(o.Lessons, file)
		if err != nil {
			return err
		}
		nb, err := notebook.Parse(data)
		if err != nil {
			return fmt.Errorf("read %s: %w", file, err)
		}
		nb.ForStudents()
		text, err := nb.Bytes()
		if err != nil {
			return fmt.Errorf("write %s: %w", file, err)
		}
		if err := atomicfile.Write(filepath.Join(to, file), text); err != nil {
			return err
		}
	}
	return nil
}
