// Package sketch draws charts and tables without a graphics library: as text, as HTML and as Vega-Lite specifications.
//
// It links the standard library only, since every Go cell that shows a live curve links it. Package figure adds the
// PNG renderings.
package sketch

// Mark says whether a prediction was right, for front ends that show it by a symbol and a color.
type Mark int

// The marks. MarkNone leaves the image unmarked.
const (
	MarkNone Mark = iota
	MarkRight
	MarkWrong
)

// String returns the sign that stands for the mark in text: "✓", "✗" or "".
func (m Mark) String() string {
	switch m {
	case MarkRight:
		return "✓"
	case MarkWrong:
		return "✗"
	default:
		return ""
	}
}
