package transfer

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/internal/safefile"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/models/exercise"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/named"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
	"github.com/headstart-nb/headstart/notebooks"
)

const kindExercise named.Kind = "exercise"

type checkFlags struct {
	File string
}

func checkMagic(p *Presenter) magics.Magic {
	return &magics.Command[checkFlags]{
		Use:   "check [EXERCISE [ANSWER]]",
		Short: "Says whether an exercise of a lesson is done",
		Long: `An exercise that is not done ends the cell with an error that says what is missing, so that nbgrader and other graders count it
as failed. Where the exercise asks for an answer and none is given, the latest one counts: a grader's cell is the same for all
students. Without a name it lists the exercises. Whoever teaches can bring a list of their own, with --file; go doc
./models/exercise describes its format.`,
		Example: "%check 05.1\n%check 06.2 bottle\n%check --file course.json week3",
		Args:    magics.Args{Max: 2, Complete: completeExercises},
		Flags: func(f *pflag.FlagSet, o *checkFlags) {
			magics.Path(f, &o.File, "file", "", "list of exercises, instead of that of the lessons")
		},
		JSON: true,
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *checkFlags) error {
			list, err := readExercises(o.File)
			if err != nil {
				return err
			}
			if len(in.Args) == 0 {
				return in.Result(list, func() (display.Bundle, error) { return exerciseTable(list), nil })
			}
			name := in.Args[0]
			asked, ok := list[name]
			if !ok {
				return &named.NotFoundError{Kind: kindExercise, Name: name, Have: list.Names()}
			}
			answer := p.answers.latest(name, strings.Join(in.Args[1:], " "))
			work, err := p.work(ctx, asked, answer)
			if err != nil {
				return err
			}
			if asked.Prints != nil {
				if work.Printed, work.Unrun, err = printed(ctx, in, asked.Prints.Line); err != nil {
					return err
				}
			}
			open := asked.Check(work)
			if len(open) > 0 {
				return &OpenExerciseError{Name: name, Open: open, Hint: asked.Hint}
			}
			return in.Result(map[string]any{"exercise": name, "done": true}, func() (display.Bundle, error) {
				return display.Text(fmt.Sprintf("✓ exercise %s: %s", name, asked.Task)), nil
			})
		}),
	}
}

// answers are those that were given to exercises, by their names, since the plugin was started.
type answers struct {
	mu    sync.Mutex
	given map[string]string
}

// latest keeps an answer, or is the one before where this is empty.
func (a *answers) latest(name, answer string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	if answer == "" {
		return a.given[name]
	}
	if a.given == nil {
		a.given = map[string]string{}
	}
	a.given[name] = answer
	return answer
}

// An OpenExerciseError is an exercise that is not done.
type OpenExerciseError struct {
	Name string
	Open []string // what is missing, as sentences
	Hint string
}

func (e *OpenExerciseError) Error() string {
	text := fmt.Sprintf("exercise %s is not done: %s", e.Name, strings.Join(e.Open, " "))
	if e.Hint != "" {
		text += " Hint: " + e.Hint
	}
	return text
}

// readExercises reads the list in a file, or that of the lessons where no file is named.
func readExercises(file string) (exercise.Exercises, error) {
	if file == "" {
		return exercise.Read(notebooks.Exercises())
	}
	opened, err := safefile.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read exercises: %w", err)
	}
	defer opened.Close()
	list, err := exercise.Read(opened)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return list, nil
}

// work gathers what the student made, as far as the exercise asks for it.
func (p *Presenter) work(ctx context.Context, asked exercise.Exercise, answer string) (exercise.Work, error) {
	work := exercise.Work{Answer: answer}
	work.Dataset, _ = p.lab.Dataset("") // none is an open exercise, and no failure
	if asked.Run != nil {               // the runs are read from disk
		runs, err := p.lab.Runs()
		if err != nil {
			return work, err
		}
		if i := slices.IndexFunc(runs, func(r runstatus.Stand) bool { return r.Status != progress.Running }); i >= 0 {
			work.Run = &runs[i].Run
		}
	}
	if asked.File != "" {
		_, err := os.Stat(asked.File)
		work.File = err == nil
	}
	if v := asked.Evaluate; v != nil {
		o := lab.EvaluateOptions{Dir: v.Folder}
		if v.Folder == "" {
			o.Split = v.SplitName()
		}
		switch e, err := p.lab.Evaluate(ctx, lab.Ref{}, o); {
		case err == nil:
			work.Accuracy = &e.Report.Accuracy
		case !isMissing(err):
			return work, err
		}
	}
	return work, nil
}

// maxPrinted bounds what is read of the output of an exercise's line, in bytes.
const maxPrinted = 1 << 20

// printed runs a line in the student's cell and returns what it prints, or why it failed.
func printed(ctx context.Context, in *magics.Invocation, line string) (text string, failure, err error) {
	folder, err := os.MkdirTemp(magics.RuntimeDir(in.Host), "check-")
	if err != nil {
		return "", nil, fmt.Errorf("run %s: %w", line, err)
	}
	defer func() { _ = os.RemoveAll(folder) }() // the runtime folder goes with the kernel
	file := filepath.Join(folder, "printed.txt")
	if err := in.Execute(ctx, line+" > "+magics.QuoteWord(file)); err != nil {
		return "", err, ctx.Err()
	}
	data, err := safefile.ReadFile(file, maxPrinted)
	if err != nil {
		return "", nil, fmt.Errorf("read what %s printed: %w", line, err)
	}
	return string(data), nil, nil
}

// isMissing says whether there is no trained model yet.
func isMissing(err error) bool {
	var untrained *lab.UntrainedError
	var absent *named.NotFoundError
	return errors.As(err, &untrained) || errors.As(err, &absent)
}

func exerciseTable(list exercise.Exercises) display.Bundle {
	t := figure.TableData{Title: "exercises", Header: []string{"exercise", "task"}}
	for _, name := range list.Names() {
		t.Rows = append(t.Rows, []string{name, list[name].Task})
	}
	return figure.Table(t)
}

func completeExercises(_ context.Context, before []string, _ string) []string {
	if len(before) > 0 {
		return nil
	}
	list, err := readExercises("")
	if err != nil {
		return nil
	}
	return list.Names()
}
