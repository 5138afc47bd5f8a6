package transfer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/headstart-nb/headstart/models/accel"
)

// Fit trains as config says and tells events what happens; events may be nil.
//
// When ctx is cancelled the batch that runs is finished and the best model so far is returned with ErrStopped; when the
// loss is no longer a number, with ErrNaN. The model is nil where no epoch was finished. With config.Home set, every
// finished epoch is on disk and Resume goes on from it.
func Fit(ctx context.Context, device *accel.Device, config Config, events func(Event)) (*Model, error) {
	config, err := config.complete()
	if err != nil {
		return nil, err
	}
	if config.Name == "" {
		config.Name = "run-" + time.Now().UTC().Format("20060102-150405.000")
	}
	s, err := newSession(device, config, events)
	if err != nil {
		return nil, err
	}
	if err := s.preflight(); err != nil {
		return nil, errors.Join(err, s.close())
	}
	if config.Home != "" {
		if s.record, err = createRecord(s); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s.fit(ctx)
}

// Check refuses, without a device and at once, what Fit would refuse before it starts: settings that make no sense, and
// the mistakes that Preflight calls errors.
func Check(config Config) error {
	config, err := config.complete()
	if err != nil {
		return err
	}
	return refusal(Preflight(config))
}

func refusal(findings []Finding) error {
	var refused []string
	for _, f := range findings {
		if f.Severity == Error {
			refused = append(refused, fmt.Sprintf("%s %s (--allow %s does it all the same)", f.Sentence, f.Fix, f.Silence))
		}
	}
	if refused == nil {
		return nil
	}
	return errors.New("train: " + strings.Join(refused, "; "))
}

// preflight tells the warnings and fails on the errors.
func (s *session) preflight() error {
	findings := Preflight(s.config)
	for _, f := range findings {
		if f.Severity != Error {
			s.warn("%s %s (--allow %s keeps this quiet.)", f.Sentence, f.Fix, f.Silence)
		}
	}
	return refusal(findings)
}

// fit runs the session to its end and makes a model of it.
func (s *session) fit(ctx context.Context) (*Model, error) {
	err := s.prepare(ctx)
	if err == nil && s.record != nil {
		err = s.record.restore(s)
	}
	if err == nil {
		err = s.run(ctx)
	}
	if err != nil {
		if ctx.Err() != nil && !errors.Is(err, ErrAborted) {
			err = ErrStopped
		}
		s.state.Status = Failed
		if errors.Is(err, ErrStopped) || errors.Is(err, ErrAborted) {
			s.state.Status = Stopped
		}
		s.recordStatus()
		return nil, errors.Join(err, s.close())
	}
	s.recordStatus()
	s.events(Event{Kind: DoneEvent, Status: s.state.Status})
	var marker error
	switch s.state.Status {
	case Stopped:
		marker = ErrStopped
	case NaN:
		marker = fmt.Errorf("%w: the learning rate %g is too high; try %g, or clip the gradients", ErrNaN, s.config.LearningRate,
			s.config.LearningRate/10)
	}
	if len(s.state.History) == 0 {
		return nil, errors.Join(marker, s.close())
	}
	m, err := s.model()
	if err != nil {
		return nil, errors.Join(err, s.close())
	}
	return m, marker
}

func (s *session) recordStatus() {
	if s.record == nil {
		return
	}
	if err := s.record.finish(s); err != nil {
		s.warn("the end of the run is not on disk: %v", err)
	}
}
