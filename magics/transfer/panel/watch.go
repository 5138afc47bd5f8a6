package panel

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/headstart-nb/headstart/magics"
	"github.com/headstart-nb/headstart/models/lab"
	"github.com/headstart-nb/headstart/models/training/record"
)

// A watching magic tells the notebook extension what has changed.
type watching struct {
	responding
	watch func(ctx context.Context, tell func(json.RawMessage) error) error
}

var _ magics.Watcher = watching{}

// Watch implements magics.Watcher.
func (w watching) Watch(ctx context.Context, tell func(json.RawMessage) error) error {
	return w.watch(ctx, tell)
}

// tells adds a watch to a magic that answers.
func tells(m responding, watch func(context.Context, func(json.RawMessage) error) error) magics.Magic {
	return watching{m, watch}
}

// How often a watch looks. To look at what this process has takes microseconds; records of other processes are on disk, and are read
// where their files have changed.
const (
	lookEvery = 500 * time.Millisecond // so that a run is told of twice a second at most
	diskEvery = 4                      // looks
	slowEvery = 2 * time.Second        // for what changes by a cell
)

// each looks, tells what there is where it differs from what was told, and waits, until the context ends.
func each(ctx context.Context, every time.Duration, tell func(json.RawMessage) error, look func() (any, error)) error {
	var told json.RawMessage
	return repeatedly(ctx, every, tell, func() (json.RawMessage, error) {
		state, err := look()
		if err != nil {
			return nil, err
		}
		text, err := json.Marshal(state)
		if err != nil || bytes.Equal(text, told) {
			return nil, err
		}
		told = text
		return text, nil
	})
}

// repeatedly tells what look returns, now and then again and again until the context ends; nil: there is no news.
func repeatedly(ctx context.Context, every time.Duration, tell func(json.RawMessage) error, look func() (json.RawMessage, error)) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		text, err := look()
		if err == nil && text != nil {
			err = tell(text)
		}
		if err != nil {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// watchDevice tells the status bar of the device, the models and the runs.
func (p *Panels) watchDevice(ctx context.Context, tell func(json.RawMessage) error) error {
	return each(ctx, lookEvery, tell, func() (any, error) {
		status := p.lab.DeviceStatus()
		status.MemoryMiB = 0 // changes all the time, and the kernel tells it for all processes
		return status, nil
	})
}

// datasetNews is what the data panel is told: when it differs, the panel asks for its page again.
type datasetNews struct {
	Dataset string `json:"dataset"` // the current one; empty where none is loaded
	Digest  string `json:"digest"`
	Edits   int    `json:"edits"`
	Model   string `json:"model"` // whose predictions the page has
	Run     string `json:"run"`   // that has made it
}

// watchDataset tells the data panel of the current dataset and the model that judges it.
func (p *Panels) watchDataset(ctx context.Context, tell func(json.RawMessage) error) error {
	return each(ctx, slowEvery, tell, func() (any, error) {
		var news datasetNews
		if data, err := p.lab.Dataset(""); err == nil {
			news.Dataset, news.Digest, news.Edits = data.Name, data.Digest, len(data.Edits)
		}
		if trained, err := p.lab.Trained(ctx, lab.Ref{}); err == nil {
			news.Model, news.Run = trained.Name, trained.Model.Provenance.Run
		}
		return news, nil
	})
}

// runsNews is what the runs panel is told.
type runsNews struct {
	Order []string          `json:"order"` // the names of all runs, newest first
	Runs  []json.RawMessage `json:"runs"`  // the cards of those that have changed; at first, of all
}

// A runsWatch knows what was told of the runs.
type runsWatch struct {
	lab    *lab.Lab
	disk   *record.Follower
	stored []record.Run
	own    map[*lab.Run]func() // ends of the watches of runs of this process
	names  []string            // of all runs of this process: it removes and renames them a moment after their records
	dirty  atomic.Bool
	order  []string
	cards  map[string]json.RawMessage
}

// watchRuns tells the runs panel and the cards of runs how runs of this process and of others go.
func (p *Panels) watchRuns(ctx context.Context, tell func(json.RawMessage) error) error {
	w := &runsWatch{lab: p.lab, disk: p.lab.FollowStored(), own: map[*lab.Run]func(){}, cards: map[string]json.RawMessage{}}
	w.dirty.Store(true)
	defer func() {
		for _, end := range w.own {
			end()
		}
	}()
	looks := 0
	return repeatedly(ctx, lookEvery, tell, func() (json.RawMessage, error) {
		news, err := w.look(looks%diskEvery == 0)
		looks++
		if err != nil || news == nil {
			return nil, err
		}
		return json.Marshal(news)
	})
}

// look returns what has changed since the last look; nil: nothing.
func (w *runsWatch) look(disk bool) (*runsNews, error) {
	if w.follow() || disk {
		stored, changed, err := w.disk.Runs()
		if err != nil {
			return nil, err
		}
		if w.stored = stored; changed {
			w.dirty.Store(true)
		}
	}
	if !w.dirty.Swap(false) {
		return nil, nil
	}
	news := &runsNews{Order: []string{}, Runs: []json.RawMessage{}}
	cards := map[string]json.RawMessage{}
	for _, stand := range w.lab.RunsWith(w.stored) {
		card, err := json.Marshal(stand.Card())
		if err != nil {
			return nil, err
		}
		news.Order, cards[stand.Name] = append(news.Order, stand.Name), card
		if !bytes.Equal(card, w.cards[stand.Name]) {
			news.Runs = append(news.Runs, card)
		}
	}
	first := w.order == nil
	same := slices.Equal(news.Order, w.order) && maps.EqualFunc(cards, w.cards, equal)
	w.order, w.cards = news.Order, cards
	if same && !first {
		return nil, nil
	}
	return news, nil
}

// follow watches the runs of this process that go on, and no longer those that have ended: the last of those was heard. It tells
// whether there are others, or others of their names: the records of before would show those beside them that are gone.
func (w *runsWatch) follow() (differ bool) {
	var names []string
	for _, r := range w.lab.OwnRuns() {
		names = append(names, r.Name())
	}
	if differ = !slices.Equal(names, w.names); differ {
		w.names = names
		w.dirty.Store(true)
	}
	running := w.lab.Running()
	for r, end := range w.own {
		if !slices.Contains(running, r) {
			end()
			delete(w.own, r)
			w.dirty.Store(true)
		}
	}
	for _, r := range running {
		if w.own[r] == nil {
			w.own[r] = r.Watch(func() { w.dirty.Store(true) })
			w.dirty.Store(true)
		}
	}
	return differ
}

func equal(a, b json.RawMessage) bool { return bytes.Equal(a, b) }
