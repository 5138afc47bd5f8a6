// Package doctor checks an installation, with a fix for what it finds.
package doctor

import (
	"context"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/kernel/gonb/debug"
	"github.com/headstart-nb/headstart/kernel/install"
)

// A Report is what all checks found, in a fixed order.
type Report struct {
	Checks []diagnosis.Diagnosis `json:"checks"`
}

// Failed counts the checks that failed.
func (r Report) Failed() int {
	failed := 0
	for _, check := range r.Checks {
		if check.Severity == diagnosis.Error {
			failed++
		}
	}
	return failed
}

// Clean reports whether every check is ok.
func (r Report) Clean() bool {
	return diagnosis.Worst(r.Checks) == diagnosis.OK
}

// Options say what to check.
type Options struct {
	Layout install.Layout
	Python string // as given to the installation; empty means the one that belongs to it
	// Labextension is the extension that the program carries; nil where there is none.
	Labextension fs.FS
	Version      string // of the running program
}

// Examine runs every check. It takes a few seconds, most of which the device's check needs.
func Examine(ctx context.Context, options Options) Report {
	return examine(ctx, &subject{
		Options: options, root: "/", now: time.Now, getenv: os.Getenv, freeSpace: freeSpace, canTrace: debug.CanTrace,
		goTool: install.FindGo(), compiler: install.FindCompiler(), home: stateFolder(options.Layout),
	})
}

// A subject is the installation and the machine that it is on.
type subject struct {
	Options
	root      string // "/" but for tests
	now       func() time.Time
	getenv    func(string) string
	freeSpace func(dir string) (bytes uint64, err error)
	canTrace  func() error // why a program may not trace another
	goTool    string
	compiler  string
	home      string // the state folder
}

func stateFolder(layout install.Layout) string {
	if layout.Home != "" {
		return layout.Home
	}
	home, err := paths.State()
	if err != nil {
		return "" // the checks that need it say so
	}
	return home
}

// checks are in the order in which one depends on the other.
func checks() []func(context.Context, *subject) diagnosis.Diagnosis {
	return []func(context.Context, *subject) diagnosis.Diagnosis{
		checkGo, checkCompiler, checkTool("gonb"), checkTool("goimports"), checkTool("gopls"), checkDebugger,
		checkPrograms, checkKernelspec, checkJupyter, checkLabextension,
		checkPlugin, checkDevice, checkMemory,
		checkWeights, checkFeatures, checkDisk, checkClock, checkPlatform,
	}
}

func examine(ctx context.Context, s *subject) Report {
	list := checks()
	report := Report{Checks: make([]diagnosis.Diagnosis, len(list))}
	var wait sync.WaitGroup
	for i, check := range list {
		wait.Go(func() { report.Checks[i] = check(ctx, s) })
	}
	wait.Wait()
	return report
}

func ok(name, found string) diagnosis.Diagnosis { return finding(diagnosis.OK, name, found, "") }

func warning(name, found, fix string) diagnosis.Diagnosis {
	return finding(diagnosis.Warning, name, found, fix)
}

func failed(name, found, fix string) diagnosis.Diagnosis {
	return finding(diagnosis.Error, name, found, fix)
}

// finding is a diagnosis whose code is the name of its check.
func finding(severity diagnosis.Severity, name, found, fix string) diagnosis.Diagnosis {
	code := strings.ReplaceAll(strings.ToLower(name), " ", "-")
	return diagnosis.Diagnosis{Subject: name, Severity: severity, Code: code, Sentence: found, Fix: fix}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// oneLine keeps a program's complaint readable in a table: its last line, cut where it is very long.
func oneLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	line := strings.TrimSpace(lines[len(lines)-1])
	if len(line) > 300 {
		line = line[:300] + "..."
	}
	return line
}
