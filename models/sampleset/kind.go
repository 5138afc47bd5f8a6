package sampleset

import "math"

// A shape is a figure around the origin: the signed distance of a point to its edge, negative inside, where 1 is the figure's
// size. nil is no shape: the pattern fills the image.
type shape struct {
	name     string
	distance func(x, y float64) float64
}

// A pattern is a texture: a value between 0 and 1 that mixes two colors, from coordinates in which 1 is the pattern's period.
type pattern struct {
	name      string // of a class of its own
	adjective string // before a shape's name
	value     func(x, y float64) float64
}

// A kind is what a class shows: a shape, a pattern, or a shape filled with a pattern.
type kind struct {
	shape   *shape   // nil: the pattern fills the image
	pattern *pattern // nil: the shape has one color
}

// MaxClasses is the number of different kinds: shapes, patterns, and shapes filled with a pattern.
const MaxClasses = 5 + 5 + 5*5

func shapes() []shape {
	return []shape{
		{"circle", func(x, y float64) float64 { return math.Hypot(x, y) - 0.9 }},
		{"square", func(x, y float64) float64 { return max(math.Abs(x), math.Abs(y)) - 0.78 }},
		{"triangle", func(x, y float64) float64 {
			return max(math.Abs(x)*math.Sqrt(3)/2+y/2, -y) - 0.5
		}},
		{"star", star},
		{"cross", func(x, y float64) float64 {
			x, y = math.Abs(x), math.Abs(y)
			return min(max(x-0.95, y-0.28), max(y-0.95, x-0.28))
		}},
	}
}

// star has five points; the distance is exact enough near the edge for smooth drawing.
func star(x, y float64) float64 {
	const sector = 2 * math.Pi / 5
	angle := math.Mod(math.Atan2(x, y)+2*math.Pi, sector)
	angle = math.Abs(angle - sector/2) // 0 between two points, sector/2 at a point
	r := math.Hypot(x, y)
	// The edge is a straight line from the inner corner at 0.42 to the tip at 1.
	px, py := r*math.Cos(angle), r*math.Sin(angle)
	const inner = 0.42
	tipX, tipY := math.Cos(sector/2), math.Sin(sector/2)
	dx, dy := tipX-inner, tipY
	return ((px-inner)*dy - py*dx) / math.Hypot(dx, dy)
}

func patterns() []pattern {
	wave := func(t float64) float64 { return 0.5 + 0.5*math.Sin(2*math.Pi*t) }
	edge := func(v float64) float64 { return min(max((v-0.5)*4+0.5, 0), 1) } // nearly two colors
	return []pattern{
		{"stripes", "striped", func(x, y float64) float64 { return edge(wave(x)) }},
		{"checks", "checked", func(x, y float64) float64 {
			return edge(0.5 + 0.5*math.Sin(math.Pi*x)*math.Sin(math.Pi*y)*3)
		}},
		{"dots", "dotted", func(x, y float64) float64 {
			return edge(0.5 + 2*(0.3-math.Hypot(x-math.Round(x), y-math.Round(y))))
		}},
		{"rings", "ringed", func(x, y float64) float64 { return edge(wave(math.Hypot(x, y))) }},
		{"waves", "wavy", func(x, y float64) float64 { return edge(wave(y + 0.35*math.Sin(2*math.Pi*x/1.5))) }},
	}
}

// kinds lists all classes in the order in which they are used: shapes and patterns in turn, then their combinations.
func kinds() []kind {
	shapes, patterns := shapes(), patterns()
	var list []kind
	for i := range shapes {
		list = append(list, kind{shape: &shapes[i]}, kind{pattern: &patterns[i]})
	}
	for turn := range patterns {
		list = append(list, combinations(shapes, patterns, turn)...)
	}
	return list
}

// combinations fills each shape with the pattern that stands turn places after it in the list.
func combinations(shapes []shape, patterns []pattern, turn int) []kind {
	var list []kind
	for i := range shapes {
		list = append(list, kind{&shapes[i], &patterns[(i+turn)%len(patterns)]})
	}
	return list
}

func (k kind) name() string {
	switch {
	case k.pattern == nil:
		return k.shape.name
	case k.shape == nil:
		return k.pattern.name
	}
	return k.pattern.adjective + "-" + k.shape.name
}
