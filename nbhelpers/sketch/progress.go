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
	Took  time.Duration `json:"took,omitempty"`  // of work that has ended, which is then shown without a bar; 0 while it lasts
}

// The bar is as wide as the line allows, within these bounds, in columns.
const (
	shortestBar = 8
	longestBar  = 40
)

// Columns that the rate and the time left may take, so that a bar has one width from its first to its last state.
const (
	rateColumns = len("99,999/s")
	leftColumns = len("59:59 left")
	tailRoom    = rateColumns + leftColumns + 2*len(" - ")
	percentRoom = len(" 100 % ") + 1
)

// Text returns the progress on one line of at most width columns, without a line feed: a bar where the total is known,
// the count, the rate and the time left. What does not fit is left out from the right. Work that has ended is a sentence.
func (p Progress) Text(width int) string {
	unit := Label(p.Unit, 0)
	if p.Took > 0 {
		return p.ended(unit, width)
	}
	count := Count(p.Done)
	if p.Total > 0 {
		count = pad(count, Width(Count(p.Total)), true) + "/" + Count(p.Total)
	}
	parts := []string{strings.TrimRight(count+" "+unit, " ")}
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
	if bar := width - Width(label) - Width(parts[0]) - tailRoom - percentRoom; p.Total > 0 && bar >= shortestBar {
		if line := label + p.bar(min(longestBar, bar)) + " " + strings.Join(parts, " · "); Width(line) <= width {
			return line
		}
	}
	for {
		tail := strings.Join(parts, " · ")
		free := width - Width(label) - Width(tail)
		if p.Total > 0 && free >= shortestBar+percentRoom {
			return label + p.bar(shortestBar) + " " + tail
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

// ended says what was done, and how long it took.
func (p Progress) ended(unit string, width int) string {
	text := strings.TrimSpace(Count(p.Done) + " " + unit)
	if p.Label != "" {
		text = Label(p.Label, max(8, width*2/5)) + ": " + text
	}
	switch {
	case p.Took < time.Second:
		text += " in less than 1 s"
	case p.Took < 10*time.Second:
		text += " in " + strconv.FormatFloat(p.Took.Seconds(), 'f', 1, 64) + " s"
	default:
		text += " in " + Clock(p.Took)
	}
	if p.Done > 0 && p.Took >= time.Second {
		text += " (" + rate(float64(p.Done)/p.Took.Seconds()) + ")"
	}
	if p.Total > p.Done {
		text += ", of " + Count(p.Total)
	}
	return Label(text, width)
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
