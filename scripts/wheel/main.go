// Command wheel packs an installation as a Python wheel: the programs, the kernelspec, the JupyterLab extension and the
// sources that Go cells import, with a launcher in Python.
//
// The same sources give the same bytes: entries are sorted, and their time is SOURCE_DATE_EPOCH. It is written in Go, not
// for a Python build backend, since all that it packs is known to the Go packages that install it elsewhere.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/kernel/install"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var o options
	flag.StringVar(&o.checkout, "checkout", ".", "root of the project's checkout")
	flag.StringVar(&o.out, "out", "dist", "folder for the wheel")
	flag.StringVar(&o.programs, "programs", "", "folder of programs to pack as they are, instead of building them")
	flag.StringVar(&o.notices, "notices", "", "write the licenses of what -programs link to this file, and pack nothing")
	flag.Parse()
	file, err := o.run(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "wheel:", err)
		os.Exit(1)
	}
	fmt.Println(file)
}

type options struct{ checkout, out, programs, notices string }

func (o options) run(ctx context.Context) (file string, err error) {
	if o.notices != "" {
		return o.notices, o.writeNotices(ctx)
	}
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		return "", fmt.Errorf("build the wheel on %s/%s: its XLA plugin is for linux/amd64; build it there", runtime.GOOS, runtime.GOARCH)
	}
	at, err := sourceDate(os.Getenv("SOURCE_DATE_EPOCH"))
	if err != nil {
		return "", err
	}
	programs := o.programs
	if programs == "" {
		if programs, err = os.MkdirTemp("", "headstart-wheel-"); err != nil {
			return "", fmt.Errorf("make a folder for the programs: %w", err)
		}
		defer os.RemoveAll(programs)
		if err := build(ctx, o.checkout, programs); err != nil {
			return "", err
		}
	}
	w, err := newWheel(ctx, o.checkout, programs)
	if err != nil {
		return "", err
	}
	return w.write(o.out, at)
}

// firstZipTime is the earliest time that an entry of a zip archive can have.
var firstZipTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

func sourceDate(epoch string) (time.Time, error) {
	if epoch == "" {
		return firstZipTime, nil
	}
	seconds, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil {
		return time.Time{}, fmt.Errorf("read SOURCE_DATE_EPOCH: %q is not a number of seconds", epoch)
	}
	at := time.Unix(seconds, 0).UTC()
	if at.Before(firstZipTime) {
		return firstZipTime, nil
	}
	return at, nil
}

// build builds every program without the paths of this machine, and without what only a debugger reads.
func build(ctx context.Context, checkout, into string) error {
	into, err := filepath.Abs(into)
	if err != nil {
		return err
	}
	for _, b := range install.Builds() {
		fmt.Fprintln(os.Stderr, "building", b.Program, "...")
		folder, flags, err := buildFolder(ctx, checkout, into, b)
		if err != nil {
			return err
		}
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(into, b.Program), b.Package)
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS="+flags, "CGO_ENABLED=0")
		if b.Cgo {
			cmd.Env = append(append(cmd.Env, "CGO_ENABLED=1"), install.Vectors(ctx, "", "go")...)
		}
		if output, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("build %s: %w: %s", b.Program, err, strings.TrimSpace(string(output)))
		}
	}
	return nil
}

// buildFolder is the folder to build a program in, with the flags for it. One whose source is corrected is built in a copy of its
// tool module.
func buildFolder(ctx context.Context, checkout, into string, b install.Build) (folder, flags string, err error) {
	folder = filepath.Join(checkout, filepath.FromSlash(b.Folder))
	if !b.Repaired {
		return folder, "-mod=readonly", nil
	}
	scratch := filepath.Join(into, b.Program+"-module")
	if err := os.MkdirAll(scratch, 0o755); err != nil {
		return "", "", err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return "", "", err
		}
		if err := os.WriteFile(filepath.Join(scratch, name), data, 0o644); err != nil {
			return "", "", err
		}
	}
	return scratch, "-mod=mod -buildvcs=false", install.CorrectSource(ctx, "go", scratch, b.Program)
}

// goEnv asks the go command for one of its settings.
func goEnv(ctx context.Context, name string) (string, error) {
	output, err := exec.CommandContext(ctx, "go", "env", name).Output()
	value := strings.TrimSpace(string(output))
	if err == nil && value == "" {
		err = errors.New("it is empty")
	}
	if err != nil {
		return "", fmt.Errorf("ask go for %s: %w", name, err)
	}
	return value, nil
}
