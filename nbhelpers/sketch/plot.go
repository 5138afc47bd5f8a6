package sketch

import (
	"encoding/json"
	"math"
	"slices"
)

// A Plot is panels of lines, points and bins over numeric axes, side by side.
type Plot struct {
	Title    string   `json:"title,omitempty"`
	Subtitle string   `json:"subtitle,omitempty"`
	Panels   []View   `json:"panels"`
	Notes    []string `json:"notes,omitempty"` // sentences below the chart
}

// A View is one panel of a plot.
type View struct {
	Name     string   `json:"name,omitempty"` // above the panel
	X        Axis     `json:"x"`
	Y        Axis     `json:"y"`
	Series   []Series `json:"series"`
	Rules    []Rule   `json:"rules,omitempty"`
	Diagonal bool     `json:"diagonal,omitempty"` // a dashed line from corner to corner, which chance would draw
}

type viewFields View // without the methods

// MarshalJSON leaves out what JSON has no number for and no chart a place: rules and ranges that are not finite.
func (v View) MarshalJSON() ([]byte, error) {
	v.Rules = slices.DeleteFunc(slices.Clone(v.Rules), func(r Rule) bool { return !finite(r.At) })
	for _, a := range []*Axis{&v.X, &v.Y} {
		if a.Range != nil && !(finite(a.Range[0]) && finite(a.Range[1])) {
			a.Range = nil
		}
	}
	return json.Marshal(viewFields(v))
}

// An Axis of a panel.
type Axis struct {
	Name string `json:"name,omitempty"`
	// Range is the lowest and the highest value shown; nil: those of the data, and 0 for the heights of bins.
	Range *[2]float64 `json:"range,omitempty"`
	// Fraction says that the values lie in [0, 1] and are shown as percentages.
	Fraction bool `json:"fraction,omitempty"`
	Log      bool `json:"log,omitempty"` // a logarithmic axis; values that are not positive are left out
}

// A Rule is a vertical line with a label.
type Rule struct {
	At    float64 `json:"at"`
	Label string  `json:"label,omitempty"`
}

// Kind is how a series is drawn.
type Kind string

// The kinds of series.
const (
	KindLine   Kind = "line"   // neighbors joined; what is not finite leaves a gap
	KindPoints Kind = "points" // a mark for each pair
	KindBins   Kind = "bins"   // bars over intervals: X holds the edges, one more than Y
)

// Series is values of a panel: Y[i] belongs to X[i].
type Series struct {
	Name string
	Kind Kind
	X, Y []float64
}

type seriesJSON struct {
	Name string     `json:"name,omitempty"`
	Kind Kind       `json:"kind"`
	X    []*float64 `json:"x"`
	Y    []*float64 `json:"y"`
}

// MarshalJSON writes what is not finite as null.
func (s Series) MarshalJSON() ([]byte, error) {
	return json.Marshal(seriesJSON{s.Name, s.Kind, Nullable(s.X), Nullable(s.Y)})
}

// UnmarshalJSON reads null as NaN.
func (s *Series) UnmarshalJSON(data []byte) error {
	var raw seriesJSON
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	*s = Series{Name: raw.Name, Kind: raw.Kind, X: denullable(raw.X), Y: denullable(raw.Y)}
	return nil
}

func denullable(values []*float64) []float64 {
	var result []float64
	for _, v := range values {
		if v == nil {
			result = append(result, math.NaN())
		} else {
			result = append(result, *v)
		}
	}
	return result
}

// mostPoints is how many pairs of a series are shown: more hide each other, and the notebook keeps them all.
const mostPoints = 5000

// Shown is the pairs of the series that are shown. Of more than 5,000 points every n-th is; of a line the lowest and the highest of n
// neighbors are, so that no peak is lost.
func (s Series) Shown() (x, y []float64) {
	n := min(len(s.X), len(s.Y))
	each := s.each()
	for from := 0; from < n; from += each {
		first, second := from, from
		if s.Kind == KindLine {
			low, high := s.extremes(from, min(n, from+each))
			first, second = min(low, high), max(low, high)
		}
		x, y = append(x, s.X[first]), append(y, s.Y[first])
		if second != first {
			x, y = append(x, s.X[second]), append(y, s.Y[second])
		}
	}
	return x, y
}

// each is how many neighbors one point stands for, or two of a line.
func (s Series) each() int {
	n, room := min(len(s.X), len(s.Y)), mostPoints
	if n <= mostPoints {
		return 1
	}
	if s.Kind == KindLine {
		room /= 2
	}
	return (n + room - 1) / room
}

// extremes are the indices of the lowest and the highest of some neighbors; the first one's where none has a place.
func (s Series) extremes(from, to int) (low, high int) {
	low, high = -1, -1
	for i := from; i < to; i++ {
		if !finite(s.X[i]) || !finite(s.Y[i]) {
			continue
		}
		if low < 0 || s.Y[i] < s.Y[low] {
			low = i
		}
		if high < 0 || s.Y[i] > s.Y[high] {
			high = i
		}
	}
	return max(from, low), max(from, high)
}

// AllNotes are the notes, and what is not drawn of series with many values.
func (p Plot) AllNotes() []string {
	list := slices.Clone(p.Notes)
	for _, v := range p.Panels {
		drawn, _ := v.Drawn()
		for _, s := range drawn {
			each := s.each()
			if each == 1 || s.Kind == KindBins {
				continue
			}
			note := Count(min(len(s.X), len(s.Y))) + " points: one of each " + Count(each) + " is drawn"
			if s.Kind == KindLine {
				note = Count(min(len(s.X), len(s.Y))) + " values: the lowest and the highest of each " + Count(each) + " neighbors are drawn"
			}
			if !slices.Contains(list, note) {
				list = append(list, note)
			}
		}
	}
	return list
}

// Places says whether the axis has a place for a value.
func (a Axis) Places(v float64) bool { return finite(v) && (!a.Log || v > 0) }

// Bins are the intervals of a series of bins with their heights. Those that an axis has no place for, or that have no width, are
// left out.
func (v View) Bins(s Series) (low, high, height []float64) {
	for i := range min(len(s.X)-1, len(s.Y)) {
		if a, b, h := s.X[i], s.X[i+1], s.Y[i]; v.X.Places(a) && v.X.Places(b) && a < b && v.Y.Places(h) {
			low, high, height = append(low, a), append(high, b), append(height, h)
		}
	}
	return low, high, height
}

// DomainX is what the horizontal axis shows.
func (v View) DomainX() (low, high float64) {
	return v.X.domain(func(s Series) []float64 { return s.X }, v, false)
}

// DomainY is what the vertical axis shows.
func (v View) DomainY() (low, high float64) {
	return v.Y.domain(func(s Series) []float64 { return s.Y }, v, true)
}

func (a Axis) domain(of func(Series) []float64, v View, heights bool) (low, high float64) {
	if a.Range != nil && finite(a.Range[0]) && finite(a.Range[1]) && a.Range[0] < a.Range[1] && (!a.Log || a.Range[0] > 0) {
		return a.Range[0], a.Range[1]
	}
	low, high = math.Inf(1), math.Inf(-1)
	bins := false
	for _, s := range v.Series {
		bins = bins || s.Kind == KindBins
		for _, value := range of(s) {
			if finite(value) && (!a.Log || value > 0) {
				low, high = min(low, value), max(high, value)
			}
		}
	}
	switch {
	case low > high:
		if a.Log {
			return 1, 10
		}
		return 0, 1
	case a.Log:
		if low == high {
			return low / 2, high * 2
		}
		return low, high
	case heights && bins:
		return min(0, low), nonzero(max(0, high) * 1.05)
	}
	margin := (high/2 - low/2) / 10 // halves cannot overflow
	if bins {
		margin = 0
	}
	if low == high {
		margin = nonzero(math.Abs(low) / 10)
	}
	const rounded = 1e-9 // a mean of ones may not be 1
	if a.Fraction && low >= 0 && high <= 1+rounded {
		return max(0, low-margin), min(1, high+margin)
	}
	return low - margin, high + margin
}

// Value writes a value of the axis.
func (a Axis) Value(v float64) string {
	if a.Fraction {
		return Percent(v)
	}
	if v == 0 {
		return "0"
	}
	return Number(v)
}

// Unit is where a value lies on an axis from low to high, 0 at its beginning and 1 at its end; NaN where the axis has no place for it.
func (a Axis) Unit(v, low, high float64) float64 {
	if a.Log {
		if !(v > 0) {
			return math.NaN()
		}
		v, low, high = math.Log(v), math.Log(low), math.Log(high)
	}
	if !finite(v) {
		return math.NaN()
	}
	return (v/2 - low/2) / (high/2 - low/2)
}

// mostSeries is how many series of a panel are drawn.
const mostSeries = 12

// Drawn are the series that are drawn; more of them say nothing.
func (v View) Drawn() (shown []Series, left int) {
	n := min(len(v.Series), mostSeries)
	return v.Series[:n], len(v.Series) - n
}

// Count is how many values of the panel have a place on it.
func (v View) Count() int {
	n := 0
	lowX, highX := v.DomainX()
	lowY, highY := v.DomainY()
	for _, s := range v.Series {
		if s.Kind == KindBins {
			_, _, heights := v.Bins(s)
			n += len(heights)
			continue
		}
		for i := range min(len(s.X), len(s.Y)) {
			if !math.IsNaN(v.X.Unit(s.X[i], lowX, highX)) && !math.IsNaN(v.Y.Unit(s.Y[i], lowY, highY)) {
				n++
			}
		}
	}
	return n
}

// names are the names of the drawn series, numbered where two are the same.
func names(series []Series) []string {
	var list []string
	for _, s := range series {
		name := Label(s.Name, 40)
		for n := 2; slices.Contains(list, name); n++ {
			name = Label(s.Name, 36) + " " + Count(n)
		}
		list = append(list, name)
	}
	return list
}

// Titled is the plot with a title and with names of its axes; an empty name keeps the one that an axis has.
func (p Plot) Titled(title, x, y string) Plot {
	p.Title = title
	p.Panels = slices.Clone(p.Panels)
	for i := range p.Panels {
		v := &p.Panels[i]
		if x != "" {
			v.X.Name = x
		}
		if y != "" {
			v.Y.Name = y
		}
	}
	return p
}

// As is the plot with a name for its series, for the legend.
func (p Plot) As(name string) Plot {
	p.Panels = slices.Clone(p.Panels)
	for i := range p.Panels {
		p.Panels[i].Series = slices.Clone(p.Panels[i].Series)
		for k := range p.Panels[i].Series {
			p.Panels[i].Series[k].Name = name
		}
	}
	return p
}
