package augment

import (
	"math"
	"math/rand/v2"
)

// ParameterDim is the number of parameters of one image.
const ParameterDim = 12

// The columns of the parameters.
const (
	colA, colB, colC, colD = 0, 1, 2, 3 // source = [A B; C D] (target - center) + center + shift, x first, in pixels
	colShiftX, colShiftY   = 4, 5       // in fractions of the width and the height
	colBrightness          = 6          // added, in fractions of the full range
	colContrast            = 7          // factor around the mean
	colLeft, colRight      = 8, 9       // the erased rectangle, in fractions of the side; empty where they are equal
	colTop, colBottom      = 10, 11
)

// Parameters draws the random parameters of a batch: [len(items), ParameterDim], row by row. A row depends on seed, epoch and the item's
// number alone; a copy of the same image in the same epoch needs an epoch number of its own.
func (s Spec) Parameters(seed int64, epoch int, items []int) []float32 {
	rows := make([]float32, 0, len(items)*ParameterDim)
	for _, item := range items {
		random := rand.New(rand.NewPCG(uint64(seed), uint64(epoch)<<32^uint64(item)))
		row := s.row(random)
		rows = append(rows, row[:]...)
	}
	return rows
}

// row draws every parameter in a fixed order, also the unused ones, so that adding an operation leaves the others' values unchanged.
func (s Spec) row(random *rand.Rand) (row [ParameterDim]float32) {
	around := func(reach float64) float64 { return (2*random.Float64() - 1) * reach }
	coin := func() bool { return random.Float64() < 0.5 }
	flip, vflip := coin() && s.Flip, coin() && s.VFlip
	angle := around(s.Rotate * math.Pi / 180)
	scale := 1 + around(s.Zoom)
	shiftX, shiftY := around(s.Shift), around(s.Shift)
	window := 1.0 // side of the crop
	if t := random.Float64(); s.Crop > 0 {
		window = s.Crop + t*(1-s.Crop)
	}
	shiftX, shiftY = shiftX+around((1-window)/2), shiftY+around((1-window)/2)
	scale *= window
	cos, sin := scale*math.Cos(angle), scale*math.Sin(angle)
	mirrorX, mirrorY := 1.0, 1.0
	if flip {
		mirrorX = -1
	}
	if vflip {
		mirrorY = -1
	}
	row[colA], row[colB] = float32(cos*mirrorX), float32(-sin*mirrorY)
	row[colC], row[colD] = float32(sin*mirrorX), float32(cos*mirrorY)
	row[colShiftX], row[colShiftY] = float32(shiftX), float32(shiftY)
	row[colBrightness] = float32(around(s.Brightness))
	row[colContrast] = float32(1 + around(s.Contrast))
	s.eraseInto(&row, random)
	return row
}

// eraseInto draws a rectangle of up to the spec's area, at most three times as wide as high or the other way round.
func (s Spec) eraseInto(row *[ParameterDim]float32, random *rand.Rand) {
	erased := random.Float64() < 0.5
	area := s.Erase * (0.1 + 0.9*random.Float64())
	aspect := math.Exp((2*random.Float64() - 1) * math.Log(3))
	atX, atY := random.Float64(), random.Float64()
	if !erased || s.Erase == 0 {
		return
	}
	width := min(math.Sqrt(area*aspect), 1)
	height := min(area/width, 1)
	left, top := atX*(1-width), atY*(1-height)
	row[colLeft], row[colRight] = float32(left), float32(left+width)
	row[colTop], row[colBottom] = float32(top), float32(top+height)
}
