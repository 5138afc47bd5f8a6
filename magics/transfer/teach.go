package transfer

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/sharedflag"
	"github.com/headstart-nb/headstart/models/imagefolder/phrase"
	"github.com/headstart-nb/headstart/models/imageio"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/teaching"
	"github.com/headstart-nb/headstart/nbhelpers/display"
)

// teachFlags are the choices of %teach.
type teachFlags struct {
	Model  string
	Undo   bool
	Drop   string
	Reset  bool
	Limits imageio.Limits
}

func teachMagic(p *Presenter) magics.Magic {
	return &magics.Command[teachFlags]{
		Use:   "teach [CLASS FILE|DIR|@NAME...]",
		Short: "Adds images of a class to a model that predicts by them at once, without a training",
		Long: "The model is a nearest centroid on the features of the current model's backbone. It begins with the first image, is the\n" +
			"current model afterwards, and is named \"taught\" unless --model says otherwise. Without arguments the cell lists what was\n" +
			"taught. An image that was taught as another class moves to the new one.",
		Example: "%teach cat photos/cats/\n%teach dog rex.jpg bello.jpg\n%predict new.jpg",
		Args: magics.Args{Max: magics.Any, Complete: func(ctx context.Context, before []string, word string) []string {
			if len(before) > 0 {
				return magics.Files(ctx, before, word)
			}
			return p.taughtClasses()
		}},
		JSON: true,
		Flags: func(f *pflag.FlagSet, o *teachFlags) {
			f.StringVar(&o.Model, "model", "", "name of the model; by default "+lab.TaughtName)
			f.BoolVar(&o.Undo, "undo", false, "take back what the last %teach added")
			f.StringVar(&o.Drop, "drop", "", "class to forget, with its images")
			f.BoolVar(&o.Reset, "reset", false, "forget all that was taught to the model")
			sharedflag.Limits(f, &o.Limits)
		},
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *teachFlags) error {
			return p.teach(ctx, output.Of(in), in.Args, *o)
		}),
	}
}

func (p *Presenter) teach(ctx context.Context, page output.Page, args []string, o teachFlags) error {
	taught, err := p.teachOrForget(ctx, page, args, o)
	if err != nil || taught == nil {
		return err
	}
	class := ""
	if len(args) > 0 {
		class = args[0]
	}
	return showTaught(ctx, page, taught, class)
}

// showTaught shows how a model stands, after images were added to a class; an empty class: none were.
func showTaught(ctx context.Context, page output.Page, taught *teaching.Taught, class string) error {
	if page.JSON {
		return page.Result(ctx, taught, nil)
	}
	for _, skipped := range taught.Skipped {
		if _, err := fmt.Fprintf(page.Stderr(), "skipped %q: %s\n", skipped.Path, skipped.Reason); err != nil {
			return err
		}
	}
	if class != "" {
		line := fmt.Sprintf("%s added as %s", phrase.Plural(taught.Added, "image", "images"), phrase.Printable(class))
		if taught.Moved > 0 {
			line += fmt.Sprintf(", %d of them taught as another class before", taught.Moved)
		}
		if err := page.Printf("%s\n", line); err != nil {
			return err
		}
	}
	return page.Result(ctx, taught, func() (display.Bundle, error) { return drawing.TaughtTable(taught), nil })
}

// teachOrForget does what the arguments and flags ask for. It returns nil where nothing is left to show.
func (p *Presenter) teachOrForget(ctx context.Context, page output.Page, args []string, o teachFlags) (*teaching.Taught, error) {
	asked := 0
	for _, given := range []bool{len(args) > 0, o.Undo, o.Drop != "", o.Reset} {
		if given {
			asked++
		}
	}
	switch {
	case asked > 1:
		return nil, errors.New("teach: --undo, --drop and --reset each stand alone, without images")
	case o.Reset:
		if err := p.lab.ForgetTaught(o.Model); err != nil {
			return nil, err
		}
		return nil, page.Printf("forgot what was taught\n")
	case o.Undo || o.Drop != "":
		return p.lab.Unteach(ctx, o.Model, o.Drop)
	case len(args) == 0:
		return p.lab.Taught(o.Model)
	case len(args) == 1:
		return nil, fmt.Errorf("teach %s: the images are missing: name files, a folder or @NAME", args[0])
	}
	images, err := p.lab.ImagesToTeach(args[1:], o.Limits)
	if err != nil {
		return nil, err
	}
	return p.lab.Teach(ctx, lab.TeachOptions{Model: o.Model, Class: args[0], Images: images})
}

// taughtClasses are those of the model that is taught.
func (p *Presenter) taughtClasses() []string {
	taught, err := p.lab.Taught("")
	if err != nil {
		return nil
	}
	var names []string
	for _, c := range taught.Classes {
		names = append(names, c.Name)
	}
	return names
}
