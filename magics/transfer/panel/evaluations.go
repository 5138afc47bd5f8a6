package panel

import (
	"crypto/rand"
	"sync"

	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab/predictor"
)

// mostEvaluations is how many evaluated folders are kept, so that the extension can show images of them.
const mostEvaluations = 4

// evaluations are the images of folders that were evaluated, by the name that their figures have.
type evaluations struct {
	mu    sync.Mutex
	order []string
	of    map[string]*imagefolder.Dataset
}

// keep remembers images and gives them a name, which no other process gives.
func (e *evaluations) keep(data *imagefolder.Dataset) string {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.of == nil {
		e.of = map[string]*imagefolder.Dataset{}
	}
	name := rand.Text()
	e.order, e.of[name] = append(e.order, name), data
	if len(e.order) > mostEvaluations {
		delete(e.of, e.order[0])
		e.order = e.order[1:]
	}
	return name
}

func (e *evaluations) get(name string) (*imagefolder.Dataset, bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	found, ok := e.of[name]
	return found, ok
}

// ImagesOf is the name by which the extension gets images of an evaluation: that of the dataset where it is loaded, which holds
// after a restart as well; a folder that was only evaluated is kept under a name of its own.
func (p *Panels) ImagesOf(e *predictor.Evaluation) string {
	if loaded, err := p.lab.Dataset(e.Dataset.Name); err == nil && loaded == e.Dataset {
		return e.Dataset.Name
	}
	return p.evaluated.keep(e.Dataset)
}

// panelDataset is the dataset that a panel asks for: one that is loaded, or the images of an evaluation, which cannot be edited.
func (p *Panels) panelDataset(asked panelRequest) (*imagefolder.Dataset, error) {
	if data, ok := p.evaluated.get(asked.Dataset); ok && asked.Action == "" {
		return data, nil
	}
	return p.lab.Dataset(asked.Dataset)
}
