package notebook

import (
	"encoding/json"
	"strings"
)

// The markers of nbgrader: what stands between two of them is not for students.
const (
	beginSolution, endSolution = "BEGIN SOLUTION", "END SOLUTION"
	beginHidden, endHidden     = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
)

// stub stands where a student writes.
const stub = "// YOUR CODE HERE"

// ForStudents removes the outputs, which a student makes, and the solutions.
func (nb *Notebook) ForStudents() {
	nb.ClearOutputs()
	nb.stripSolutions()
}

// stripSolutions puts a stub in the place of each solution, and removes hidden tests, as nbgrader does. A region without an end
// goes to the end of its cell, so that a typing error shows no solution. Cells that were collapsed for their solution are shown.
func (nb *Notebook) stripSolutions() {
	for i := range nb.Cells {
		cell := &nb.Cells[i]
		if cell.Kind != "code" {
			continue
		}
		if text := strip(cell.Source); text != cell.Source {
			cell.Source = text
			cell.show()
		}
	}
}

func strip(source string) string {
	var kept []string
	end := "" // of the region that the line is in; empty outside
	for line := range strings.Lines(source) {
		switch {
		case end != "":
			if strings.Contains(line, end) {
				end = ""
			}
		case strings.Contains(line, beginSolution):
			end = endSolution
			kept = append(kept, stub+"\n")
		case strings.Contains(line, beginHidden):
			end = endHidden
		default:
			kept = append(kept, line)
		}
	}
	text := strings.Join(kept, "")
	if !strings.HasSuffix(source, "\n") {
		text = strings.TrimSuffix(text, "\n")
	}
	return text
}

// show undoes that JupyterLab collapses the cell's source.
func (c *Cell) show() {
	var metadata map[string]json.RawMessage
	if json.Unmarshal(c.fields["metadata"], &metadata) != nil {
		return
	}
	delete(metadata, "jupyter")
	if raw, err := marshal(metadata); err == nil {
		c.fields["metadata"] = raw
	}
}
