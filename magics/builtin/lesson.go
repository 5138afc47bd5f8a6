package builtin

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/internal/atomicfile"
	"github.com/headstart-nb/headstart/kernel/notebook"
	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/sketch"
)

// A lesson is a notebook that comes with the program.
type lesson struct {
	Number string `json:"number"`
	File   string `json:"file"`
	Title  string `json:"title"`
	nb     *notebook.Notebook
}

type lessonFlags struct{ Solutions bool }

// Declare declares the flags.
func (o *lessonFlags) Declare(f *pflag.FlagSet) {
	f.BoolVar(&o.Solutions, "solutions", false, "leave the solutions in, collapsed")
}

// lessonMagic copies lessons to beside the notebook of the user, where they can be changed.
func lessonMagic(folder fs.FS) magics.Magic {
	numbers := func(context.Context, []string, string) []string {
		files, err := lessonFiles(folder)
		if err != nil {
			return nil
		}
		var names []string
		for _, file := range files {
			names = append(names, numberOf(file))
		}
		return names
	}
	one := magics.Args{Min: 1, Max: 1, Complete: numbers}
	return &magics.Group{
		Use:     "lesson",
		Short:   "Lists the lessons and copies one to beside this notebook",
		Long:    "A lesson is a notebook with explanations, exercises and checks. It needs no network.",
		Default: "list",
		Commands: []magics.Subcommand{
			&magics.Command[struct{}]{
				Use: "list", Short: "Shows the number and the title of each lesson", JSON: true,
				Do: func(_ context.Context, in *magics.Invocation, _ *struct{}) error {
					list, err := readLessons(folder)
					if err != nil {
						return err
					}
					return in.Result(list, func() (display.Bundle, error) { return lessonTable(list), nil })
				},
			},
			&magics.Command[lessonFlags]{
				Use: "open NUMBER", Short: "Copies a lesson to the working folder", Args: one, Example: "%lesson open 05",
				Flags: func(f *pflag.FlagSet, o *lessonFlags) { o.Declare(f) },
				Do: func(_ context.Context, in *magics.Invocation, o *lessonFlags) error {
					l, err := findLesson(folder, in.Args[0])
					if err != nil {
						return err
					}
					if _, err := os.Lstat(l.File); err == nil {
						return fmt.Errorf("open lesson %s: %s is there already; %%lesson reset %s puts the original in its place and keeps yours",
							l.Number, l.File, l.Number)
					}
					return l.write(in, *o)
				},
			},
			&magics.Command[lessonFlags]{
				Use: "reset NUMBER", Short: "Puts the original in the place of a lesson, and keeps yours under another name", Args: one,
				Flags: func(f *pflag.FlagSet, o *lessonFlags) { o.Declare(f) },
				Do: func(_ context.Context, in *magics.Invocation, o *lessonFlags) error {
					l, err := findLesson(folder, in.Args[0])
					if err != nil {
						return err
					}
					kept, err := setAside(l.File)
					if err != nil {
						return fmt.Errorf("reset lesson %s: %w", l.Number, err)
					}
					if kept != "" {
						if _, err := fmt.Fprintf(in.Stdout(), "yours is %s now\n", kept); err != nil {
							return err
						}
					}
					return l.write(in, *o)
				},
			},
		},
	}
}

// lessonFiles are the notebooks whose names begin with a number.
func lessonFiles(folder fs.FS) ([]string, error) { return fs.Glob(folder, "[0-9][0-9]_*.ipynb") }

func numberOf(file string) string {
	number, _, _ := strings.Cut(file, "_")
	return number
}

func readLessons(folder fs.FS) ([]lesson, error) {
	files, err := lessonFiles(folder)
	if err != nil {
		return nil, err
	}
	var list []lesson
	for _, file := range files {
		l, err := readLesson(folder, file)
		if err != nil {
			return nil, err
		}
		list = append(list, l)
	}
	return list, nil
}

func readLesson(folder fs.FS, file string) (lesson, error) {
	data, err := fs.ReadFile(folder, file)
	if err != nil {
		return lesson{}, fmt.Errorf("read lesson %s: %w", file, err)
	}
	nb, err := notebook.Parse(data)
	if err != nil {
		return lesson{}, fmt.Errorf("read lesson %s: %w", file, err)
	}
	return lesson{Number: numberOf(file), File: file, Title: title(nb), nb: nb}, nil
}

// title is the first heading.
func title(nb *notebook.Notebook) string {
	for _, cell := range nb.Cells {
		for line := range strings.Lines(cell.Source) {
			if text, ok := strings.CutPrefix(line, "# "); ok && cell.Kind == "markdown" {
				return strings.TrimSpace(text)
			}
		}
	}
	return ""
}

func findLesson(folder fs.FS, number string) (lesson, error) {
	files, err := lessonFiles(folder)
	if err != nil {
		return lesson{}, err
	}
	var have []string
	for _, file := range files {
		if n := numberOf(file); n == number || strings.TrimLeft(n, "0") == number {
			return readLesson(folder, file)
		}
		have = append(have, numberOf(file))
	}
	return lesson{}, fmt.Errorf("find lesson %q: the lessons are %s", number, strings.Join(have, ", "))
}

// write writes the lesson without its outputs, which a student makes.
func (l lesson) write(in *magics.Invocation, o lessonFlags) error {
	if o.Solutions {
		l.nb.ClearOutputs()
	} else {
		l.nb.ForStudents()
	}
	data, err := l.nb.Bytes()
	if err != nil {
		return fmt.Errorf("write lesson %s: %w", l.Number, err)
	}
	if err := atomicfile.Write(l.File, data); err != nil {
		return fmt.Errorf("write lesson %s: %w", l.Number, err)
	}
	_, err = fmt.Fprintf(in.Stdout(), "%s: %s; open it in the file browser\n", l.File, l.Title)
	return err
}

// setAside gives a file a name that is free, and returns it; empty where there is no such file.
func setAside(file string) (string, error) {
	if _, err := os.Lstat(file); errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	stem := strings.TrimSuffix(file, ".ipynb")
	for i := 1; ; i++ {
		free := fmt.Sprintf("%s.mine%d.ipynb", stem, i)
		// A link fails where the name is taken, so that nothing of the student's is ever replaced.
		switch err := os.Link(file, free); {
		case err == nil:
			return free, os.Remove(file)
		case !errors.Is(err, fs.ErrExist):
			return "", fmt.Errorf("keep %s: %w", file, err)
		}
	}
}

func lessonTable(list []lesson) display.Bundle {
	t := sketch.Table{Title: "lessons", Header: []string{"lesson", "title"}, Notes: []string{"%lesson open NUMBER copies one to beside this notebook."}}
	for _, l := range list {
		t.Rows = append(t.Rows, []string{l.Number, l.Title})
	}
	return table(t)
}
