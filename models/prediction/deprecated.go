package prediction

// Label is the most probable class; empty where there is none.
//
// Deprecated: use Class. Label goes away with the release after next.
func (p Prediction) Label() string { return p.Class() }
