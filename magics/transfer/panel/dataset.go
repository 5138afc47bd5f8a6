package panel

import (
	"context"
	"fmt"
	"slices"

	"github.com/headstart-nb/headstart/magics/transfer/advice"
	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/lab/input"
	"github.com/headstart-nb/headstart/models/lab/summary"
)

// A panelRequest is what the dataset panel asks: a page of a dataset's images, after an edit where there is one.
type panelRequest struct {
	Dataset string `json:"dataset"` // empty for the current one
	Class   string `json:"class"`
	Split   string `json:"split"`
	Offset  int    `json:"offset"`
	Limit   int    `json:"limit"` // 0 for 48

	Action string   `json:"action"` // "", keep, delete, relabel or undo
	Paths  []string `json:"paths"`
	To     string   `json:"to"`
	Number int      `json:"number"` // of the edit to undo; 0 for the last

	// Only names the images to show instead of a page, by their paths. What the dataset does not have is left out.
	Only []string `json:"only"`
	// Capture is what the capture panel asks instead.
	Capture *captureRequest `json:"capture"`
}

// A panelPage answers it.
type panelPage struct {
	summary.Dataset
	Names []string    `json:"datasets"` // all that are loaded
	Total int         `json:"total"`    // images of the class and split asked for
	Items []panelItem `json:"items"`
	Edits int         `json:"edits"` // in the log
}

type panelItem struct {
	Path        string  `json:"path"`
	Label       string  `json:"label"`
	Split       string  `json:"split"`
	Thumb       []byte  `json:"thumb"`               // JPEG
	Predicted   string  `json:"predicted,omitempty"` // by the model that was trained on these images
	Probability float64 `json:"probability,omitempty"`
}

// maxPage bounds a page, whatever a client asks for.
const maxPage = 200

func (p *Panels) answerDataset(ctx context.Context, asked panelRequest) (any, error) {
	if asked.Capture != nil {
		return p.answerCapture(*asked.Capture)
	}
	data, err := p.panelDataset(asked)
	if err != nil {
		return nil, advice.Notebook.Add(err)
	}
	switch asked.Action {
	case "":
	case imagefolder.Keep, imagefolder.Delete, imagefolder.Relabel:
		data, err = p.lab.EditDataset(ctx, data, []lab.Edit{{Action: asked.Action, Paths: asked.Paths, To: asked.To}})
	case imagefolder.Undo:
		data, err = p.lab.UndoEdit(ctx, data, asked.Number)
	default:
		err = fmt.Errorf("answer the dataset panel: the action must be one of keep, delete, relabel, undo; got %q", asked.Action)
	}
	if err != nil {
		return nil, err
	}
	return p.page(ctx, data, asked)
}

func (p *Panels) page(ctx context.Context, data *imagefolder.Dataset, asked panelRequest) (panelPage, error) {
	page := panelPage{Dataset: summary.Of(data), Names: p.lab.Datasets(), Items: []panelItem{}, Edits: len(data.Edits)}
	var chosen []int
	for i, item := range data.Items {
		if asked.Only != nil && !slices.Contains(asked.Only, imagefolder.Printable(item.Path)) {
			continue
		}
		if (asked.Class == "" || data.Classes[item.Label] == asked.Class) && (asked.Split == "" || item.Split == asked.Split) {
			chosen = append(chosen, i)
		}
	}
	page.Total = len(chosen)
	limit := asked.Limit
	if limit <= 0 {
		limit = 48
	}
	start := min(max(asked.Offset, 0), len(chosen))
	chosen = chosen[start:min(start+min(limit, maxPage), len(chosen))]
	for _, i := range chosen {
		pixels, err := drawing.ItemPixels(data, i)
		if err != nil {
			return page, err
		}
		item := data.Items[i]
		page.Items = append(page.Items, panelItem{
			Path: imagefolder.Printable(item.Path), Label: data.Classes[item.Label], Split: item.Split, Thumb: drawing.ThumbJPEG(pixels),
		})
	}
	return page, p.judge(ctx, data, chosen, page.Items)
}

// judge adds the current model's predictions where it knows these classes.
func (p *Panels) judge(ctx context.Context, data *imagefolder.Dataset, chosen []int, items []panelItem) error {
	trained, err := p.lab.Trained(ctx, lab.Ref{})
	if err != nil || !slices.Equal(trained.Model.Classes, data.Classes) {
		return nil //nolint:nilerr // no model, no predictions
	}
	files := make([]string, len(chosen))
	for n, i := range chosen {
		files[n] = input.ItemFile(data, i)
	}
	predictions, err := trained.Model.Predict(ctx, files, 1)
	if err != nil {
		return err
	}
	for n, answer := range predictions {
		if len(answer.Top) > 0 {
			items[n].Predicted, items[n].Probability = answer.Class(), answer.Probability()
		}
	}
	return nil
}
