package sampleset

import (
	"image"
	"math"
	"math/rand/v2"
)

type rgb [3]float64 // 0 to 255

func mix(a, b rgb, t float64) rgb {
	for c := range a {
		a[c] += (b[c] - a[c]) * t
	}
	return a
}

func (a rgb) distance(b rgb) float64 {
	return math.Abs(a[0]-b[0]) + math.Abs(a[1]-b[1]) + math.Abs(a[2]-b[2])
}

func randomColor(random *rand.Rand) rgb {
	return rgb{random.Float64() * 255, random.Float64() * 255, random.Float64() * 255}
}

// colorAwayFrom draws colors until one is well visible on the others.
func colorAwayFrom(random *rand.Rand, others ...rgb) rgb {
	const visible = 160 // of 765
	for range 100 {
		c := randomColor(random)
		ok := true
		for _, other := range others {
			ok = ok && c.distance(other) >= visible
		}
		if ok {
			return c
		}
	}
	return rgb{} // practically never: three colors leave room
}

// A pose is where a figure stands in the image.
type pose struct{ x, y, size, cos, sin float64 }

func newPose(random *rand.Rand, width, height, size float64) pose {
	angle := random.Float64() * 2 * math.Pi
	return pose{
		x: size + random.Float64()*(width-2*size), y: size + random.Float64()*(height-2*size),
		size: size, cos: math.Cos(angle), sin: math.Sin(angle),
	}
}

// local turns a place in the image into the figure's coordinates.
func (p pose) local(x, y float64) (float64, float64) {
	x, y = (x-p.x)/p.size, (y-p.y)/p.size
	return x*p.cos + y*p.sin, y*p.cos - x*p.sin
}

// A scene is all that one image shows.
type scene struct {
	corners [4]rgb // the background, mixed between the corners
	clouds  *clouds
	clutter []blob
	figure  pose
	shape   func(x, y float64) float64
	pattern func(x, y float64) float64
	scale   float64 // periods of the pattern in the figure's size
	ink     rgb
	second  rgb // the pattern's other color
	noise   float64
}

// A blob is clutter: a soft disc that belongs to no class.
type blob struct {
	x, y, radius float64
	color        rgb
}

func draw(class kind, random *rand.Rand) image.Image {
	width, height := 160+random.IntN(96), 160+random.IntN(96)
	s := newScene(class, random, float64(width), float64(height))
	return s.render(random, width, height)
}

// render computes every pixel, with noise.
func (s *scene) render(random *rand.Rand, width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := s.at(float64(x), float64(y), float64(width), float64(height))
			at := img.PixOffset(x, y)
			for k := range c {
				img.Pix[at+k] = uint8(min(max(c[k]+random.NormFloat64()*s.noise, 0), 255))
			}
			img.Pix[at+3] = 255
		}
	}
	return img
}

func newScene(class kind, random *rand.Rand, width, height float64) scene {
	side := min(width, height)
	base := randomColor(random)
	s := scene{clouds: newClouds(random), noise: 2 + 8*random.Float64()}
	for i := range s.corners {
		s.corners[i] = mix(base, randomColor(random), 0.25)
	}
	for range random.IntN(6) {
		s.clutter = append(s.clutter, blob{random.Float64() * width, random.Float64() * height,
			side * (0.02 + 0.05*random.Float64()), mix(base, randomColor(random), 0.6)})
	}
	s.ink = colorAwayFrom(random, base)
	s.figure = newPose(random, width, height, side*(0.26+0.2*random.Float64()))
	if class.shape != nil {
		s.shape = class.shape.distance
	}
	if class.pattern != nil {
		s.pattern = class.pattern.value
		s.second = base
		s.scale = 2 + 1.5*random.Float64()
		if class.shape != nil {
			s.second = colorAwayFrom(random, base, s.ink)
		}
	}
	return s
}

func (s *scene) at(x, y, width, height float64) rgb {
	u, v := x/width, y/height
	c := mix(mix(s.corners[0], s.corners[1], u), mix(s.corners[2], s.corners[3], u), v)
	shade := 40 * (s.clouds.at(u, v) - 0.5)
	for k := range c {
		c[k] += shade
	}
	for _, b := range s.clutter {
		if d := math.Hypot(x-b.x, y-b.y); d < b.radius {
			c = mix(c, b.color, 0.8)
		}
	}
	lx, ly := s.figure.local(x, y)
	ink := s.ink
	if s.pattern != nil {
		t := s.pattern(lx*s.scale, ly*s.scale)
		if s.shape == nil {
			return mix(c, ink, 0.85*t)
		}
		ink = mix(ink, s.second, t)
	}
	cover := min(max(0.5-s.shape(lx, ly)*s.figure.size, 0), 1) // one pixel of smooth edge
	return mix(c, ink, cover)
}

// clouds are value noise: random heights on a coarse grid, smoothly joined.
type clouds struct{ height [7][7]float64 }

func newClouds(random *rand.Rand) *clouds {
	c := new(clouds)
	for y := range c.height {
		for x := range c.height[y] {
			c.height[y][x] = random.Float64()
		}
	}
	return c
}

// at takes coordinates from 0 to 1.
func (c *clouds) at(u, v float64) float64 {
	const cells = 6
	smooth := func(t float64) (int, float64) {
		i := min(int(t*cells), cells-1)
		f := t*cells - float64(i)
		return i, f * f * (3 - 2*f)
	}
	x, fx := smooth(u)
	y, fy := smooth(v)
	top := c.height[y][x] + (c.height[y][x+1]-c.height[y][x])*fx
	bottom := c.height[y+1][x] + (c.height[y+1][x+1]-c.height[y+1][x])*fx
	return top + (bottom-top)*fy
}
