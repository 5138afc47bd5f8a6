package lab

import (
	"encoding/json"
	"fmt"

	"github.com/headstart-nb/headstart/nbhelpers/warm"
)

// Put gives a value a name, for later cells and for predictions of its images.
func (l *Lab) Put(name string, value warm.Value) error {
	if name == "" {
		return fmt.Errorf("put a value: it needs a name")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.values[name] = value
	return nil
}

// Value returns the value of a name. The last results are under last.dataset, last.run, last.report, last.study and last.predictions.
func (l *Lab) Value(name string) (warm.Value, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	value, ok := l.values[name]
	return value, ok
}

// leave gives a result a name for Go cells.
func (l *Lab) leave(name string, result any) {
	data, err := json.Marshal(result)
	if err != nil {
		l.log.Error("keep a result for Go cells", "name", name, "error", err)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.values[name] = warm.Value{JSON: data}
}
