package magics

import "slices"

// A Concurrent is a magic of which some calls may run while another cell runs, in a subshell: those that only look, and
// those that act on work which runs already.
type Concurrent interface {
	// ConcurrentCalls says which. The answer does not change.
	ConcurrentCalls() Calls
}

// Calls is a set of calls of one magic. The zero value is empty.
type Calls struct {
	All bool // every call
	// Commands are those of a magic with commands of its own; "" stands for a call without one, as in %runs.
	Commands []string
}

// Include reports whether a call with that line, which begins after the magic's name, is in the set.
func (c Calls) Include(line string) bool {
	name, _ := cutWord(line)
	switch {
	case c.All:
		return true
	case namesNoCommand(name):
		name = ""
	}
	return slices.Contains(c.Commands, name)
}

// RunsBeside reports whether a call of a magic may run while another cell runs.
func RunsBeside(m Magic, line string) bool {
	concurrent, ok := m.(Concurrent)
	return ok && concurrent.ConcurrentCalls().Include(line)
}
