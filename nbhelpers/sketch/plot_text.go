package sketch

import (
	"math"
	"slices"
	"strings"
)

// Text draws the plot with characters, at most width columns wide: panels side by side where there is room.
func (p Plot) Text(width int) string {
	width = max(width, narrowest)
	lines := wrap(Label(p.Title, 0), width)
	lines = append(lines, wrap(Label(p.Subtitle, 0), width)...)
	beside := max(1, (width+gutter)/(narrowest+gutter))
	for group := range slices.Chunk(p.Panels, beside) {
		each := min((width-gutter*(len(group)-1))/len(group), 72)
		var drawn [][]string
		for _, v := range group {
			rows := v.text(each)
			for i, row := range rows {
				if Width(row) > each { // long numbers beside a narrow plot
					rows[i] = Label(row, each)
				}
			}
			drawn = append(drawn, rows)
		}
		lines = append(lines, sideBySide(drawn, each)...)
	}
	for _, note := range p.AllNotes() {
		lines = append(lines, wrap(Label(note, 0), width)...)
	}
	return strings.Join(lines, "\n")
}

// text are the panel's rows: its name and the legend, the plot with its axis on the left, the other axis below.
func (v View) text(width int) []string {
	var rows []string
	if v.Name != "" {
		rows = append(rows, Label(v.Name, width))
	}
	series, more := v.Drawn()
	if len(series) == 1 && series[0].Kind == KindBins {
		return append(rows, v.bins(series[0], width)...)
	}
	for i, name := range names(series) {
		if name != "" {
			rows = append(rows, string(points[i%len(points)])+" "+Label(name, width-2))
		}
	}
	if more > 0 {
		rows = append(rows, "and "+Count(more)+" more")
	}
	for _, r := range v.Rules {
		label := Label(r.Label, width-2)
		if label == "" {
			label = v.X.Value(r.At)
		}
		rows = append(rows, "┊ "+label)
	}
	lowX, highX := v.DomainX()
	lowY, highY := v.DomainY()
	at := func(row int) float64 { return interpolate(v.Y, lowY, highY, 1-float64(row)/(chartHeight-1)) }
	ticks := map[int]string{}
	axis := 0
	for _, row := range []int{0, chartHeight / 2, chartHeight - 1} {
		ticks[row] = v.Y.Value(at(row))
		axis = max(axis, Width(ticks[row]))
	}
	g := newGrid(width-axis-2, chartHeight)
	v.fill(g, series, lowX, highX, lowY, highY)
	if name := Label(v.Y.Name, width); name != "" {
		rows = append(rows, name)
	}
	for y, cells := range g.cells {
		edge := "│"
		if ticks[y] != "" {
			edge = "┤"
		}
		rows = append(rows, pad(ticks[y], axis, true)+" "+edge+string(cells))
	}
	rows = append(rows, strings.Repeat(" ", axis+1)+"└"+strings.Repeat("─", g.width()))
	from, to := v.X.Value(lowX), v.X.Value(highX)
	room := max(1, g.width()-Width(from)-Width(to))
	return append(rows, strings.Repeat(" ", axis+2)+from+center(v.X.Name, room)+to)
}

// interpolate is the value at a place of an axis, from 0 to 1.
func interpolate(a Axis, low, high, place float64) float64 {
	if a.Log {
		return math.Exp(math.Log(low) + (math.Log(high)-math.Log(low))*place)
	}
	return low*(1-place) + high*place
}

// fill draws what the panel holds.
func (v View) fill(g grid, series []Series, lowX, highX, lowY, highY float64) {
	column := func(u float64) int { return int(math.Round(clamped(u) * float64(g.width()-1))) }
	row := func(u float64) int { return int(math.Round((1 - clamped(u)) * float64(len(g.cells)-1))) }
	if v.Diagonal {
		for x := range g.width() {
			g.cells[row(float64(x)/float64(g.width()-1))][x] = joint
		}
	}
	for _, r := range v.Rules {
		if u := v.X.Unit(r.At, lowX, highX); u >= 0 && u <= 1 {
			for y := range g.cells {
				g.cells[y][column(u)] = '┊'
			}
		}
	}
	for i, s := range series {
		if s.Kind == KindBins {
			low, high, height := v.Bins(s)
			for k := range height {
				for x := column(v.X.Unit(low[k], lowX, highX)); x <= column(v.X.Unit(high[k], lowX, highX)); x++ {
					g.cells[row(v.Y.Unit(height[k], lowY, highY))][x] = points[i%len(points)]
				}
			}
			continue
		}
		xs, ys := s.Shown()
		fromX, fromY, joined := 0, 0, false
		for k := range xs {
			ux, uy := v.X.Unit(xs[k], lowX, highX), v.Y.Unit(ys[k], lowY, highY)
			if !(ux >= -1e-9 && ux <= 1+1e-9 && uy >= -1e-9 && uy <= 1+1e-9) {
				joined = false
				continue
			}
			x, y := column(ux), row(uy)
			if s.Kind == KindLine && joined {
				g.join(fromX, fromY, x, y)
			}
			fromX, fromY, joined = x, y, true
			g.cells[y][x] = points[i%len(points)]
		}
	}
	if v.Count() == 0 {
		g.write("no value")
	}
}

// clamped is a place of an axis, 0 where there is none.
func clamped(u float64) float64 {
	if !(u > 0) { // also what is not a number
		return 0
	}
	return min(1, u)
}

// bins are a histogram as rows: the interval, a bar, the height.
func (v View) bins(s Series, width int) []string {
	low, high, height := v.Bins(s)
	if len(height) == 0 {
		return []string{"no value"}
	}
	label, number := 0, 0
	var labels, numbers []string
	for i := range height {
		labels = append(labels, v.X.Value(low[i])+" to "+v.X.Value(high[i]))
		numbers = append(numbers, wholeOr(v.Y, height[i]))
		label, number = max(label, Width(labels[i])), max(number, Width(numbers[i]))
	}
	most := nonzero(slices.Max(height))
	room := max(4, width-label-number-2)
	rows := []string{Label(strings.Trim(v.X.Name+": "+v.Y.Name, ": "), width)}
	for i, h := range height {
		bar := strings.Repeat("█", int(math.Round(max(0, h)/most*float64(room))))
		rows = append(rows, pad(labels[i], label, true)+" "+strings.TrimSpace(bar+" "+numbers[i]))
	}
	return rows
}

// wholeOr writes a count without decimals.
func wholeOr(a Axis, v float64) string {
	if !a.Fraction && v == math.Trunc(v) && math.Abs(v) < 1e15 {
		return Count(int64(v))
	}
	return a.Value(v)
}
