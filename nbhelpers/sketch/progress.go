package sketch

import (
	"fmt"
	"strings"
	"time"
)

// Progress is how far a piece of work has come.
type Progress struct {
	Label string        // what is being done: "features", "epoch 3 of 10"
	Done  int           // units finished
	Total int           // units in all; 0 where nobody knows
	Unit  string        // what is counted, in the plural: "pictures", "batches"
	Rate  float64       // units a second; 0 leaves it out
	Left  time.Duration // time left; 0 leaves it out
}

// Text returns the progress on one line of at most width columns, without a line feed.
func (p Progress) Text(width int) string {
	var tail []string
	if p.Total > 0 {
		tail = append(tail, fmt.Sprintf("%d/%d %s", p.Done, p.Total, p.Unit))
	} else {
		tail = append(tail, fmt.Sprintf("%d %s", p.Done, p.Unit))
	}
	return p.Label + " " + strings.Join(tail, " · ")
}
