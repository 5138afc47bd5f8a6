package matrix

// A panel has four rows, of which each step has 16 numbers. A tile are the products of the rows of two panels.
const (
	panelRows = 4
	stepCols  = 16
	stepSize  = panelRows * stepCols
	tileSize  = panelRows * panelRows
)

const (
	// chunkSteps is how many steps are summed in float32 before they are added in float64: 1024 numbers, in eight sums.
	// Those of a panel take 16 KB of the first cache.
	chunkSteps = 64
	// groupPanels panels stay in the second cache while those of the other matrix pass by: 128 KB of each chunk.
	groupPanels = 8
)

// tiny is what is taken for 0, since products with smaller numbers are denormal, and slow.
const tiny = 1e-25

// Panels are a matrix in float32 whose rows lie beside each other by four. Products of it are twice as fast as those of a Dense and
// take half the memory; their relative error is about 1e-7 of the absolute sum.
type Panels struct {
	Rows, Cols int
	steps      int
	data       []float32 // [Rows / 4, steps, 4, 16], rounded up and filled with zeros
}

// NewPanels is a matrix of zeros.
func NewPanels(rows, cols int) *Panels {
	p := &Panels{Rows: rows, Cols: cols, steps: (cols + stepCols - 1) / stepCols}
	p.data = make([]float32, p.count()*p.steps*stepSize)
	return p
}

func (p *Panels) count() int { return (p.Rows + panelRows - 1) / panelRows }

// at is where the first number of a step of a row is.
func (p *Panels) at(row, step int) int {
	return ((row/panelRows*p.steps+step)*panelRows + row%panelRows) * stepCols
}

// panel are the steps from to to of a panel.
func (p *Panels) panel(i, from, to int) []float32 {
	return p.data[(i*p.steps+from)*stepSize : (i*p.steps+to)*stepSize]
}

func narrow(v float64) float32 {
	if v < tiny && v > -tiny {
		return 0
	}
	return float32(v)
}

// SetRow sets numbers of a row, from a column that is a multiple of 16 on.
func (p *Panels) SetRow(row, col int, values []float64) {
	for step := col / stepCols; len(values) > 0; step++ {
		n := min(stepCols, len(values))
		to := p.data[p.at(row, step):][:n]
		for k, v := range values[:n] {
			to[k] = narrow(v)
		}
		values = values[n:]
	}
}

// Fill sets all rows to what row writes, of several rows at once.
func (p *Panels) Fill(workers int, row func(i int, to []float64)) {
	Split(workers, p.Rows, panel, func(from, to int) {
		values := make([]float64, p.Cols)
		for i := from; i < to; i++ {
			row(i, values)
			p.SetRow(i, 0, values)
		}
	})
}

// SetColumn sets a column.
func (p *Panels) SetColumn(col int, values []float64) {
	for row, v := range values {
		p.data[p.at(row, col/stepCols)+col%stepCols] = narrow(v)
	}
}

// Transpose is a transposed copy, of which column i was multiplied by factors[i]; nil: 1.
func (p *Panels) Transpose(workers int, factors []float64) *Panels {
	t := NewPanels(p.Cols, p.Rows)
	Split(workers, p.Rows, stepCols, func(from, to int) {
		for step := range p.steps {
			for row := from; row < to; row++ {
				factor := float32(1)
				if factors != nil {
					factor = float32(factors[row])
				}
				numbers := p.data[p.at(row, step):][:min(stepCols, p.Cols-step*stepCols)]
				for k, v := range numbers {
					t.data[t.at(step*stepCols+k, row/stepCols)+row%stepCols] = v * factor
				}
			}
		}
	})
	return t
}

// MulT is a bᵀ.
func (p *Panels) MulT(workers int, b *Panels) *Dense {
	check(p.Cols == b.Cols, "multiply %d columns by the transpose of %d", p.Cols, b.Cols)
	dst := New(p.Rows, b.Rows)
	Split(workers, p.count(), groupPanels, func(from, to int) {
		p.products(b, from, to, 0, b.count(), 0, p.steps, func(i, j int, sums *[tileSize]float32) { dst.add(i, j, sums) })
	})
	return dst
}

// Gram is p pᵀ, of which what is above the diagonal means nothing.
func (p *Panels) Gram(workers int) *Dense {
	dst := New(p.Rows, p.Rows)
	Split(workers, p.count(), groupPanels, func(from, to int) {
		p.products(p, from, to, 0, to, 0, p.steps, func(i, j int, sums *[tileSize]float32) { dst.add(i, j, sums) })
	})
	return dst
}

// products calls add with the products of the panels from to to and the panels left to right of b, once for each chunk of the steps
// begin to end. It is told the first row of each panel.
func (p *Panels) products(b *Panels, from, to, left, right, begin, end int, add func(i, j int, sums *[tileSize]float32)) {
	var sums [tileSize]float32
	for ; begin < end; begin += chunkSteps {
		until := min(end, begin+chunkSteps)
		for j := left; j < right; j++ {
			columns := b.panel(j, begin, until)
			for i := from; i < to; i++ {
				tile(p.panel(i, begin, until), columns, &sums)
				add(i*panelRows, j*panelRows, &sums)
			}
		}
	}
}

// add adds a tile at a row and column, as far as the matrix reaches.
func (m *Dense) add(row, col int, sums *[tileSize]float32) {
	for r := range min(panelRows, m.Rows-row) {
		to := m.Row(row + r)[col:min(m.Cols, col+panelRows)]
		for c := range to {
			to[c] += float64(sums[r*panelRows+c])
		}
	}
}
