package sampleset

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"
)

// A SourceClass is a class that the pretrained weights learn from.
type SourceClass struct {
	Name           string
	Shape, Pattern string // what it is made of; empty: none
}

// SourceClasses lists the classes that the pretrained weights learn from. None of them, and none of the shapes and patterns
// that they are made of, is among the classes that Write draws.
func SourceClasses() []SourceClass {
	var list []SourceClass
	for _, k := range sourceKinds() {
		class := SourceClass{Name: k.name()}
		if k.shape != nil {
			class.Shape = k.shape.name
		}
		if k.pattern != nil {
			class.Pattern = k.pattern.name
		}
		list = append(list, class)
	}
	return list
}

// Limits of an image's side in pixels.
const (
	minSourceSide = 16
	maxSourceSide = 1024
)

// A Source draws images of the source classes.
type Source struct {
	kinds []kind
	side  int
	seed  int64
}

// NewSource makes a Source of square images of the first so many source classes, with a side in pixels.
func NewSource(classes, side int, seed int64) (*Source, error) {
	kinds := sourceKinds()
	if classes < 1 || classes > len(kinds) {
		return nil, fmt.Errorf("draw source images of %d classes: must be 1 to %d", classes, len(kinds))
	}
	if side < minSourceSide || side > maxSourceSide {
		return nil, fmt.Errorf("draw source images of %d pixels: must be %d to %d", side, minSourceSide, maxSourceSide)
	}
	return &Source{kinds[:classes], side, seed}, nil
}

// Classes is the number of source classes.
func (s *Source) Classes() int { return len(s.kinds) }

// Draw draws image number i. Its class is i modulo the number of classes; it depends on nothing but the seed, the side and i.
func (s *Source) Draw(i int) *image.RGBA {
	random := rand.New(rand.NewPCG(uint64(s.seed), 1<<63|uint64(i))) // the top bit keeps apart from the numbers of writeOne
	side := float64(s.side)
	scene := newScene(s.kinds[i%len(s.kinds)], random, side, side)
	// Larger figures than writeOne's, the largest of them cut at the image's edge. The weights are used at a higher resolution
	// than they are trained at, so that what must agree is the size of figures in pixels rather than as a fraction of the image.
	scene.figure = newPose(random, side, side, side*(0.28+0.36*random.Float64()))
	scene.noise *= 1.5 * random.Float64()
	return scene.render(random, s.side, s.side)
}

// BaseClasses is how many of the source classes, the first ones, have no line pattern.
const BaseClasses = 12 + 10 + 3*12

// sourceKinds lists the source classes: each shape, each pattern, and three combinations of every shape. The line patterns
// follow, each alone and on half of the shapes: patterns of straight lines and of curved ones are told apart by the curvature
// alone, which no other class needs.
func sourceKinds() []kind {
	shapes, patterns := sourceShapes(), sourcePatterns()
	var list []kind
	for i := range shapes {
		list = append(list, kind{shape: &shapes[i]})
	}
	for i := range patterns {
		list = append(list, kind{pattern: &patterns[i]})
	}
	for turn := range 3 {
		list = append(list, combinations(shapes, patterns, turn)...)
	}
	lines := linePatterns()
	for i := range lines {
		list = append(list, kind{pattern: &lines[i]})
		for k := i % 2; k < len(shapes); k += 2 {
			list = append(list, kind{&shapes[k], &lines[i]})
		}
	}
	return list
}

func sourceShapes() []shape {
	return []shape{
		{"hexagon", func(x, y float64) float64 {
			x, y = math.Abs(x), math.Abs(y)
			return max(x*math.Sqrt(3)/2+y/2, y) - 0.82
		}},
		{"rhombus", func(x, y float64) float64 { return (math.Abs(x)/0.98 + math.Abs(y)/0.5 - 1) * 0.45 }},
		{"crescent", func(x, y float64) float64 {
			return max(disc(x, y, 0, 0, 0.92), -disc(x, y, 0.45, 0, 0.75))
		}},
		{"heart", func(x, y float64) float64 {
			x = math.Abs(x)
			lobe := disc(x, y, 0.42, -0.3, 0.46)
			tip := max(x*0.74+y*0.67-0.55, -y-0.3, (x-0.86)*0.9) // straight sides down to the point
			return min(lobe, tip)
		}},
		{"arrow", func(x, y float64) float64 {
			return min(box(x, y, -0.35, 0, 0.6, 0.2), max(-x+0.1, (x-0.95)*0.62+math.Abs(y)*0.78))
		}},
		{"frame", func(x, y float64) float64 {
			return math.Abs(max(math.Abs(x), math.Abs(y))-0.64) - 0.14
		}},
		{"half-disc", func(x, y float64) float64 { return max(disc(x, y-0.4, 0, 0, 0.92), y-0.4) }},
		{"ell", func(x, y float64) float64 {
			return min(box(x, y, -0.4, 0, 0.22, 0.85), box(x, y, 0.1, 0.63, 0.62, 0.22))
		}},
		{"gear", func(x, y float64) float64 {
			teeth := min(max(4*math.Cos(9*math.Atan2(y, x)), -1), 1)
			return max(math.Hypot(x, y)-0.78-0.14*teeth, 0.3-math.Hypot(x, y))
		}},
		{"clover", func(x, y float64) float64 {
			d := math.Inf(1)
			for leaf := range 3 {
				sin, cos := math.Sincos(float64(leaf) * 2 * math.Pi / 3)
				d = min(d, disc(x, y, 0.5*cos, 0.5*sin, 0.42))
			}
			return d
		}},
		{"zee", func(x, y float64) float64 {
			return min(box(x, y, -0.25, -0.6, 0.55, 0.2), box(x, y, 0.25, 0.6, 0.55, 0.2), box(x, y, 0, 0, 0.2, 0.75))
		}},
		{"capsule", func(x, y float64) float64 {
			return math.Hypot(max(math.Abs(x)-0.6, 0), y) - 0.34
		}},
	}
}

// disc is the distance to a disc's edge.
func disc(x, y, centerX, centerY, radius float64) float64 {
	return math.Hypot(x-centerX, y-centerY) - radius
}

// box is the distance to the edge of a rectangle with half of its width and height.
func box(x, y, centerX, centerY, halfWidth, halfHeight float64) float64 {
	return max(math.Abs(x-centerX)-halfWidth, math.Abs(y-centerY)-halfHeight)
}

func sourcePatterns() []pattern {
	return []pattern{
		{"bricks", "brick", func(x, y float64) float64 {
			row := math.Floor(y * 1.6)
			return max(line(x+row/2, 0.09), line(y*1.6, 0.14)) // joints, half a brick apart in every other row
		}},
		{"mesh", "meshed", func(x, y float64) float64 { return max(line(x*1.4, 0.13), line(y*1.4, 0.13)) }},
		{"triangles", "triangled", func(x, y float64) float64 {
			v := y * 2 / math.Sqrt(3)
			u := x - v/2
			return soft(fraction(u) + fraction(v) - 1) // the two halves of a rhombus
		}},
		{"honeycomb", "honeycombed", honeycomb},
		{"rays", "rayed", func(x, y float64) float64 { return soft(math.Sin(10*math.Atan2(y, x)) / 2) }},
		{"pluses", "plussed", func(x, y float64) float64 {
			x, y = math.Abs(centered(x)), math.Abs(centered(y))
			return soft(-2 * min(max(x-0.36, y-0.1), max(x-0.1, y-0.36)))
		}},
		{"scales", "scaled", func(x, y float64) float64 {
			// The arcs of discs in staggered rows, each row over the one before.
			row := math.Floor(y * 2)
			for next := range 2 {
				cy := (row + 1 - float64(next)) / 2
				dx := centered(x + math.Mod(math.Abs(cy*2), 2)/2)
				if r := math.Hypot(dx, y-cy+0.5); r < 0.56 && y > cy-0.5 {
					return soft(3 * (r - 0.45))
				}
			}
			return 1
		}},
		{"blotches", "blotched", func(x, y float64) float64 {
			// Frequencies without a common period.
			v := math.Sin(2.9*x+1.3*math.Sin(1.7*y)) + math.Sin(3.7*y+1.9*math.Sin(2.3*x)) + math.Sin(4.3*(x+y)*0.71)
			return soft(v / 2)
		}},
		{"weave", "woven", func(x, y float64) float64 {
			if int(math.Floor(x)+math.Floor(y))&1 == 0 {
				x, y = y, x
			}
			return soft(math.Sin(6 * math.Pi * x))
		}},
		{"dashes", "dashed", func(x, y float64) float64 {
			row := math.Floor(y * 2.2)
			dx, dy := math.Abs(centered(x*0.9+row*0.37)), math.Abs(fraction(y*2.2)-0.5)
			return soft(-4 * max(dx-0.3, dy-0.22))
		}},
	}
}

// linePatterns are parallel lines, curved or straight.
func linePatterns() []pattern {
	return []pattern{
		{"spiral", "spiraled", func(x, y float64) float64 {
			return soft(math.Sin(2*math.Pi*math.Hypot(x, y)-math.Atan2(y, x)) / 2)
		}},
		{"chevrons", "chevroned", func(x, y float64) float64 {
			return soft(math.Sin(2*math.Pi*(x+1.5*math.Abs(centered(y/3)))) / 2)
		}},
		{"petals", "petaled", func(x, y float64) float64 {
			return soft(math.Sin(2*math.Pi*(math.Hypot(x, y)+0.22*math.Sin(5*math.Atan2(y, x)))) / 2)
		}},
		{"herringbone", "herringboned", func(x, y float64) float64 {
			if int(math.Floor(y/2))&1 == 0 {
				x += y
			} else {
				x -= y
			}
			return soft(math.Sin(1.5*math.Pi*x) / 2)
		}},
	}
}

// honeycomb draws the walls between hexagonal cells: where the two nearest cell centers are about equally far.
func honeycomb(x, y float64) float64 {
	nearest, second := math.Inf(1), math.Inf(1)
	height := math.Sqrt(3) / 2 // of a row of centers
	row := math.Round(y / height)
	for r := row - 1; r <= row+1; r++ {
		shift := math.Mod(math.Abs(r), 2) / 2
		column := math.Round(x - shift)
		for c := column - 1; c <= column+1; c++ {
			d := math.Hypot(x-c-shift, y-r*height)
			if d < nearest {
				nearest, second = d, nearest
			} else if d < second {
				second = d
			}
		}
	}
	return soft(6 * (0.16 - (second - nearest)))
}

// fraction is the part of t behind the decimal point, 0 to 1.
func fraction(t float64) float64 { return t - math.Floor(t) }

// centered is the distance of t from the nearest integer, -0.5 to 0.5.
func centered(t float64) float64 { return t - math.Round(t) }

// soft turns the sign of v into nearly two colors.
func soft(v float64) float64 { return min(max(v*4+0.5, 0), 1) }

// line is 1 within half a width of every integer.
func line(t, width float64) float64 { return min(max((width-math.Abs(centered(t)))*12+0.5, 0), 1) }
