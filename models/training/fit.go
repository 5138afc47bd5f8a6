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

	"github.com/headstart-nb/headstart/models/accel"
)

// ErrStopped marks a training that an interrupt ended. Fit returns it together with the best result so far, if there is one.
var ErrStopped = errors.New("training stopped")

// ErrAborted marks a training that Control.Abort ended at once, with nothing kept beyond the last finished epoch on disk.
var ErrAborted = errors.New("training aborted")

// ErrNaN marks a training that ended because its loss was no longer a number.
var ErrNaN = errors.New("the loss is not a number")

// Fit does a job and tells events what happens; events may be nil.
//
// When ctx is canceled the batch that runs is finished and the best result so far is returned with ErrStopped; when the
// loss is no longer a number, with ErrNaN. The result is nil where no epoch was finished. With a state folder, every
// finished epoch is on disk and Resume continues from it.
func Fit(ctx context.Context, device *accel.Device, job Job, events func(Event)) (*Result, error) {
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
		if s.record, err = createRecord(s); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s.fit(ctx)
}

// fit runs the session to its end and makes a result of it.
func (s *session) fit(ctx context.Context) (*Result, error) {
	if s.job.Recipe.Method == MethodAuto {
		return s.end(ctx, s.choose(ctx))
	}
	prepare := s.prepare
	if s.job.Recipe.Method == MethodFinetune {
		prepare = s.prepareFineTuning
	}
	err := prepare(ctx)
	if err == nil && s.record != nil {
		err = s.record.restore(s)
		if n := len(s.state.History); err == nil && n > 0 {
			s.events(Event{Kind: ResumedEvent, History: s.state.History[:n:n]})
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
		if ctx.Err() != nil && !errors.Is(err, ErrAborted) {
			err = ErrStopped
		}
		s.state.Status = Failed
		if errors.Is(err, ErrStopped) || errors.Is(err, ErrAborted) {
			s.state.Status = Stopped
		}
		s.recordStatus(err)
		s.events(Event{Kind: DoneEvent, Status: s.state.Status})
		return nil, errors.Join(err, s.close())
	}
	s.recordStatus(nil)
	s.events(Event{Kind: DoneEvent, Status: s.state.Status})
	var marker error
	switch s.state.Status {
	case Stopped:
		marker = ErrStopped
	case NaN:
		marker = ErrNaN
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
	if err := s.record.finish(s, err); err != nil {
		s.warn(CodeNotOnDisk, "The end of the run is not on disk: %v.", err)
	}
}
