package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Position is a line of a cell as the user knows it.
type Position struct {
	Count  int // the cell's execution count; 0 where it is not known
	Line   int // counted from 1
	column int // in bytes, counted from 1; 0 where it is not known
	text   string
}

// String is the position as tracebacks write it.
func (p Position) String() string {
	text := fmt.Sprintf("line %d", p.Line)
	if p.Count > 0 {
		text = fmt.Sprintf("Cell In[%d], %s", p.Count, text)
	}
	if p.column > 0 {
		text += fmt.Sprintf(":%d", p.column)
	}
	return text
}

// Sources remembers the cells that GoNB ran, under GoNB's own numbers, so that a line of one can be shown.
type Sources struct {
	cells map[int]source
	files map[string]source // by the names that programs which are debugged know cells by
}

// source is the text of a cell. A replayed one is made of lines of several cells: origin says where each came from.
type source struct {
	count  int
	lines  []string
	origin []Position
}

// maxSources bounds the cells that are remembered; the oldest go first.
const maxSources = 4096

// Add remembers the cell that GoNB numbers id. Count is the user's number, 0 where it is not known; origin is nil for a
// cell that was not replayed.
func (s *Sources) Add(id, count int, code string, origin []Position) {
	if s.cells == nil {
		s.cells = map[int]source{}
	}
	s.cells[id] = source{count: count, lines: strings.Split(code, "\n"), origin: origin}
	delete(s.cells, id-maxSources)
}

// AddFile remembers a cell under the name of a file, which stack traces of a program that is debugged have.
func (s *Sources) AddFile(file string, count int, code string) {
	if s.files == nil || len(s.files) >= maxSources {
		s.files = map[string]source{}
	}
	s.files[file] = source{count: count, lines: strings.Split(code, "\n")}
}

// inFile is a line of a cell that is known by a file's name.
func (s *Sources) inFile(file string, line int) (Position, bool) {
	cell, ok := s.files[file]
	if !ok || line < 1 || line > len(cell.lines) {
		return Position{}, false
	}
	return Position{Count: cell.count, Line: line, text: cell.lines[line-1]}, true
}

// find is the line of a cell under the user's numbers.
func (s *Sources) find(id, line int) (Position, bool) {
	cell, ok := s.cells[id]
	if !ok || line < 1 || line > len(cell.lines) {
		return Position{}, false
	}
	if cell.origin != nil {
		at := cell.origin[line-1]
		at.text = cell.lines[line-1]
		if line > 1 && at.text == "}" && cell.origin[line-1] == cell.origin[line-2] { // it closes func main, which the cell does not have
			at.text = cell.lines[line-2]
		}
		return at, at.Line > 0
	}
	return Position{Count: cell.count, Line: line, text: cell.lines[line-1]}, true
}

// search is the place of a line of the generated program, by its text, in the latest cell that has it.
func (s *Sources) search(text string) (Position, bool) {
	text = strings.TrimSpace(text)
	if text == "" {
		return Position{}, false
	}
	for _, id := range slices.Backward(slices.Sorted(maps.Keys(s.cells))) {
		for i, line := range s.cells[id].lines {
			if strings.TrimSpace(line) == text {
				return s.find(id, i+1)
			}
		}
	}
	return Position{}, false
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
