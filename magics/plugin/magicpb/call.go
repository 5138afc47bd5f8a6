package magicpb

import "github.com/headstart-nb/headstart/magics"

// FromCall is a call as a message. Plugins in other languages also get the line's words; a line that cannot be split
// has none.
func FromCall(c magics.Call) *Start {
	words, err := magics.SplitWords(c.Line)
	if err != nil {
		words = nil
	}
	return &Start{Name: c.Name, Args: words, Line: c.Line, Body: c.Body, Cell: c.Cell, Code: c.Code}
}

// ToCall reads a call.
func ToCall(s *Start) magics.Call {
	return magics.Call{Name: s.GetName(), Line: s.GetLine(), Body: s.GetBody(), Cell: s.GetCell(), Code: s.GetCode()}
}
