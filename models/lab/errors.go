package lab

import (
	"cmp"
	"errors"
	"fmt"
)

// An UntrainedError is a model without a trained head.
type UntrainedError struct{ Model string }

func (e *UntrainedError) Error() string {
	return fmt.Sprintf("the model %s has no trained head yet", e.Model)
}

// A NoRunError is a model that no run has trained: it is new, or it was loaded.
type NoRunError struct{ Model string }

func (e *NoRunError) Error() string {
	return fmt.Sprintf("the model %s has no run", e.Model)
}

// A RunningError is something that cannot be done while a run trains.
type RunningError struct {
	Doing string // train, change the device to cpu
	Run   string
}

func (e *RunningError) Error() string {
	return fmt.Sprintf("%s: the run %s has not ended yet", e.Doing, e.Run)
}

// A RunExistsError is a run that would get the name of another.
type RunExistsError struct {
	Doing string // rename first; empty: train
	Run   string
}

func (e *RunExistsError) Error() string {
	return fmt.Sprintf("%s: there is already a run %s; choose another name", cmp.Or(e.Doing, "train"), e.Run)
}

// A NoWeightsError is a run whose weights are not kept: it finished no epoch, or its weights were neither in memory nor on disk.
type NoWeightsError struct {
	Run   string
	Cause error // may be nil
}

func (e *NoWeightsError) Error() string {
	text := fmt.Sprintf("the run %s has kept no weights", e.Run)
	if e.Cause != nil {
		text += ": " + e.Cause.Error()
	}
	return text
}

// Unwrap is the cause.
func (e *NoWeightsError) Unwrap() error { return e.Cause }

// ErrNothingToPredict marks arguments that name no image.
var ErrNothingToPredict = errors.New("no image found")

// A PinnedError is a device that cannot be changed, because a model is being served on it.
type PinnedError struct{ Device string }

func (e *PinnedError) Error() string {
	return fmt.Sprintf("change the device to %s: a model is being served on the one that is open", e.Device)
}
