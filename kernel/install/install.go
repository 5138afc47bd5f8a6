// Package install puts Headstart where Jupyter and its own processes find it.
package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"

	"github.com/headstart-nb/headstart/kernel/install/command"
	"github.com/headstart-nb/headstart/kernel/install/transaction"
)

// Options say what to install and where. Exactly one of the places in Place is used; see NewLayout.
type Options struct {
	Place  Place
	Device Device // which PJRT plugins to bring; empty means DeviceAuto
	Python string // the interpreter that runs pip and names its prefix; empty means python3 from PATH
	DryRun bool   // only list what would be written
	// Weights fetches pretrained weights into the user's cache as well: WeightsImageNet. Empty fetches none.
	Weights string

	// PluginSHA256 is that of XLA's plugin for the CPU, where no hash is known to the program.
	PluginSHA256 string

	// Labextension is the built JupyterLab extension: package.json at its root. Nil installs none.
	Labextension fs.FS
	// Source is the module's source, which Go cells import from: unpacked where Place.Source names no folder.
	Source fs.FS

	// Log receives one line for every step that takes time, and the result. Nil drops them.
	Log io.Writer
}

// A component is one thing that an installation consists of.
type component interface {
	name() string
	// files lists what it owns when it is in place; an entry that ends in a separator is a whole folder.
	files() []string
	// ready reports whether nothing has to be done.
	ready() bool
	// stage makes it, in the transaction's staging folders. Nothing that is in place changes before the commit.
	stage(context.Context, *transaction.Transaction) error
}

// Install puts everything in place, or leaves everything as it was and says in one sentence what stopped it. What is in
// place already is kept. Two at once take turns.
func Install(ctx context.Context, options Options) error {
	return installOn(ctx, systemHost(), options)
}

func installOn(ctx context.Context, h host, options Options) error {
	layout, err := NewLayout(ctx, options.Place, options.Python)
	if err != nil {
		return err
	}
	return installInto(ctx, h, layout, options)
}

func installInto(ctx context.Context, h host, layout Layout, options Options) error {
	if !utf8.ValidString(layout.Root + layout.Share) {
		return fmt.Errorf("install into %q: the list of installed files cannot hold a path that is not UTF-8; name another folder with --prefix", layout.Root)
	}
	if strings.ContainsRune(layout.Root, filepath.ListSeparator) {
		return fmt.Errorf("install into %q: a session finds its programs and XLA by lists of folders, which are parted by %q; name another folder with --prefix",
			layout.Root, filepath.ListSeparator)
	}
	log := newProgress(options.Log)
	plan, err := newPlan(layout, h, options, log)
	if err != nil {
		return err
	}
	if err := belongsToPip(layout, "install into"); err != nil {
		return err
	}
	if err := plan.check(log); err != nil {
		return err
	}
	if options.DryRun {
		plan.list(log)
		return nil
	}
	folders := transaction.MissingFolders(append(plan.files(), layout.manifest(), layout.Share))
	tx, err := begin(ctx, layout, folders, log)
	if err != nil {
		return err
	}
	defer tx.Discard()
	if err := plan.stage(ctx, tx, log); err != nil {
		return err
	}
	asked := transaction.Request{Share: layout.Share, Source: layout.Source, Device: string(options.Device)}
	if err := tx.Commit(plan.files(), asked); err != nil {
		return command.ExplainStep(err)
	}
	log.line("installed: kernel %q in %s", KernelName, layout.Kernelspec())
	if hint := command.PathLine(layout.Bin(), os.Getenv("PATH")); hint != "" {
		log.line("%s", hint)
	}
	return nil
}

// begin begins a transaction once no other installation works on the layout.
func begin(ctx context.Context, layout Layout, folders []string, log *progress) (*transaction.Transaction, error) {
	tx, err := transaction.Begin(ctx, layout.site(), folders, func() {
		log.line("another installation works on %s: waiting for it", layout.Root)
	})
	return tx, command.ExplainStep(err)
}

// A plan is the list of components in the order in which they are committed: the kernelspec last, so that a front end
// sees the new state only once all of it is there.
type plan struct {
	layout     Layout
	components []component // in the order of the commit
	// lanes are the same components by what they wait for: each lane runs sequentially, lanes run in parallel.
	lanes [][]component
}

func newPlan(layout Layout, h host, options Options, log *progress) (*plan, error) {
	plugins, err := choosePlugins(layout, options.Device, h)
	if err != nil {
		return nil, err
	}
	if err := checkWeights(options.Weights); err != nil {
		return nil, err
	}
	if err := checkPluginHash(options.PluginSHA256, h); err != nil {
		return nil, err
	}
	jupyter := []component{}
	python := options.python()
	if layout.Checkout != "" {
		venv := &venv{layout: layout, python: python, log: log}
		jupyter = append(jupyter, venv)
		python = filepath.Join(layout.Prefix, "bin", "python")
	}
	built := []component{&programs{layout: layout, host: h, log: log}}
	for _, p := range plugins.bring {
		component := &pluginComponent{layout: layout, plugin: p, python: python, sha256: options.PluginSHA256, log: log}
		if p.wheel != nil {
			jupyter = append(jupyter, component) // pip's work
		} else {
			built = append(built, component) // headstart-transfer's work
		}
	}
	for _, t := range h.tools {
		built = append(built, &toolComponent{layout: layout, tool: t, goTool: h.goTool, log: log})
	}
	if options.Weights != "" {
		built = append(built, &weights{layout: layout, log: log})
	}
	last := []component{}
	if layout.Checkout == "" && layout.Source == "" && options.Source != nil {
		last = append(last, &tree{title: "sources", dest: layout.SourceDir(), from: options.Source})
	}
	if options.Labextension != nil {
		dest, err := layout.Labextension(options.Labextension)
		if err != nil {
			return nil, err
		}
		last = append(last, &tree{title: "JupyterLab extension", dest: dest, from: options.Labextension, last: "package.json",
			extra: map[string][]byte{"install.json": labextensionOrigin}})
	}
	last = append(last, &logo{layout}, &kernelspec{layout: layout, host: h, plugins: plugins})
	if layout.Checkout != "" {
		last = append(last, &venvLink{layout: layout})
	}

	p := &plan{layout: layout, lanes: [][]component{jupyter, built}}
	p.components = slices.Concat(jupyter, built, last)
	p.lanes = append(p.lanes, last)
	return p, nil
}

func (o Options) python() string {
	if o.Python != "" {
		return o.Python
	}
	return "python3"
}

// files lists everything that the plan's components own.
func (p *plan) files() []string {
	var all []string
	for _, c := range p.components {
		all = append(all, c.files()...)
	}
	return all
}

// check refuses what would take a stranger's place, or what uninstalling could not remove.
func (p *plan) check(log *progress) error {
	installed, err := readManifest(p.layout)
	if err != nil {
		return err
	}
	if err := p.layout.site().Removable(p.files()); err != nil {
		return err
	}
	return (&kernelspec{layout: p.layout}).free(installed, log)
}

func (p *plan) list(log *progress) {
	for _, c := range p.components {
		state := "would write"
		if c.ready() {
			state = "has already"
		}
		for _, f := range c.files() {
			log.line("%s %s (%s)", state, f, c.name())
		}
		if w, ok := c.(*weights); ok {
			log.line("would fetch %s into %s, unless they are there", w.name(), HubCache(os.Getenv))
		}
	}
	log.line("would write %s", p.layout.manifest())
}

// stage prepares what is not ready. The last lane runs when the others are through: it is quick and names their results.
func (p *plan) stage(ctx context.Context, tx *transaction.Transaction, log *progress) error {
	group, groupCtx := errgroup.WithContext(ctx)
	final := len(p.lanes) - 1
	for _, lane := range p.lanes[:final] {
		group.Go(func() error { return stageLane(groupCtx, lane, tx, log) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	return stageLane(ctx, p.lanes[final], tx, log)
}

func stageLane(ctx context.Context, lane []component, tx *transaction.Transaction, log *progress) error {
	for _, c := range lane {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("the installation was interrupted before %s: what was there is unchanged; run it again to go on", c.name())
		}
		if c.ready() {
			continue
		}
		if err := c.stage(ctx, tx); err != nil {
			if ctx.Err() != nil {
				return fmt.Errorf("the installation was interrupted at %s: what was there is unchanged; run it again to go on", c.name())
			}
			if soft := (*optionalError)(nil); errors.As(err, &soft) {
				log.line("warning: %v", soft.err)
				continue
			}
			return command.Explain(err, c.name())
		}
	}
	return nil
}

// An optionalError tells that a component is missing without which the rest still works.
type optionalError struct{ err error }

func (e *optionalError) Error() string { return e.err.Error() }
func (e *optionalError) Unwrap() error { return e.err }

// exists reports whether a path leads to something, links followed.
func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
