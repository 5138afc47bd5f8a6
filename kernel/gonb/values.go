package gonb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/internal/paths"
	"github.com/headstart-nb/headstart/kernel/gonb/cell"
	"github.com/headstart-nb/headstart/kernel/gonb/program"
	"github.com/headstart-nb/headstart/kernel/gonb/report"
	"github.com/headstart-nb/headstart/kernel/session"
	"github.com/headstart-nb/headstart/kernel/wire"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/keep"
)

// values are the variables that last from one cell to the next. Engine.mu guards it.
type values struct {
	folder  string          // of the kept values
	begun   bool            // the folder holds values of this engine only
	carried cell.Carried    // declarations that GoNB has to be told
	lost    map[string]bool // variables of statements that have no value

	skipped map[string]bool // variables with an initializer whose values cannot be kept

	statements map[string]bool // variables that have no value but the kept one

	declared map[string]program.Variable // how variables with a kept value can be declared
}

// valueFile is where a program writes what its last expression shows, in the folder of GoNB's module.
const valueFile = ".headstart-value.json"

// refusalFile is where a program says that it did not run, since a variable that it uses has no value.
const refusalFile = ".headstart-refusal"

// runCell runs a cell of the user: statements that stand outside of a function are put into func main, variables are given
// their kept values, and the value of a last expression is shown.
func (e *Engine) runCell(ctx context.Context, in *instance, c cell.Cell, io session.IO) result {
	return e.runWith(ctx, in, c, io, program.Images{})
}

// runWith is runCell; with images, the last expression becomes a folder of images.
func (e *Engine) runWith(ctx context.Context, in *instance, c cell.Cell, io session.IO, images program.Images) result {
	work := in.waitForWork(ctx)
	if c.Lists() {
		e.removeAdded(ctx, in)
	}
	if err := e.forget(c); err != nil {
		e.options.Log.Warn("values of variables were not removed", "error", err)
	}
	e.mu.Lock()
	prepared := cell.Prepare(c, e.carriedFor(c))
	stale := e.memory.Variables(prepared.Others...)
	e.mu.Unlock()
	if len(stale) > 0 { // what was a variable is declared as something else
		e.remove(ctx, in, stale)
		e.mu.Lock()
		prepared = cell.Prepare(c, e.carriedFor(c))
		e.mu.Unlock()
	}
	if err := e.describe(work, prepared, images); err != nil { // to run without the values would be to run with wrong ones
		failure := report.Plain("ValuesError", fmt.Sprintf("prepare the variables of the cell: %v", err))
		return result{failure: &failure}
	}
	endDebugging := e.prepareDebugger(work, c, io)
	r := e.run(ctx, in, prepared.Cell, io)
	endDebugging()
	if refused, err := os.ReadFile(filepath.Join(work, refusalFile)); err == nil && r.failure != nil {
		e.mu.Lock()
		failure := report.Refused(string(refused), in.generated(), &e.cells)
		e.mu.Unlock()
		r.failure = &failure
	}
	outcome := readOutcome(work)
	if r.compiled {
		e.mu.Lock()
		e.memory.Add(prepared.Cell)
		if prepared.Origin != nil { // GoNB was told of them
			e.values.carried = cell.Carried{}
		}
		e.mu.Unlock()
		for _, notice := range e.learn(ctx, in, prepared, outcome, r) {
			_ = io.Stream(wire.Stderr, notice+"\n") // fails when the cell has ended: nobody reads it
		}
	}
	if shown, ok := readValue(work); ok {
		_ = io.Result(wire.ExecuteResult{Data: shown.Data, Metadata: shown.Metadata})
	}
	return r
}

// carriedFor is what GoNB has to be told with a cell. Its func main of %% calls flag.Parse: goimports looks for a package that
// is not imported in every module that a cell has imported, which takes about 0.1 s with GoMLX among them.
func (e *Engine) carriedFor(c cell.Cell) cell.Carried {
	var carried cell.Carried
	carried.Join(e.values.carried)
	if c.HasMainLine() && !e.memory.Declares("import", "flag") {
		carried.Add(`import "flag"`, report.Position{})
	}
	return carried
}

// removeAdded makes GoNB forget what carriedFor added, before it lists what the cells have declared.
func (e *Engine) removeAdded(ctx context.Context, in *instance) {
	e.mu.Lock()
	names := e.memory.RemoveAdded()
	e.mu.Unlock()
	if len(names) > 0 {
		e.run(ctx, in, cell.New("%rm "+strings.Join(names, " "), 0), silence{})
	}
}

// describe tells the stand-in for go about the cell that GoNB is about to build.
func (e *Engine) describe(work string, prepared cell.Prepared, images program.Images) error {
	if work == "" {
		return errors.New("GoNB does not say where it works")
	}
	for _, name := range []string{valueFile, refusalFile, program.OutcomeFile} { // of the cell before; this one may build nothing
		if err := os.Remove(filepath.Join(work, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	description := program.Cell{
		Statements: prepared.Statements, Declared: prepared.Declared, ValueFile: filepath.Join(work, valueFile), Images: images,
		RefusalFile: filepath.Join(work, refusalFile),
	}
	e.mu.Lock()
	description.Lost = slices.Sorted(maps.Keys(e.values.lost))
	description.Skip = slices.Sorted(maps.Keys(e.values.skipped))
	e.mu.Unlock()
	entries, err := e.entries()
	if err == nil && !prepared.IsTest() && !prepared.IsWasm() {
		description.Store, description.Quota = e.values.folder, keep.DefaultQuota
		description.Stored = map[string]program.Stored{}
		for _, entry := range entries {
			description.Stored[entry.Name] = program.Stored{Small: entry.Small, Shared: entry.Shared, Types: entry.Types, Funcs: entry.Funcs}
		}
	}
	text, marshalErr := json.Marshal(description)
	if marshalErr != nil {
		return marshalErr
	}
	return errors.Join(err, os.WriteFile(filepath.Join(work, program.CellFile), text, 0o600))
}

// store is the folder of kept values, for a caller that does not know the types of any. What another kernel left there under
// this one's name is removed first.
func (e *Engine) store() (*keep.Store, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.values.begun {
		if err := os.RemoveAll(e.values.folder); err != nil {
			return nil, fmt.Errorf("remove the values of an earlier kernel: %w", err)
		}
		e.values.begun = true
	}
	for _, folder := range []string{e.options.TempDir, e.values.folder} { // before the first cell there is neither
		if _, err := paths.Private(folder); err != nil {
			return nil, fmt.Errorf("make a folder for the values of variables: %w", err)
		}
	}
	return keep.Open(e.values.folder, keep.Options{Quota: keep.DefaultQuota}), nil
}

func (e *Engine) entries() ([]keep.Entry, error) {
	store, err := e.store()
	if err != nil {
		return nil, err
	}
	return store.List()
}

// readOutcome is what the stand-in for go found out; empty where it left the program as it was.
func readOutcome(work string) program.Outcome {
	var outcome program.Outcome
	if text, err := os.ReadFile(filepath.Join(work, program.OutcomeFile)); err == nil {
		_ = json.Unmarshal(text, &outcome) // it is ours; a broken one says nothing
	}
	return outcome
}

// readValue is what the program's last expression shows.
func readValue(work string) (shown display.Bundle, ok bool) {
	text, err := os.ReadFile(filepath.Join(work, valueFile))
	if err != nil {
		return shown, false
	}
	return shown, json.Unmarshal(text, &shown) == nil && len(shown.Data) > 0
}

// learn takes over what a cell has declared, and returns what the user should know about it.
func (e *Engine) learn(ctx context.Context, in *instance, prepared cell.Prepared, outcome program.Outcome, r result) (notices []string) {
	if err := e.replaced(prepared.Declared, outcome.Saved); err != nil {
		e.options.Log.Warn("values of variables were not removed", "error", err)
	}
	entries, err := e.entries()
	if err != nil {
		e.options.Log.Warn("the values of variables cannot be listed", "error", err)
	}
	kept := map[string]string{}
	for _, entry := range entries {
		kept[entry.Name] = entry.Type
	}
	ended := r.failure == nil || r.failure.EName == "panic" // else the program may not have come to saving
	var gone []string
	unsaved := unsavedOf(outcome, kept, r.failure != nil)
	for _, dropped := range outcome.Dropped {
		if unsaved[dropped.Cause] { // what it uses is as before
			continue
		}
		notices = append(notices, fmt.Sprintf("%s is dropped: %s", strings.ReplaceAll(dropped.Name, "~", "."), dropped.Reason))
		gone = append(gone, dropped.Name)
	}
	for _, dropped := range outcome.NotKept {
		notices = append(notices, fmt.Sprintf("%s is not kept: %s", dropped.Name, dropped.Reason))
	}
	e.remove(ctx, in, gone)
	e.declare(prepared, outcome, kept, unsaved)
	for _, name := range outcome.Saved {
		_, isKept := kept[name]
		e.mu.Lock()
		onlyKept := e.values.statements[name]
		if isKept {
			delete(e.values.skipped, name)
		} else if !onlyKept && ended {
			e.values.skipped = with(e.values.skipped, name, true)
		}
		e.mu.Unlock()
		e.setLost(name, !isKept && onlyKept)
	}
	if err == nil {
		e.missing(kept)
	}
	return notices
}

// missing marks the variables as lost that have no value but the kept one, and none is kept: the program has dropped those
// whose types the cell has declared anew.
func (e *Engine) missing(kept map[string]string) {
	e.mu.Lock()
	names := slices.Sorted(maps.Keys(e.values.statements))
	e.mu.Unlock()
	for _, name := range names {
		if _, isKept := kept[name]; !isKept {
			e.setLost(name, true)
		}
	}
}

// unsavedOf are the variables that stay what they were, of another type or a function, since the program ended before it could
// save.
func unsavedOf(outcome program.Outcome, kept map[string]string, failed bool) map[string]bool {
	unsaved := map[string]bool{}
	for _, v := range outcome.Variables {
		old, isKept := kept[v.Name]
		unsaved[v.Name] = isKept && old != v.Type
	}
	for _, dropped := range outcome.Dropped {
		if _, isKept := kept[dropped.Name]; failed && !isKept && dropped.Name == dropped.Cause {
			unsaved[dropped.Name] = true
		}
	}
	return unsaved
}

// declare takes over the variables of a cell: GoNB is told of them, without their initializers, as far as their values are kept.
func (e *Engine) declare(prepared cell.Prepared, outcome program.Outcome, kept map[string]string, unsaved map[string]bool) {
	for _, v := range outcome.Variables {
		_, isKept := kept[v.Name]
		if unsaved[v.Name] {
			continue
		}
		if isKept {
			e.mu.Lock()
			e.values.declared = with(e.values.declared, v.Name, v)
			e.mu.Unlock()
		}
		at := report.Position{Count: prepared.Count, Line: prepared.Lines[v.Name]}
		if v.Group == nil {
			e.setLost(v.Name, !isKept)
			e.setStatement(v.Name, !v.Known)
			if !v.Known { // without a value as well, since functions may use it
				e.carry(v, at)
			}
		} else if !slices.ContainsFunc(v.Group, func(name string) bool { _, isKept := kept[name]; return !isKept }) {
			e.setStatement(v.Name, true) // its initializer has done its work
			e.carry(v, at)
		}
	}
}

// setLost remembers whether a variable that has no initializer has no value either.
func (e *Engine) setLost(name string, lost bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.values.lost, name)
	if lost {
		e.values.lost = with(e.values.lost, name, true)
	}
}

// setStatement remembers that a variable has no value but the kept one.
func (e *Engine) setStatement(name string, is bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if is {
		e.values.statements = with(e.values.statements, name, true)
	}
}

func with[V any](set map[string]V, name string, value V) map[string]V {
	if set == nil {
		set = map[string]V{}
	}
	set[name] = value
	return set
}

// forget drops the values of variables that the cell's commands make GoNB forget, which it does before the cell runs.
func (e *Engine) forget(c cell.Cell) error {
	removed, all := c.Removed()
	e.mu.Lock()
	e.values.carried.Remove(removed...)
	if all {
		e.values = values{folder: e.values.folder, begun: e.values.begun}
	}
	for _, name := range removed {
		e.values.drop(name)
	}
	e.mu.Unlock()
	if !all {
		return e.dropValues(removed)
	}
	store, err := e.store()
	if err != nil {
		return err
	}
	return store.Reset()
}

// replaced drops the values of variables that the cell has declared anew, where the program has not saved others.
func (e *Engine) replaced(declared, saved []string) error {
	var removed []string
	e.mu.Lock()
	for _, name := range declared {
		e.values.drop(name)
		if !slices.Contains(saved, name) {
			removed = append(removed, name)
		}
	}
	e.mu.Unlock()
	return e.dropValues(removed)
}

func (e *Engine) dropValues(names []string) error {
	if len(names) == 0 {
		return nil
	}
	store, err := e.store()
	if err != nil {
		return err
	}
	return store.Drop(names...)
}

// drop forgets what is known of a variable.
func (v *values) drop(name string) {
	delete(v.statements, name)
	delete(v.lost, name)
	delete(v.skipped, name)
	delete(v.declared, name)
}

// carry makes a variable, which statements declare, one of the declarations that GoNB is told with the next cell.
func (e *Engine) carry(v program.Variable, at report.Position) {
	e.mu.Lock()
	defer e.mu.Unlock()
	at = e.memory.Origin(v.Name, at)
	var new cell.Carried
	for _, i := range v.Imports {
		line := "import " + strconv.Quote(i.Path)
		if !i.Own {
			line = "import " + i.Name + " " + strconv.Quote(i.Path)
		}
		new.Add(line, at)
	}
	line := "var " + v.Name + " " + v.Type
	if e.memory.Has(line) {
		return
	}
	new.Add(line, at)
	e.values.carried.Join(new)
	e.memory.Add(new.Cell())
}

// remove makes GoNB forget declarations.
func (e *Engine) remove(ctx context.Context, in *instance, names []string) {
	if len(names) == 0 {
		return
	}
	e.mu.Lock()
	known := e.memory.Remove(names...)
	e.values.carried.Remove(names...)
	e.mu.Unlock()
	if len(known) > 0 {
		e.run(ctx, in, cell.New("%rm "+strings.Join(known, " "), 0), silence{})
	}
}
