package transfer

import "time"

// A Run is a training as it stands on disk.
type Run struct {
	Name     string    `json:"name"`
	Status   Status    `json:"status"`
	Started  time.Time `json:"started"`
	Updated  time.Time `json:"updated"`
	Epochs   int       `json:"epochs"` // planned
	History  History   `json:"history"`
	Settings Settings  `json:"settings"`
	Dataset  string    `json:"dataset_root"`
	Backbone Identity  `json:"backbone"`
	PID      int       `json:"pid"` // of the process that trains it
}

// Runs lists the runs in a state folder, newest first. A run whose process is gone has the status Interrupted.
func Runs(home string) ([]Run, error) { return nil, errNotYet }
