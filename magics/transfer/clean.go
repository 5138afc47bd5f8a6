package transfer

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/spf13/pflag"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/imagefolder"
	training "github.com/headstart-nb/headstart/models/transfer"
	"github.com/headstart-nb/headstart/nbhelpers/display"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// mimeClean is what the notebook extension draws with a button for each decision.
const mimeClean = display.MIMEPrefix + "clean" + display.MIMESuffix

type cleanFlags struct {
	Limit                 int
	Model, To             string
	Keep, Delete, Relabel []string
	Undo                  int
	Log                   bool
}

func cleanMagic(l *Lab) magics.Magic {
	return &magics.Command[cleanFlags]{
		Use:   "clean [NAME]",
		Short: "Shows the images that the model finds most doubtful, and the copies, and takes your decisions",
		Long: "No file is ever touched: decisions go into a log beside the images, which every load replays and --undo takes back.\n" +
			"A model judges best what it was not trained on: the doubts come from the validation and test images.",
		Example: "%clean\n%clean --relabel glass/glass389.jpg --to plastic\n%clean --undo 0",
		Args:    magics.Args{Max: 1, Complete: l.completeDatasets},
		JSON:    true,
		Flags: func(f *pflag.FlagSet, o *cleanFlags) {
			f.IntVar(&o.Limit, "limit", 24, "images shown")
			f.StringVar(&o.Model, "model", "", "ask this model instead of the current one")
			f.StringArrayVar(&o.Keep, "keep", nil, "this image is right: propose it no more; may be given again")
			f.StringArrayVar(&o.Delete, "delete", nil, "do not use this image; the file stays; may be given again")
			f.StringArrayVar(&o.Relabel, "relabel", nil, "use this image under the class of --to; may be given again")
			f.StringVar(&o.To, "to", "", "the class for --relabel")
			f.IntVar(&o.Undo, "undo", -1, "take back the edit with this number; 0 for the last")
			f.BoolVar(&o.Log, "log", false, "show the edits")
		},
		Do: func(ctx context.Context, in *magics.Invocation, o *cleanFlags) error {
			data, err := l.Dataset(first(in.Args))
			if err != nil {
				return err
			}
			if o.Log {
				return showEdits(in, data)
			}
			if decided := o.decisions(); len(decided) > 0 || in.Flags.Changed("undo") {
				if data, err = l.decide(ctx, data, decided, o.Undo, in.Flags.Changed("undo")); err != nil {
					return err
				}
				return in.Printf("%s\n", datasetLine(data))
			}
			return l.showSuspects(ctx, in, data, *o)
		},
	}
}

// A decision is one edit of some images, named by their paths.
type decision struct {
	action string
	paths  []string
	to     string
}

func (o cleanFlags) decisions() []decision {
	var list []decision
	for _, d := range []decision{{imagefolder.Keep, o.Keep, ""}, {imagefolder.Delete, o.Delete, ""}, {imagefolder.Relabel, o.Relabel, o.To}} {
		if len(d.paths) > 0 {
			list = append(list, d)
		}
	}
	return list
}

// decide writes decisions to the dataset's log and loads the dataset again, so that they count.
func (l *Lab) decide(ctx context.Context, data *imagefolder.Dataset, list []decision, number int, undo bool) (*imagefolder.Dataset, error) {
	index := map[string]int{}
	for i, item := range data.Items {
		index[imagefolder.Printable(item.Path)] = i
	}
	for _, d := range list {
		var items []int
		for _, path := range d.paths {
			i, ok := index[path]
			if !ok {
				return nil, fmt.Errorf("editing %s: it has no image %q; paths are relative to %s", data.Name, path, data.Root)
			}
			items = append(items, i)
		}
		if err := data.Edit(d.action, items, d.to); err != nil {
			return nil, err
		}
	}
	if undo {
		if err := data.Undo(number); err != nil {
			return nil, err
		}
	}
	l.mu.Lock()
	source, ok := l.sources[data.Name]
	l.mu.Unlock()
	if !ok {
		source = data.Root
	}
	again, err := imagefolder.Load(ctx, source, data.Options)
	if err != nil {
		return nil, fmt.Errorf("loading %s again after the edit: %w", data.Name, err)
	}
	l.keepDataset(again, source)
	return again, nil
}

func showEdits(in *magics.Invocation, data *imagefolder.Dataset) error {
	edits, err := imagefolder.ReadEdits(data.EditsFile())
	if err != nil {
		return err
	}
	return in.Result(edits, func() (display.Bundle, error) {
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

func (l *Lab) showSuspects(ctx context.Context, in *magics.Invocation, data *imagefolder.Dataset, o cleanFlags) error {
	items, probabilities, note, err := l.doubts(ctx, data, o.Model)
	if err != nil {
		return err
	}
	limit := o.Limit
	if in.JSON {
		limit = len(data.Items)
	}
	suspects, err := data.Suspects(items, probabilities, limit)
	if err != nil {
		return err
	}
	if len(suspects) == 0 && !in.JSON {
		return in.Printf("%s: nothing looks doubtful. %s\n", data.Name, note)
	}
	grid := figure.GridData{Title: "doubtful images of " + data.Name, Notes: []string{note}}
	list := []doubt{}
	for _, s := range suspects {
		item := data.Items[s.Item]
		d := doubt{Path: imagefolder.Printable(item.Path), Label: data.Classes[item.Label], Reason: s.Reason, Propose: s.Propose, To: s.To, Score: s.Score}
		if !in.JSON {
			pixels, err := data.Pixels(s.Item, imagefolder.Geometry{Size: thumbSide, Method: imagefolder.Bilinear})
			if err != nil {
				return err
			}
			proposal := s.Propose
			if s.To != "" {
				proposal += " " + s.To
			}
			grid.Cells = append(grid.Cells, figure.Cell{Image: figure.RGB(pixels, thumbSide, thumbSide), Title: d.Label, Caption: proposal})
			d.Thumb = thumbJPEG(pixels)
		}
		list = append(list, d)
	}
	return in.Result(list, func() (display.Bundle, error) {
		if _, err := in.Show(ctx, doubtTable(list)); err != nil {
			return display.Bundle{}, err
		}
		bundle := figure.Grid(grid)
		bundle.Data[mimeClean] = map[string]any{"dataset": data.Name, "classes": data.Classes, "doubts": list, "note": note}
		return bundle, nil
	})
}

func doubtTable(list []doubt) display.Bundle {
	t := figure.TableData{Title: "what to look at", Header: []string{"image", "label", "why", "proposal"}}
	for _, d := range list {
		proposal := d.Propose
		if d.To != "" {
			proposal += " --to " + d.To
		}
		t.Rows = append(t.Rows, []string{d.Path, d.Label, d.Reason, proposal})
	}
	t.Notes = []string{"Decide with %clean --keep PATH, --delete PATH or --relabel PATH --to CLASS."}
	return figure.Table(t)
}

// doubts asks a trained model about the images that it was not trained on; without one only copies can be found.
func (l *Lab) doubts(ctx context.Context, data *imagefolder.Dataset, name string) (items []int, probabilities []float32, note string, err error) {
	_, trained, err := l.Trained(name)
	if err != nil {
		if name != "" {
			return nil, nil, "", err
		}
		return nil, nil, "No model is trained yet, so only copies are listed.", nil
	}
	if trained.Task != training.Single || !slices.Equal(trained.Classes, data.Classes) {
		return nil, nil, "The current model was trained on other classes, so only copies are listed.", nil
	}
	for i, item := range data.Items {
		if item.Split != imagefolder.Train {
			items = append(items, i)
		}
	}
	files := make([]string, len(items))
	for n, i := range items {
		files[n] = itemFile(data, i)
	}
	predictions, err := trained.Predict(ctx, files, 0)
	if err != nil {
		return nil, nil, "", err
	}
	probabilities = make([]float32, len(items)*len(data.Classes))
	for n, p := range predictions {
		row := probabilities[n*len(data.Classes):][:len(data.Classes)]
		if p.Error != "" { // gone since the load: no opinion
			for c := range row {
				row[c] = float32(1 / math.Max(1, float64(len(row))))
			}
		}
		for _, s := range p.Top {
			row[s.Index] = s.Probability
		}
	}
	return items, probabilities, fmt.Sprintf("%s was asked about the %d images that it was not trained on.", trained.Name, len(items)), nil
}
