package exercise

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/record"
)

// Work is what a student made. What is missing is nil.
type Work struct {
	Dataset  *imagefolder.Dataset // the current one
	Run      *record.Run          // the last that ended
	Accuracy *float64             // of the current model on what the exercise evaluates, 0 to 1
	Answer   string
	Printed  string // by the line that the exercise runs
	Unrun    error  // why the line failed; nil where it did not
	File     bool   // whether the file exists
}

// Check lists what is still to be done, each as a sentence; nothing when the exercise is done.
func (e Exercise) Check(w Work) []string {
	var open []string
	if e.Dataset != nil {
		open = append(open, e.Dataset.check(w.Dataset)...)
	}
	if e.Run != nil {
		open = append(open, e.Run.check(w.Run)...)
	}
	if v := e.Evaluate; v != nil {
		switch {
		case w.Accuracy == nil:
			open = append(open, "There is no trained model.")
		case !v.Accuracy.Holds(*w.Accuracy):
			open = append(open, fmt.Sprintf("The accuracy on %s is %s; the exercise asks for %s.", v.where(), v.Accuracy.shown(*w.Accuracy), v.Accuracy))
		}
	}
	if e.Answer != nil {
		open = append(open, e.Answer.check(w.Answer)...)
	}
	if e.Prints != nil {
		open = append(open, e.Prints.check(w.Printed, w.Unrun)...)
	}
	if e.File != "" && !w.File {
		open = append(open, fmt.Sprintf("There is no %s.", e.File))
	}
	return open
}

func (v Evaluate) where() string {
	if v.Folder != "" {
		return v.Folder
	}
	return "the " + v.SplitName() + " images"
}

// SplitName is the split to evaluate on, where no folder is given.
func (v Evaluate) SplitName() string {
	if v.Split == "" {
		return imagefolder.Val
	}
	return v.Split
}

func (r Dataset) check(d *imagefolder.Dataset) []string {
	if d == nil {
		return []string{"No dataset is loaded."}
	}
	var open []string
	count := func(what string, n int, want Range) {
		if !want.Holds(float64(n)) {
			open = append(open, fmt.Sprintf("The dataset has %d %s; the exercise asks for %s.", n, what, want))
		}
	}
	if r.Classes != nil {
		count("classes", len(d.Classes), *r.Classes)
	}
	if r.Images != nil {
		count("images", len(d.Items), *r.Images)
	}
	for _, split := range slices.Sorted(maps.Keys(r.Splits)) {
		count(split+" images", len(d.Select(split)), r.Splits[split])
	}
	counts := d.Count("")
	for _, class := range slices.Sorted(maps.Keys(r.Counts)) {
		n := 0
		if label := slices.Index(d.Classes, class); label >= 0 {
			n = counts[label]
		}
		count("images of "+class, n, r.Counts[class])
	}
	for _, found := range d.Diagnoses {
		if slices.Contains(r.Without, found.Code) && (found.Severity == diagnosis.Warning || found.Severity == diagnosis.Error) {
			open = append(open, found.Sentence)
		}
	}
	return open
}

func (r Run) check(run *record.Run) []string {
	if run == nil {
		return []string{"No training has ended yet."}
	}
	var open []string
	if method := string(run.Recipe.Method); len(r.Methods) > 0 && !slices.Contains(r.Methods, method) {
		open = append(open, fmt.Sprintf("The run %s has the recipe %s; the exercise asks for %s.", run.Name, method, strings.Join(r.Methods, " or ")))
	}
	if kind := weightsName(run.Backbone.Weights); len(r.Weights) > 0 && !slices.Contains(r.Weights, kind) {
		open = append(open, fmt.Sprintf("The run %s has the weights %s; the exercise asks for %s.", run.Name, kind, strings.Join(r.Weights, " or ")))
	}
	if r.Model != "" && run.Model != r.Model {
		open = append(open, fmt.Sprintf("The run %s trained the model %s; the exercise asks for the model %s.", run.Name, run.Model, r.Model))
	}
	if r.Augment && len(run.Recipe.Augment) == 0 {
		open = append(open, fmt.Sprintf("The run %s has no augmentation.", run.Name))
	}
	if r.Accuracy != nil {
		switch kept := run.Kept(); {
		case kept == nil || run.ValImages == 0:
			open = append(open, fmt.Sprintf("The run %s has no validation accuracy.", run.Name))
		case !r.Accuracy.Holds(kept.ValAccuracy):
			open = append(open, fmt.Sprintf("The validation accuracy of the run %s is %s; the exercise asks for %s.", run.Name, r.Accuracy.shown(kept.ValAccuracy), r.Accuracy))
		}
	}
	return open
}

func (a Answer) check(given string) []string {
	given = strings.TrimSpace(given)
	if given == "" {
		return []string{"The answer is missing."}
	}
	if a.Number == nil {
		if slices.ContainsFunc(a.Texts, func(text string) bool { return strings.EqualFold(text, given) }) {
			return nil
		}
		return []string{fmt.Sprintf("The answer %q is not right.", given)}
	}
	text, percent := strings.CutSuffix(given, "%")
	x, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		return []string{fmt.Sprintf("The answer %q is not a number.", given)}
	}
	if percent {
		x /= 100
	}
	const rounding = 1e-12 // in binary, 0.9 - 0.85 is more than 0.05
	if math.Abs(x-*a.Number) > a.Tolerance+rounding*math.Abs(*a.Number) {
		return []string{fmt.Sprintf("The answer %q is not right.", given)}
	}
	return nil
}

// shownBytes is how much of what a line printed is shown, in bytes.
const shownBytes = 200

func (p Prints) check(printed string, unrun error) []string {
	if unrun != nil {
		return []string{fmt.Sprintf("The line %s fails: %v.", p.Line, unrun)}
	}
	value, ok := p.pick(printed)
	if !ok {
		return []string{fmt.Sprintf("The line %s must print a JSON object with the field %q; it prints %.*q.", p.Line, p.Field, shownBytes, printed)}
	}
	if len(p.Answer.check(value)) == 0 {
		return nil
	}
	where := ""
	if p.Field != "" {
		where = " as " + p.Field
	}
	return []string{fmt.Sprintf("The line %s prints %.*q%s, which is not right.", p.Line, shownBytes, value, where)}
}

// pick is the value that the line printed.
func (p Prints) pick(printed string) (string, bool) {
	if p.Field == "" {
		return printed, true
	}
	var object map[string]any
	decoder := json.NewDecoder(strings.NewReader(printed))
	decoder.UseNumber() // as it is written
	if decoder.Decode(&object) != nil {
		return "", false
	}
	value, ok := object[p.Field]
	return fmt.Sprint(value), ok
}

// weightsName is what weights are chosen by: the name of a published set, else their kind.
func weightsName(o resnet.Origin) string {
	if o.Kind == resnet.KindPublished {
		return o.Name
	}
	return string(o.Kind)
}
