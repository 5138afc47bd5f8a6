package named

import (
	"fmt"
	"strings"
)

// Kind is a kind of thing that has a name.
type Kind string

// The kinds of things that are found by their names.
const (
	KindDataset      Kind = "dataset"
	KindModel        Kind = "model"
	KindRun          Kind = "run"
	KindRunOrModel   Kind = "run or model"
	KindClass        Kind = "class"
	KindImages       Kind = "value"
	KindArchitecture Kind = "model architecture"
)

// A NotFoundError is a name that nothing has. With an empty name, the current one was asked for and there is none yet.
type NotFoundError struct {
	Kind Kind
	Name string
	Have []string // the names that exist
}

func (e *NotFoundError) Error() string {
	switch {
	case e.Name == "":
		return fmt.Sprintf("there is no %s yet", e.Kind)
	case len(e.Have) == 0:
		return fmt.Sprintf("unknown %s %q: there is none yet", e.Kind, e.Name)
	}
	return fmt.Sprintf("unknown %s %q, have %s", e.Kind, e.Name, strings.Join(e.Have, ", "))
}
