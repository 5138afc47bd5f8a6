package transfer

import (
	"bytes"
	"context"
	"fmt"
	"image/jpeg"
	"path/filepath"
	"slices"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/nbhelpers/figure"
)

// A panelRequest is what the data panel asks: a page of a dataset's images, after an edit where there is one.
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
}

// A panelPage answers it.
type panelPage struct {
	datasetSummary
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

func (l *Lab) answerDataset(ctx context.Context, asked panelRequest) (any, error) {
	data, err := l.Dataset(asked.Dataset)
	if err != nil {
		return nil, err
	}
	switch asked.Action {
	case "":
	case imagefolder.Keep, imagefolder.Delete, imagefolder.Relabel:
		data, err = l.decide(ctx, data, []decision{{asked.Action, asked.Paths, asked.To}}, 0, false)
	case imagefolder.Undo:
		data, err = l.decide(ctx, data, nil, asked.Number, true)
	default:
		err = fmt.Errorf("%%dataset knows no action %q: keep, delete, relabel and undo are there", asked.Action)
	}
	if err != nil {
		return nil, err
	}
	return l.page(ctx, data, asked)
}

func (l *Lab) page(ctx context.Context, data *imagefolder.Dataset, asked panelRequest) (panelPage, error) {
	l.mu.Lock()
	names := l.datasets.names()
	l.mu.Unlock()
	page := panelPage{datasetSummary: summarize(data), Names: names, Items: []panelItem{}, Edits: len(data.Edits)}
	var chosen []int
	for i, item := range data.Items {
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
		pixels, err := data.Pixels(i, imagefolder.Geometry{Size: thumbSide, Method: imagefolder.Bilinear})
		if err != nil {
			return page, err
		}
		item := data.Items[i]
		page.Items = append(page.Items, panelItem{
			Path: imagefolder.Printable(item.Path), Label: data.Classes[item.Label], Split: item.Split, Thumb: thumbJPEG(pixels),
		})
	}
	return page, l.judge(ctx, data, chosen, page.Items)
}

// judge adds the current model's predictions where it knows these classes.
func (l *Lab) judge(ctx context.Context, data *imagefolder.Dataset, chosen []int, items []panelItem) error {
	_, trained, err := l.Trained("")
	if err != nil || !slices.Equal(trained.Classes, data.Classes) {
		return nil //nolint:nilerr // no model, no predictions
	}
	files := make([]string, len(chosen))
	for n, i := range chosen {
		files[n] = itemFile(data, i)
	}
	predictions, err := trained.Predict(ctx, files, 1)
	if err != nil {
		return err
	}
	for n, p := range predictions {
		if len(p.Top) > 0 {
			items[n].Predicted, items[n].Probability = p.Top[0].Class, p.Top[0].Probability
		}
	}
	return nil
}

func itemFile(data *imagefolder.Dataset, item int) string {
	return filepath.Join(data.Root, filepath.FromSlash(data.Items[item].Path))
}

// thumbJPEG encodes [thumbSide, thumbSide, 3] for the notebook extension.
func thumbJPEG(pixels []uint8) []byte {
	var out bytes.Buffer
	if err := jpeg.Encode(&out, figure.RGB(pixels, thumbSide, thumbSide), &jpeg.Options{Quality: 80}); err != nil {
		return nil // a buffer takes everything
	}
	return out.Bytes()
}
