package lab

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/headstart-nb/headstart/internal/memory"
	"github.com/headstart-nb/headstart/models/imagefolder"
	"github.com/headstart-nb/headstart/models/lab/runstatus"
	"github.com/headstart-nb/headstart/models/training"
	"github.com/headstart-nb/headstart/models/training/progress"
)

// A Run is one training of this process.
type Run struct {
	tied bool // it ends with its kernel; else it continues without one

	skipped []imagefolder.Skipped // files of the dataset that are not trained on

	stop     context.CancelFunc // the batch that runs is finished, the best model kept
	abort    chan struct{}      // closed to end it now
	abortNow sync.Once
	done     chan struct{} // closed when the training has ended

	mu      sync.Mutex
	stand   runstatus.Stand
	watches map[int]func()
	next    int // key in watches
}

// Name is the name of the run.
func (r *Run) Name() string { return r.Stand().Name }

// Done is closed when the run has ended.
func (r *Run) Done() <-chan struct{} { return r.done }

// Tied tells whether the run ends with its kernel.
func (r *Run) Tied() bool { return r.tied }

// Skipped are the files of the dataset that are not used, each with the reason; empty where all are.
func (r *Run) Skipped() []imagefolder.Skipped { return append([]imagefolder.Skipped{}, r.skipped...) }

// Stand says how the run stands.
func (r *Run) Stand() runstatus.Stand {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := r.stand
	s.History, s.Diagnoses = slices.Clone(s.History), slices.Clone(s.Diagnoses)
	return s
}

// Stop finishes the batch that runs and keeps the best model.
func (r *Run) Stop() { r.stop() }

// Abort ends the run at once.
func (r *Run) Abort() {
	r.stop()
	r.abortNow.Do(func() { close(r.abort) })
}

// Watch calls changed, which must return at once, whenever the run has changed, until the watch is ended.
func (r *Run) Watch(changed func()) (end func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := r.next
	r.next++
	r.watches[key] = changed
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		delete(r.watches, key)
	}
}

// rename gives the run another name where it has that one.
func (r *Run) rename(name, to string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stand.Name == name {
		r.stand.Name = to
	}
}

func (r *Run) running() bool {
	select {
	case <-r.done:
		return false
	default:
		return true
	}
}

// hear takes in an event; it is the callback of the training and must be quick.
func (r *Run) hear(e progress.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stand.Hear(e)
	switch e.Kind {
	case progress.FeaturesEvent:
		r.stand.Features = e.Features
	case progress.SelectionEvent:
		r.stand.Selecting = e.Selection
	case progress.StepEvent:
		r.stand.Step = e.Step
	case progress.EpochEvent:
		r.stand.Step = nil
	case progress.DiagnosisEvent:
		r.stand.Diagnoses = append(r.stand.Diagnoses, *e.Diagnosis)
	}
	for _, changed := range r.watches {
		changed()
	}
}

// memoryEvery is how often a training looks at the memory that is left. A step that takes it tells nothing until it ends.
const memoryEvery = time.Second

// watchMemory looks at the memory that is left until the run has ended, and keeps the least where it is short.
func (r *Run) watchMemory(read func() memory.Room, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-r.done:
			return
		case <-ticker.C:
			r.hearMemory(read())
		}
	}
}

func (r *Run) hearMemory(room memory.Room) {
	r.mu.Lock()
	defer r.mu.Unlock()
	least := memory.Scarcest(r.stand.Memory, room)
	if !least.Short() || least == r.stand.Memory {
		return
	}
	r.stand.Memory = least
	for _, changed := range r.watches {
		changed()
	}
}

// finish records how the training ended. last is called before anybody who waits for the end hears of it.
func (r *Run) finish(result *training.Result, err error, last func(runstatus.Stand)) {
	r.mu.Lock()
	r.stand.End(err)
	r.stand.Err = err
	if result != nil {
		r.stand.Versions = result.Provenance.Versions
	}
	for _, changed := range r.watches {
		changed()
	}
	r.mu.Unlock()
	last(r.Stand())
	close(r.done)
}
