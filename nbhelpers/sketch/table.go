package sketch

// Table is rows of text under a header.
type Table struct {
	Title  string
	Header []string
	Rows   [][]string
	// Right names the columns, counted from 0, whose cells are numbers and stand at the right edge.
	Right  []int
	Footer []string // a last row set apart, such as totals; empty for none
	Notes  []string // sentences below the table
}
