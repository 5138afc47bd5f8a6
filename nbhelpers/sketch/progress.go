package sketch

import (
	"strconv"
	"strings"
	"time"
)

// Progress is how far a piece of work has come.
type Progress struct {
	Label string        `json:"label,omitempty"` // what is being done: "features", "epoch 3 of 10"
	Done  int           `json:"done"`            // units completed
	Total int           `json:"total,omitempty"` // units in all; 0 where it is unknown
	Unit  string        `json:"unit,omitempty"`  // what is counted, in the plural: "images", "batches"
	Rate  float64       `json:"rate,omitempty"`  // units per second; 0 leaves it out
	Left  time.Duration `json:"left,omitempty"`  // time left; 0 leaves it out
}

// The bar is as wide as the line allows, within these bounds, in columns.
const (
	shortestBar = 8
	longestBar  = 40
)

// Text returns the progress on one line of at most width columns, without a line feed: a bar where the total is known,
// the count, the rate and the time left. What does not fit is left out from the right.
func (p Progress) Text(width int) string {
	unit := Label(p.Unit, 0)
	count := Count(p.Done)
	if p.Total > 0 {
		count += "/" + Count(p.Total)
	}
	parts := []string{strings.TrimSpace(count + " " + unit)}
	if p.Rate > 0 {
		parts = append(parts, rate(p.Rate))
	}
	if p.Left > 0 {
		parts = append(parts, Clock(p.Left)+" left")
	}
	label := Label(p.Label, max(8, width*2/5))
	if label != "" {
		label += " "
	}
	for {
		tail := strings.Join(parts, " · ")
		free := width - Width(label) - Width(tail)
		if p.Total > 0 && free >= shortestBar+len(" 100 % ")+1 {
			return label + p.bar(min(longestBar, free-len(" 100 % ")-1)) + " " + tail
		}
		if p.Total <= 0 && free >= 0 || len(parts) == 1 {
			return Label(label+tail, width)
		}
		parts = parts[:len(parts)-1]
	}
}

// Noted is Text with sentences below it, which are broken into lines.
func (p Progress) Noted(width int, notes []string) string {
	lines := []string{p.Text(width)}
	for _, note := range notes {
		lines = append(lines, wrap(note, width)...)
	}
	return strings.Join(lines, "\n")
}

// eighths are the partly filled cells of a bar.
var eighths = [...]string{"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"}

// bar draws a bar of so many columns, filled as far as the work is done, and the percentage after it.
func (p Progress) bar(columns int) string {
	fraction := min(1, max(0, float64(p.Done)/float64(p.Total)))
	filled := int(fraction * float64(columns) * 8)
	drawn := strings.Repeat("█", filled/8) + eighths[filled%8]
	empty := columns - Width(drawn)
	return drawn + strings.Repeat("░", empty) + pad(strconv.Itoa(int(fraction*100))+" %", 6, true)
}

func rate(perSecond float64) string {
	switch {
	case !(perSecond < 1e12): // also what is not a number
		return Number(perSecond) + "/s"
	case perSecond >= 100:
		return Count(int(perSecond+0.5)) + "/s"
	default:
		return strconv.FormatFloat(perSecond, 'f', 1, 64) + "/s"
	}
}
