package sketch

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// Points of the first lines of a panel, distinguishable by shape as well as by place. The dot joins two points of one line.
var points = [...]rune{'○', '●', '△', '▲', '□', '■'}

const (
	joint       = '·'
	chartHeight = 11 // rows of a panel's plot; odd, so that one lies in the middle
	narrowest   = 34 // columns of a panel that stands beside another
	gutter      = 4  // columns between two panels
	mostNamed   = 12 // lines of a panel that its legend names
)

// Text draws the curves with characters, at most width columns wide: panels side by side where there is room, else
// below each other.
func (c Curves) Text(width int) string {
	width = max(width, narrowest)
	lines := wrap(Label(c.Title, 0), width)
	lines = append(lines, wrap(c.Summary(), width)...)
	beside := max(1, (width+gutter)/(narrowest+gutter))
	for group := range slices.Chunk(c.Panels, beside) {
		each := (width - gutter*(len(group)-1)) / len(group)
		each = min(each, 72)
		var drawn [][]string
		for _, p := range group {
			drawn = append(drawn, p.draw(c, each))
		}
		lines = append(lines, sideBySide(drawn, each)...)
	}
	for _, note := range c.Notes {
		lines = append(lines, wrap(Label(note, 0), width)...)
	}
	return strings.Join(lines, "\n")
}

func sideBySide(blocks [][]string, width int) []string {
	var lines []string
	for row := 0; ; row++ {
		line, any := "", false
		for i, block := range blocks {
			text := ""
			if row < len(block) {
				text, any = block[row], true
			}
			if i > 0 {
				line += strings.Repeat(" ", gutter)
			}
			line += pad(text, width, false)
		}
		if !any {
			return lines
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
}

// draw returns the panel's rows: a legend, the plot with its axis on the left, and the epochs below.
func (p Panel) draw(c Curves, width int) []string {
	low, high := p.Domain()
	scale := func(v float64) float64 { return v }
	if p.Log() {
		scale, low, high = math.Log, math.Log(low), math.Log(high)
	}
	ticks := map[int]string{}
	axis := 0
	for _, row := range []int{0, chartHeight / 2, chartHeight - 1} {
		v := high - (high-low)*float64(row)/(chartHeight-1)
		if p.Log() {
			v = math.Exp(v)
		}
		ticks[row] = p.Value(v)
		axis = max(axis, Width(ticks[row]))
	}
	canvas := newGrid(width-axis-2, chartHeight)
	last := c.Last()
	if c.Best > 0 && c.Best <= last {
		x := canvas.column(c.Best, last)
		for y := range chartHeight {
			canvas.cells[y][x] = '┊'
		}
	}
	for i, line := range p.Lines {
		canvas.plot(line.Values, last, points[i%len(points)], func(v float64) float64 { return (high - scale(v)) / (high - low) })
	}
	if _, _, ok := p.Range(); !ok {
		canvas.write("waiting for the first " + c.AxisName())
	}
	rows := p.legend(width)
	for y, cells := range canvas.cells {
		edge := "│"
		if ticks[y] != "" {
			edge = "┤"
		}
		rows = append(rows, pad(ticks[y], axis, true)+" "+edge+string(cells))
	}
	rows = append(rows, strings.Repeat(" ", axis+1)+"└"+strings.Repeat("─", canvas.width()))
	from, to := "1", strconv.Itoa(last)
	middle := c.AxisName()
	if c.Best > 0 {
		middle += ", ┊ best"
	}
	room := canvas.width() - len(from) - len(to)
	if last == 1 {
		to = ""
	}
	return append(rows, strings.Repeat(" ", axis+2)+from+center(middle, room)+to)
}

// legend names the panel and its lines: on one row where they fit, else with the lines on rows below.
func (p Panel) legend(width int) []string {
	name := Label(p.Name, 20)
	if p.Log() {
		name += " (log)"
	}
	var entries []string
	for i, line := range p.Lines[:min(len(p.Lines), mostNamed)] {
		entries = append(entries, string(points[i%len(points)])+" "+Label(line.Name, width-2))
	}
	if more := len(p.Lines) - mostNamed; more > 0 {
		entries = append(entries, "and "+strconv.Itoa(more)+" more")
	}
	if one := name + ": " + strings.Join(entries, ", "); Width(one) <= width {
		return []string{one}
	}
	rows := []string{name}
	for _, entry := range entries {
		last := &rows[len(rows)-1]
		if joined := *last + ", " + entry; len(rows) > 1 && Width(joined) <= width {
			*last = joined
		} else {
			rows = append(rows, entry)
		}
	}
	return rows
}

func center(s string, width int) string {
	s = Label(s, max(1, width))
	left := max(0, width-Width(s)) / 2
	return strings.Repeat(" ", left) + pad(s, width-left, false)
}

// grid is a plot of characters, cells[y][x], y downward.
type grid struct{ cells [][]rune }

func newGrid(width, height int) grid {
	g := grid{cells: make([][]rune, height)}
	for y := range g.cells {
		g.cells[y] = []rune(strings.Repeat(" ", max(width, 2)))
	}
	return g
}

// write puts a text into the middle.
func (g grid) write(text string) {
	row := []rune(Label(text, g.width()))
	copy(g.cells[len(g.cells)/2][max(0, g.width()-len(row))/2:], row)
}

func (g grid) width() int { return len(g.cells[0]) }

// column is where an epoch, counted from 1, stands.
func (g grid) column(epoch, last int) int {
	if last <= 1 {
		return 0
	}
	return (epoch - 1) * (g.width() - 1) / (last - 1)
}

// plot marks the points of a line and joins neighbors. depth says how far below the top a value is, from 0 to 1.
func (g grid) plot(values []float64, last int, point rune, depth func(float64) float64) {
	fromX, fromY, joined := 0, 0, false
	type spot struct{ x, y int }
	var spots []spot
	for i, v := range values {
		d := depth(v)
		if !finite(v) || !finite(d) {
			joined = false
			continue
		}
		x := g.column(i+1, last)
		y := int(math.Round(min(1, max(0, d)) * float64(len(g.cells)-1)))
		if joined {
			g.join(fromX, fromY, x, y)
		}
		fromX, fromY, joined = x, y, true
		spots = append(spots, spot{x, y})
	}
	for _, s := range spots {
		g.cells[s.y][s.x] = point
	}
}

// join draws dots between two points, on cells that nothing else holds.
func (g grid) join(x0, y0, x1, y1 int) {
	steps := max(x1-x0, y1-y0, y0-y1)
	for i := 1; i < steps; i++ {
		x := x0 + (x1-x0)*i/steps
		y := y0 + int(math.Round(float64(y1-y0)*float64(i)/float64(steps)))
		if g.cells[y][x] == ' ' || g.cells[y][x] == '┊' {
			g.cells[y][x] = joint
		}
	}
}
