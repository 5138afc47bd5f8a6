package sketch

import "time"

// State is where a run stands.
type State string

// The states of a run.
const (
	StateRunning State = "running"
	StateDone    State = "done"
	StateStopped State = "stopped" // by an interrupt or by early stopping
	StateFailed  State = "failed"
)

// Curves are the learning curves of one run: panels side by side over a common axis of epochs.
type Curves struct {
	Title  string
	Panels []Panel
	Epoch  int      // epochs finished
	Epochs int      // epochs planned; 0 where nobody knows
	Best   int      // the best epoch, counted from 1; 0 while there is none
	Axis   string   // what the values are counted in; "" means "epoch"
	Status Status   // the line below the title
	Notes  []string // sentences below the chart
}

// Panel is one quantity over the epochs, such as the loss.
type Panel struct {
	Name  string // "loss", "accuracy"
	Unit  string // "%" scales nothing; it only labels the axis
	Lines []Line
}

// Line is one series of a panel. Values[i] belongs to epoch i+1; NaN is an epoch without a value.
type Line struct {
	Name   string // "train", "validation"
	Values []float64
}

// Status is the state of a run while its curves are live.
type Status struct {
	State State
	Rate  float64       // pictures a second; 0 leaves it out
	Left  time.Duration // time left; 0 leaves it out
	Text  string        // anything else, such as "val accuracy 0.912"
}
