package progress

import "errors"

// Status is how a training ended, or that it has not.
type Status string

// The states of a training.
const (
	Running     Status = "running"
	Finished    Status = "finished"
	Stopped     Status = "stopped"    // interrupted; the best model is kept
	EarlyStop   Status = "early-stop" // the validation loss got no better
	NaN         Status = "nan"        // the loss was not a number; the best model is kept
	Failed      Status = "failed"
	Interrupted Status = "interrupted" // its process is gone; it can be resumed
)

// ErrStopped marks a training that an interrupt ended. training.Fit returns it together with the best result so far, if there is one.
var ErrStopped = errors.New("training stopped")

// ErrAborted marks a training that job.Control ended at once, with nothing kept beyond the last finished epoch on disk.
var ErrAborted = errors.New("training aborted")

// ErrNaN marks a training that ended because its loss was no longer a number.
var ErrNaN = errors.New("the loss is not a number")
