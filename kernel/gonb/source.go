package gonb

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A position is a line of a cell as the user knows it.
type position struct {
	count  int // the cell's execution count; 0 where it is not known
	line   int // counted from 1
	column int // in bytes, counted from 1; 0 where it is not known
	text   string
}

// String is the position as tracebacks write it.
func (p position) String() string {
	text := fmt.Sprintf("line %d", p.line)
	if p.count > 0 {
		text = fmt.Sprintf("Cell In[%d], %s", p.count, text)
	}
	if p.column > 0 {
		text += fmt.Sprintf(":%d", p.column)
	}
	return text
}

// sources remembers the cells that GoNB ran, under GoNB's own numbers, so that a line of one can be shown.
type sources struct {
	cells map[int]source
}

// source is the text of a cell. A replayed one is made of lines of several cells: origin says where each came from.
type source struct {
	count  int
	lines  []string
	origin []position
}

// maxSources bounds the cells that are remembered; the oldest go first.
const maxSources = 4096

func (s *sources) add(id int, cell source) {
	if s.cells == nil {
		s.cells = map[int]source{}
	}
	s.cells[id] = cell
	delete(s.cells, id-maxSources)
}

// find is the line of a cell under the user's numbers.
func (s *sources) find(id, line int) (position, bool) {
	cell, ok := s.cells[id]
	if !ok || line < 1 || line > len(cell.lines) {
		return position{}, false
	}
	if cell.origin != nil {
		at := cell.origin[line-1]
		at.text = cell.lines[line-1]
		return at, at.line > 0
	}
	return position{count: cell.count, line: line, text: cell.lines[line-1]}, true
}

// search is the place of a line of the generated program, by its text, in the latest cell that has it.
func (s *sources) search(text string) (position, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return position{}, false
	}
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(s.cells))) {
		for i, line := range s.cells[id].lines {
			if strings.TrimSpace(line) == text {
				return s.find(id, i+1)
			}
		}
	}
	return position{}, false
}

// align returns the column, in the cell's line, of a column in the line that GoNB generated from it: GoNB writes
// declarations anew, with another indentation and without the keyword. It is 0 where the lines differ by more.
func align(cell, generated string, column int) int {
	trimmed := strings.TrimSpace(generated)
	at := strings.Index(cell, trimmed)
	if at < 0 || trimmed == "" || column < 1 {
		return 0
	}
	return max(at+column-strings.Index(generated, trimmed), 1)
}
