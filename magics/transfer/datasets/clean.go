package datasets

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/magics/transfer/output"
	"github.com/headstart-nb/headstart/magics/transfer/sharedflag"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/summary"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// mimeClean is what the notebook extension draws with a button for each decision.
const mimeClean = display.MIMEPrefix + "clean" + display.MIMESuffix

// CleanFlags are the choices of %clean; the command line shares them.
type CleanFlags struct {
	lab.Ref
	Limit                 int
	To                    string
	Keep, Delete, Relabel []string
	Undo                  int
	Log                   bool

	flags *pflag.FlagSet // that they are declared on, to see whether there is an undo
}

// Declare declares the flags.
func (o *CleanFlags) Declare(f *pflag.FlagSet) {
	o.flags = f
	f.IntVar(&o.Limit, "limit", 24, "most images shown")
	sharedflag.Ref(f, &o.Ref)
	f.StringArrayVar(&o.Keep, "keep", nil, "image whose label is right; may be repeated")
	f.StringArrayVar(&o.Delete, "delete", nil, "image to exclude; its file stays; may be repeated")
	f.StringArrayVar(&o.Relabel, "relabel", nil, "image whose class becomes that of --to; may be repeated")
	f.StringVar(&o.To, "to", "", "class for --relabel")
	f.IntVar(&o.Undo, "undo", -1, "number of the edit to undo; 0 for the last")
	f.BoolVar(&o.Log, "log", false, "show the edits")
}

// CleanMagic is %clean.
func (p *Presenter) CleanMagic() magics.Magic {
	return &magics.Command[CleanFlags]{
		Use:   "clean [NAME]",
		Short: "Lists images whose labels the model doubts, and copies, and edits the dataset",
		Long: "No image file is changed: edits go into a log beside the images, which every load applies and --undo reverts.\n" +
			"Only validation and test images are compared with predictions, since the model was not trained on them.",
		Example: "%clean\n%clean --relabel glass/glass389.jpg --to plastic\n%clean --undo 0",
		Args:    magics.Args{Max: 1, Complete: p.complete},
		JSON:    true,
		Flags:   func(f *pflag.FlagSet, o *CleanFlags) { o.Declare(f) },
		Do: advice.Adding(func(ctx context.Context, in *magics.Invocation, o *CleanFlags) error {
			return p.Clean(ctx, output.Of(in), cmp.Or(in.Args...), *o)
		}),
	}
}

// Clean edits a dataset, or shows its edits or the images whose labels are doubtful. An empty name is the current dataset.
func (p *Presenter) Clean(ctx context.Context, page output.Page, name string, o CleanFlags) error {
	data, err := p.lab.Dataset(name)
	if err != nil {
		return err
	}
	undo := o.flags.Changed("undo")
	edits := undo || len(o.edits()) > 0
	switch {
	case o.Log && edits:
		return errors.New("clean: --log shows the edits, and makes none: run it without the other flags")
	case o.Log:
		return showEdits(ctx, page, data)
	case len(o.Relabel) > 0 && o.To == "":
		return errors.New("clean: --relabel needs --to, the class that the images get")
	case len(o.Relabel) == 0 && o.To != "":
		return errors.New("clean: --to needs --relabel, the images that get the class")
	}
	if edits {
		if data, err = p.edit(ctx, data, o, undo); err != nil {
			return err
		}
		if page.JSON {
			return page.Result(ctx, summary.Of(data), nil)
		}
		return page.Printf("%s\n", datasetLine(data))
	}
	return p.showSuspects(ctx, page, data, o)
}

func (o CleanFlags) edits() []lab.Edit {
	var list []lab.Edit
	for _, e := range []lab.Edit{
		{Action: imagefolder.Keep, Paths: o.Keep}, {Action: imagefolder.Delete, Paths: o.Delete}, {Action: imagefolder.Relabel, Paths: o.Relabel, To: o.To},
	} {
		if len(e.Paths) > 0 {
			list = append(list, e)
		}
	}
	return list
}

// edit applies the edits of the flags, and then the undo.
func (p *Presenter) edit(ctx context.Context, data *imagefolder.Dataset, o CleanFlags, undo bool) (*imagefolder.Dataset, error) {
	var err error
	if edits := o.edits(); len(edits) > 0 {
		if data, err = p.lab.EditDataset(ctx, data, edits); err != nil {
			return nil, err
		}
	}
	if undo {
		return p.lab.UndoEdit(ctx, data, o.Undo)
	}
	return data, nil
}

func showEdits(ctx context.Context, page output.Page, data *imagefolder.Dataset) error {
	edits, err := imagefolder.ReadEdits(data.EditsFile())
	if err != nil {
		return err
	}
	return page.Result(ctx, edits, func() (display.Bundle, error) {
		t := figure.TableData{Title: "edits of " + data.Name, Header: []string{"", "action", "image", "from", "to", "when"}, Right: []int{0}}
		for _, e := range edits {
			path := e.Path
			if e.Action == imagefolder.Undo {
				path = fmt.Sprintf("edit %d", e.Of)
			}
			t.Rows = append(t.Rows, []string{fmt.Sprint(e.Number), e.Action, path, e.From, e.To, e.Time.Local().Format("2006-01-02 15:04")})
		}
		t.Notes = []string{"The log is " + data.EditsFile() + "."}
		return figure.Table(t), nil
	})
}

// doubt is a suspect as scripts and the extension get it.
type doubt struct {
	Path    string  `json:"path"`
	Label   string  `json:"label"`
	Reason  string  `json:"reason"`
	Propose string  `json:"propose"`
	To      string  `json:"to,omitempty"`
	Score   float64 `json:"score"`
	Thumb   []byte  `json:"thumb,omitempty"` // JPEG
}

func (p *Presenter) showSuspects(ctx context.Context, page output.Page, data *imagefolder.Dataset, o CleanFlags) error {
	limit := o.Limit
	if page.JSON {
		limit = len(data.Items)
	}
	suspects, err := p.lab.Suspects(ctx, data, o.Ref, limit)
	if err != nil {
		return err
	}
	note := judged(suspects)
	if len(suspects.List) == 0 && !page.JSON {
		return page.Printf("%s: no doubtful label and no copy was found. %s\n", imagefolder.Printable(data.Name), note)
	}
	grid := figure.GridData{
		Title: "doubtful images of " + data.Name, Thumb: 132, Notes: []string{note, "Decide with --keep PATH, --delete PATH or --relabel PATH --to CLASS."},
	}
	list := []doubt{}
	for _, s := range suspects.List {
		item := data.Items[s.Item]
		d := doubt{Path: imagefolder.Printable(item.Path), Label: data.Classes[item.Label], Reason: s.Reason, Propose: s.Propose, To: s.To, Score: s.Score}
		if !page.JSON {
			pixels, err := drawing.ItemPixels(data, s.Item)
			if err != nil {
				return err
			}
			proposal := s.Propose
			if s.To != "" {
				proposal += " --to " + imagefolder.Printable(s.To)
			}
			grid.Cells = append(grid.Cells, figure.Cell{Image: figure.RGB(pixels, drawing.ThumbSide, drawing.ThumbSide), Title: imagefolder.Printable(d.Label), Caption: proposal,
				Lines: []string{d.Path, d.Reason}})
			d.Thumb = drawing.ThumbJPEG(pixels)
		}
		list = append(list, d)
	}
	return page.Result(ctx, list, func() (display.Bundle, error) {
		bundle := figure.Grid(grid)
		bundle.Data[display.MIMEText] = doubtTable(list, grid.Notes).Text() // in columns, where there are no images
		bundle.Data[mimeClean] = map[string]any{"dataset": data.Name, "classes": data.Classes, "doubts": list, "note": note}
		return bundle, nil
	})
}

func doubtTable(list []doubt, notes []string) figure.TableData {
	t := figure.TableData{Title: "doubtful images", Header: []string{"image", "label", "why", "proposal"}, Notes: notes}
	for _, d := range list {
		proposal := d.Propose
		if d.To != "" {
			proposal += " --to " + d.To
		}
		t.Rows = append(t.Rows, []string{d.Path, d.Label, d.Reason, proposal})
	}
	return t
}

// judged says by whom the labels were judged.
func judged(s lab.Suspects) string {
	switch s.Judge {
	case lab.JudgeModel:
		return fmt.Sprintf("The labels were compared with the predictions of %s for the %d images that it was not trained on.", s.Model, s.Images)
	case lab.JudgeOtherClasses:
		return "The current model was trained on other classes, so only copies are listed."
	}
	return "No model is trained yet, so only copies are listed."
}
