package transfer

import "context"

// A HeatMap is where a picture speaks for a class.
type HeatMap struct {
	Class       string    `json:"class"`
	Probability float32   `json:"probability"`
	Height      int       `json:"height"`
	Width       int       `json:"width"`
	Values      []float32 `json:"values"` // [height, width], 0 to 1
}

// Explain computes the Grad-CAM heat map of a picture file for a class (arXiv:1610.02391); an empty class means the most
// probable one.
func (m *Model) Explain(ctx context.Context, file, class string) (*HeatMap, error) {
	return nil, errNotYet
}
