// Package exercise compares what a student made with what an exercise asks.
//
// Exercises are declared in JSON, so that whoever teaches can add some without a program:
//
//	{
//	  "05.1": {
//	    "task": "Load the folder without the damaged file",
//	    "dataset": {"classes": {"min": 4, "max": 4}, "without": ["two-labels"]}
//	  }
//	}
//
// An exercise that requires several things is done when all of them hold.
package exercise

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/headstart-nb/headstart/models/imagefolder"
)

// MaxBytes is how large a list of exercises may be.
const MaxBytes = 1 << 20

// Exercises are the exercises of one list, by their names such as "05.2".
type Exercises map[string]Exercise

// An Exercise is a task with what it requires. At least one requirement is given.
type Exercise struct {
	Task     string    `json:"task"`           // one sentence, in the imperative
	Hint     string    `json:"hint,omitempty"` // shown when the exercise is not done
	Dataset  *Dataset  `json:"dataset,omitempty"`
	Run      *Run      `json:"run,omitempty"`
	Evaluate *Evaluate `json:"evaluate,omitempty"`
	Answer   *Answer   `json:"answer,omitempty"`
	Prints   *Prints   `json:"prints,omitempty"`
	File     string    `json:"file,omitempty"` // that must exist, relative to the notebook's folder
}

// A Range is what a number must lie in. A bound that is missing does not bound.
type Range struct {
	Min *float64 `json:"min,omitempty"`
	Max *float64 `json:"max,omitempty"`
}

// Dataset is what the current dataset must be like.
type Dataset struct {
	Classes *Range           `json:"classes,omitempty"`
	Images  *Range           `json:"images,omitempty"`
	Splits  map[string]Range `json:"splits,omitempty"`  // number of images of train, val and test
	Counts  map[string]Range `json:"counts,omitempty"`  // number of images of classes
	Without []string         `json:"without,omitempty"` // codes that no diagnosis of severity warning or error may have
}

// Run is what the last run that ended must be like.
type Run struct {
	Methods  []string `json:"methods,omitempty"`  // the recipe: one of auto and classic; any when empty
	Weights  []string `json:"weights,omitempty"`  // of the backbone, such as imagenet, sample, random; any when empty
	Accuracy *Range   `json:"accuracy,omitempty"` // validation accuracy of the epoch whose weights are kept, 0 to 1
	Augment  bool     `json:"augment,omitempty"`  // whether the images must have been augmented
	Model    string   `json:"model,omitempty"`    // the name of the trained model, so that a run of the lesson does not count; any when empty
}

// Evaluate is how good the current model must be.
type Evaluate struct {
	Split    string `json:"split,omitempty"`  // of the model's dataset; val when both are empty
	Folder   string `json:"folder,omitempty"` // a folder with one folder per class, instead
	Accuracy Range  `json:"accuracy"`         // 0 to 1
}

// Answer is what the student must answer: a number within a tolerance, or one of some texts, whose case does not matter.
type Answer struct {
	Number    *float64 `json:"number,omitempty"`
	Tolerance float64  `json:"tolerance,omitempty"`
	Texts     []string `json:"texts,omitempty"`
}

// Prints is what a line of the student's notebook must print, such as a command that the student wrote.
type Prints struct {
	Line  string `json:"line"`            // begins with a percent sign; it is run, and what it prints is the answer
	Field string `json:"field,omitempty"` // of the JSON object that the line prints; all that it prints when empty
	Answer
}

// An InvalidError is a list of exercises that cannot be used.
type InvalidError struct {
	Name  string // of the exercise; empty where it is the list
	Cause error
}

func (e *InvalidError) Error() string {
	if e.Name == "" {
		return fmt.Sprintf("read exercises: %v", e.Cause)
	}
	return fmt.Sprintf("read exercise %s: %v", e.Name, e.Cause)
}

// Unwrap returns the cause.
func (e *InvalidError) Unwrap() error { return e.Cause }

// wellNamed is what an exercise may be called: names are shown, and typed.
var wellNamed = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// Read reads a list of exercises. Fields that it does not know are errors, since a requirement that is not understood would count
// as met.
func Read(r io.Reader) (Exercises, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, &InvalidError{Cause: err}
	}
	if len(data) > MaxBytes {
		return nil, &InvalidError{Cause: fmt.Errorf("it has more than %d bytes", MaxBytes)}
	}
	var list Exercises
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&list); err != nil {
		return nil, &InvalidError{Cause: err}
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, &InvalidError{Cause: errors.New("something follows the list")}
	}
	for _, name := range list.Names() {
		if !wellNamed.MatchString(name) {
			return nil, &InvalidError{name, errors.New("a name has letters, digits, dots, hyphens and underscores")}
		}
		if err := list[name].validate(); err != nil {
			return nil, &InvalidError{name, err}
		}
	}
	return list, nil
}

// Names are the names in order.
func (l Exercises) Names() []string { return slices.Sorted(maps.Keys(l)) }

func (e Exercise) validate() error {
	if strings.TrimSpace(e.Task) == "" {
		return errors.New("it has no task")
	}
	if e.Dataset == nil && e.Run == nil && e.Evaluate == nil && e.Answer == nil && e.Prints == nil && e.File == "" {
		return errors.New("it requires nothing, so that everybody would pass")
	}
	if d := e.Dataset; d != nil {
		if err := d.validate(); err != nil {
			return err
		}
	}
	if a := e.Answer; a != nil {
		if err := a.validate(); err != nil {
			return err
		}
	}
	if p := e.Prints; p != nil {
		if !strings.HasPrefix(p.Line, "%") || strings.HasPrefix(p.Line, "%%") || strings.ContainsAny(p.Line, "\n\r") {
			return fmt.Errorf("prints requires one line that begins with one percent sign, got %q", p.Line)
		}
		if err := p.Answer.validate(); err != nil {
			return err
		}
	}
	if e.File != "" && !filepath.IsLocal(e.File) {
		return fmt.Errorf("the file %q is not below the notebook's folder", e.File)
	}
	if v := e.Evaluate; v != nil && v.Accuracy == (Range{}) {
		return errors.New("evaluate requires an accuracy")
	}
	return nil
}

// validate refuses a warning or a split that there is not: no dataset has it, so that everybody would pass.
func (r Dataset) validate() error {
	for _, code := range r.Without {
		if !slices.Contains(imagefolder.Codes(), code) {
			return fmt.Errorf("without must be of %s; got %q", strings.Join(imagefolder.Codes(), ", "), code)
		}
	}
	splits := []string{imagefolder.Train, imagefolder.Val, imagefolder.Test}
	for _, split := range slices.Sorted(maps.Keys(r.Splits)) {
		if !slices.Contains(splits, split) {
			return fmt.Errorf("splits must be of %s; got %q", strings.Join(splits, ", "), split)
		}
	}
	return nil
}

func (a Answer) validate() error {
	if (a.Number == nil) == (len(a.Texts) == 0) {
		return errors.New("an answer is a number or some texts, and not both")
	}
	if a.Tolerance < 0 || math.IsNaN(a.Tolerance) {
		return fmt.Errorf("tolerance must be at least 0, got %v", a.Tolerance)
	}
	return nil
}

// Holds says whether a number lies in the range.
func (r Range) Holds(x float64) bool {
	return !math.IsNaN(x) && (r.Min == nil || x >= *r.Min) && (r.Max == nil || x <= *r.Max)
}

// shown writes a number that is compared with the range, with three digits, and with more where these would seem to lie in it: 0.8996 is
// not at least 0.9.
func (r Range) shown(x float64) string {
	for digits := 3; ; digits++ {
		text := strconv.FormatFloat(x, 'g', digits, 64)
		if near, err := strconv.ParseFloat(text, 64); err != nil || near == x || r.Holds(near) == r.Holds(x) {
			return text
		}
	}
}

// String says the range in words: "at least 3".
func (r Range) String() string {
	show := func(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }
	switch {
	case r.Min != nil && r.Max != nil && *r.Min == *r.Max:
		return show(*r.Min)
	case r.Min != nil && r.Max != nil:
		return show(*r.Min) + " to " + show(*r.Max)
	case r.Min != nil:
		return "at least " + show(*r.Min)
	case r.Max != nil:
		return "at most " + show(*r.Max)
	}
	return "any"
}
