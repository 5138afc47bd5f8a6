package transfer

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"

	"github.com/headstart-nb/headstart/magics/transfer/drawing"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/metric"
)

// mostEvaluations is how many evaluations are kept, so that the extension can show images of them.
const mostEvaluations = 4

// evaluations are those whose images can be shown, by the name that their figures have.
type evaluations struct {
	mu    sync.Mutex
	order []string
	of    map[string]*lab.Evaluation
}

// keep remembers an evaluation and gives it a name, which no other process gives.
func (e *evaluations) keep(evaluation *lab.Evaluation) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.of == nil {
		e.of = map[string]*lab.Evaluation{}
	}
	name := rand.Text()
	e.order, e.of[name] = append(e.order, name), evaluation
	if len(e.order) > mostEvaluations {
		delete(e.of, e.order[0])
		e.order = e.order[1:]
	}
	return name
}

func (e *evaluations) get(name string) (*lab.Evaluation, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	found, ok := e.of[name]
	return found, ok
}

// An evaluateRequest is what the extension asks where a cell of a confusion matrix is clicked.
type evaluateRequest struct {
	Evaluation string `json:"evaluation"` // of the matrix
	Images     []int  `json:"images"`     // numbers of the evaluated images; at most 200 are answered
}

// An evaluatePage answers it.
type evaluatePage struct {
	Items []judgedItem `json:"items"`
}

type judgedItem struct {
	Number      int     `json:"number"`
	Path        string  `json:"path"`
	Label       string  `json:"label"`
	Predicted   string  `json:"predicted"`
	Probability float64 `json:"probability"` // of the predicted class
	OfLabel     float64 `json:"of_label"`    // of the true class
	Loss        float64 `json:"loss"`
	Thumb       []byte  `json:"thumb"` // JPEG; empty where the file is gone
}

func (p *Presenter) answerEvaluate(ctx context.Context, asked evaluateRequest) (any, error) {
	e, ok := p.evaluated.get(asked.Evaluation)
	if !ok {
		return nil, fmt.Errorf("show images of an evaluation: the kernel does not have it any more; run %%evaluate again")
	}
	index := map[string]int{}
	for i, item := range e.Dataset.Items {
		index[item.Path] = i
	}
	page := evaluatePage{Items: []judgedItem{}}
	for _, n := range asked.Images[:min(len(asked.Images), maxPage)] {
		if n < 0 || n >= len(e.Report.Judgments) {
			return nil, fmt.Errorf("show image %d of an evaluation: it has %d images", n, len(e.Report.Judgments))
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		page.Items = append(page.Items, judgedItemOf(e.Report, e.Report.Judgments[n], e.Dataset, index))
	}
	return page, nil
}

func judgedItemOf(report *metric.Report, j metric.Judgment, data *imagefolder.Dataset, index map[string]int) judgedItem {
	item := judgedItem{
		Number: j.Index, Path: imagefolder.Printable(j.Path), Label: imagefolder.Printable(report.Classes[j.Label]),
		Predicted: imagefolder.Printable(report.Classes[j.Predicted]), Probability: j.Probability, OfLabel: j.OfLabel, Loss: j.Loss(),
	}
	if i, ok := index[j.Path]; ok {
		if pixels, err := drawing.ItemPixels(data, i); err == nil { // a file that is gone has no image; its name still helps
			item.Thumb = drawing.ThumbJPEG(pixels)
		}
	}
	return item
}
