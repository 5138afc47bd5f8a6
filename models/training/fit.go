// Package training trains a head on a backbone, by a recipe.
//
// Fit computes the frozen backbone's features of every image once (they are cached by content) and trains the head on them,
// and stages of the backbone where the recipe unfreezes them. Progress is told as events to a callback. Every epoch is on disk
// before the next begins, so that a training can be resumed.
package training

import (
	"context"
	"errors"
	"time"

	"github.com/headstart-nb/headstart/internal/diagnosis"
	"github.com/headstart-nb/headstart/models/accel"
	"github.com/headstart-nb/headstart/models/training/preflight"
	"github.com/headstart-nb/headstart/models/training/progress"
	"github.com/headstart-nb/headstart/models/training/recipe"
	"github.com/headstart-nb/headstart/models/training/record"
)

// Fit does a job and tells events what happens; events may be nil.
//
// When ctx is canceled the batch that runs is finished and the best result so far is returned with progress.ErrStopped; when
// the loss is no longer a number, with progress.ErrNaN. The result is nil where no epoch was finished. With a state folder, every
// finished epoch is on disk and Resume continues from it.
func Fit(ctx context.Context, device *accel.Device, job Job, events func(progress.Event)) (*Result, error) {
	if err := job.Validate(); err != nil {
		return nil, err
	}
	if job.Request.Name == "" {
		job.Request.Name = "run-" + time.Now().UTC().Format("20060102-150405.000")
	}
	s, err := newSession(device, job, events)
	if err != nil {
		return nil, err
	}
	if err := s.preflight(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if job.Environment.Home != "" {
		if s.record, err = record.Create(job.Environment.Home, record.NewRun(s.job, device, s.started)); err != nil {
			return nil, errors.Join(err, s.close())
		}
		if job.Control.Recorded != nil {
			job.Control.Recorded()
		}
	}
	return s.fit(ctx)
}

// fit runs the session to its end and makes a result of it.
func (s *session) fit(ctx context.Context) (*Result, error) {
	if s.job.Recipe.Method == recipe.MethodAuto {
		return s.end(ctx, s.choose(ctx))
	}
	prepare := s.prepare
	if s.job.Recipe.Method == recipe.MethodFinetune {
		prepare = s.prepareFineTuning
	}
	err := prepare(ctx)
	if err == nil && s.record != nil {
		err = s.restore()
		if n := len(s.state.History); err == nil && n > 0 {
			s.events(progress.Event{Kind: progress.ResumedEvent, History: s.state.History[:n:n]})
		}
	}
	if err == nil {
		err = s.run(ctx)
	}
	if err == nil {
		s.tellGain()
	}
	return s.end(ctx, err)
}

// end records how the training ended, and makes a result of it.
func (s *session) end(ctx context.Context, err error) (*Result, error) {
	if err != nil {
		if ctx.Err() != nil && !errors.Is(err, progress.ErrAborted) {
			err = progress.ErrStopped
		}
		s.state.Status = progress.Failed
		if errors.Is(err, progress.ErrStopped) || errors.Is(err, progress.ErrAborted) {
			s.state.Status = progress.Stopped
		}
		s.recordStatus(err)
		s.events(progress.Event{Kind: progress.DoneEvent, Status: s.state.Status})
		return nil, errors.Join(err, s.close())
	}
	s.recordStatus(nil)
	s.events(progress.Event{Kind: progress.DoneEvent, Status: s.state.Status})
	var marker error
	switch s.state.Status {
	case progress.Stopped:
		marker = progress.ErrStopped
	case progress.NaN:
		marker = progress.ErrNaN
		if s.nan != nil {
			marker = s.nan
		}
	}
	if len(s.state.History) == 0 {
		return nil, errors.Join(marker, s.close())
	}
	r, err := s.result()
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return r, marker
}

func (s *session) recordStatus(err error) {
	if s.record == nil {
		return
	}
	if err := s.record.Finish(s.state, err); err != nil {
		s.warn(CodeNotOnDisk, "The end of the run is not on disk: %v.", err)
	}
}

// preflight tells the warnings and fails on the errors.
func (s *session) preflight() error {
	list := preflight.Diagnose(s.job)
	for _, d := range list {
		if d.Severity != diagnosis.Error {
			s.tell(d)
		}
	}
	return preflight.Refusal(list)
}
