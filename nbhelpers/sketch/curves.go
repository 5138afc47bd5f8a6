package sketch

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
)

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
	Title  string   `json:"title,omitempty"`
	Panels []Panel  `json:"panels"`
	Epoch  int      `json:"epoch,omitempty"`  // completed epochs
	Epochs int      `json:"epochs,omitempty"` // epochs planned; 0 where it is unknown
	Best   int      `json:"best,omitempty"`   // the best epoch, counted from 1; 0 while there is none
	Axis   string   `json:"axis,omitempty"`   // what Values are counted in; "" means "epoch"
	Status Status   `json:"status,omitzero"`  // the line below the title
	Notes  []string `json:"notes,omitempty"`  // sentences below the chart
}

// Panel is one quantity over the epochs, such as the loss.
type Panel struct {
	Name string `json:"name"` // "loss", "accuracy"
	// Fraction says that the values lie in [0, 1], as an accuracy's do: they are then shown as percentages.
	Fraction bool   `json:"fraction,omitempty"`
	Lines    []Line `json:"lines"`
}

// Line is one series of a panel. Values[i] belongs to epoch i+1; NaN is an epoch without a value (null in JSON).
type Line struct {
	Name   string    `json:"name"` // "train", "validation"
	Values []float64 `json:"-"`
}

// Status is the state of a run while its curves are live.
type Status struct {
	State State         `json:"state,omitempty"`
	Rate  float64       `json:"rate,omitempty"`  // images per second; 0 leaves it out
	Steps float64       `json:"steps,omitempty"` // steps per second, where no image is computed; 0 leaves it out
	Left  time.Duration `json:"left,omitempty"`  // time left; 0 leaves it out
	Text  string        `json:"text,omitempty"`  // anything else, such as "val accuracy 91.2 %"
}

// lineJSON is Line with null for what JSON has no number for.
type lineJSON struct {
	Name   string     `json:"name"`
	Values []*float64 `json:"values"`
}

// MarshalJSON writes what is not finite as null.
func (l Line) MarshalJSON() ([]byte, error) {
	return json.Marshal(lineJSON{Name: l.Name, Values: Nullable(l.Values)})
}

// UnmarshalJSON reads null as NaN.
func (l *Line) UnmarshalJSON(data []byte) error {
	var raw lineJSON
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*l = Line{Name: raw.Name}
	for _, v := range raw.Values {
		if v == nil {
			l.Values = append(l.Values, math.NaN())
		} else {
			l.Values = append(l.Values, *v)
		}
	}
	return nil
}

// Nullable prepares values for JSON: what is not finite becomes nil.
func Nullable(values []float64) []*float64 {
	result := make([]*float64, len(values))
	for i, v := range values {
		if finite(v) {
			result[i] = &v
		}
	}
	return result
}

// finite also refuses what is so large that an axis around it overflows.
func finite(v float64) bool { return math.Abs(v) < 1e300 }

// logFrom is the ratio of the largest to the smallest value from which a logarithmic axis shows more than a linear one.
const logFrom = 30

// Log says whether a logarithmic axis helps: all values are positive and they span more than logFrom.
func (p Panel) Log() bool {
	low, high, ok := p.Range()
	return ok && !p.Fraction && low > 0 && high/low >= logFrom
}

// Range is the smallest and the largest finite value; ok is false where there is none.
func (p Panel) Range() (low, high float64, ok bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, line := range p.Lines {
		for _, v := range line.Values {
			if finite(v) {
				low, high, ok = min(low, v), max(high, v), true
			}
		}
	}
	return low, high, ok
}

// Domain is what the panel's axis shows: from 0 to a round number for a loss, and from the tenth below the worst value up to 1 for a
// fraction; around the values where they leave those bounds or the axis is logarithmic.
func (p Panel) Domain() (low, high float64) {
	low, high, ok := p.Range()
	switch {
	case !ok:
		return 0, 1
	case p.Fraction && low >= 0 && high <= 1:
		return math.Max(0, math.Min(math.Floor(low*10)/10, 0.9)), 1
	case p.Log():
		return low / 1.25, high * 1.25
	case low >= 0:
		step := NiceStep(nonzero(high) * 1.02 / 5)
		return 0, math.Ceil(nonzero(high)*1.02/step) * step
	}
	margin := nonzero((high-low)*0.05 + math.Abs(high)*1e-9)
	return low - margin, high + margin
}

// NiceStep is the smallest of 1, 2, 5, 10, ... times a power of ten that is not below x, which is positive.
func NiceStep(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)))
	for _, factor := range []float64{1, 2, 5} {
		if x <= factor*power*(1+1e-9) {
			return factor * power
		}
	}
	return 10 * power
}

// nonzero is the span of an axis, 1 where the values span nothing.
func nonzero(v float64) float64 {
	if v < 1e-300 { // a step of that size underflows
		return 1
	}
	return v
}

// Value writes one of the panel's values.
func (p Panel) Value(v float64) string {
	if p.Fraction {
		return Percent(v)
	}
	return Number(v)
}

// Last is the last epoch that any axis needs: the planned ones while the run may still reach them.
func (c Curves) Last() int {
	last := max(c.Epoch, 1)
	if c.Status.State == StateRunning || c.Status.State == "" {
		last = max(last, c.Epochs)
	}
	for _, p := range c.Panels {
		for _, line := range p.Lines {
			last = max(last, len(line.Values))
		}
	}
	return last
}

// Summary is the line below the title: state, epoch, rate, time left, the best epoch.
func (c Curves) Summary() string {
	axis := c.AxisName()
	var parts []string
	if c.Status.State != "" {
		parts = append(parts, string(c.Status.State))
	}
	switch {
	case c.Epochs > 0:
		parts = append(parts, axis+" "+strconv.Itoa(c.Epoch)+" of "+strconv.Itoa(c.Epochs))
	case c.Epoch > 0:
		parts = append(parts, axis+" "+strconv.Itoa(c.Epoch))
	}
	if c.Best > 0 {
		parts = append(parts, "best "+strconv.Itoa(c.Best))
	}
	if c.Status.Text != "" {
		parts = append(parts, Label(c.Status.Text, 0))
	}
	if c.Status.Rate > 0 {
		parts = append(parts, strings.TrimSuffix(rate(c.Status.Rate), "/s")+" images/s")
	}
	if c.Status.Steps > 0 {
		parts = append(parts, strings.TrimSuffix(rate(c.Status.Steps), "/s")+" steps/s")
	}
	if c.Status.Left > 0 && c.Status.State == StateRunning {
		parts = append(parts, Clock(c.Status.Left)+" left")
	}
	return strings.Join(parts, " · ")
}

// AxisName is what the values are counted in.
func (c Curves) AxisName() string {
	if c.Axis == "" {
		return "epoch"
	}
	return Label(c.Axis, 24)
}
