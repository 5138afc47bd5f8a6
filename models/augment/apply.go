package augment

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph" //nolint:staticcheck // graph code reads as formulas
)

// Apply changes the images, `[batch, height, width, 3]` in 0 to 255 as uint8 or a float, by the parameters, `[batch,
// ParameterDim]` float32 from Parameters of the same spec. The result is float32 in the same range and shape. What comes into
// view from beyond the edge is the image mirrored.
//
// It builds a graph, and panics on other shapes, as GoMLX's own operations do.
func (s Spec) Apply(images, parameters *Node) *Node {
	images.AssertRank(4)
	parameters.AssertDims(images.Shape().Dimensions[0], ParameterDim)
	images = ConvertDType(images, dtypes.Float32)
	if s.moves() {
		images = warp(images, parameters)
	} else {
		images = s.mirror(images, parameters)
	}
	if s.Contrast > 0 {
		mean := ReduceAndKeep(images, ReduceMean, 1, 2, 3)
		images = Add(mean, Mul(Sub(images, mean), column(parameters, colContrast)))
	}
	if s.Brightness > 0 {
		images = Add(images, MulScalar(column(parameters, colBrightness), 255))
	}
	images = ClipScalar(images, 0, 255)
	if s.Erase > 0 {
		images = erase(images, parameters)
	}
	return images
}

// moves says whether pixels land between pixels, so that they have to be interpolated.
func (s Spec) moves() bool {
	return s.Rotate > 0 || s.Zoom > 0 || s.Shift > 0 || s.Crop > 0 && s.Crop < 1
}

// column is one parameter as [batch, 1, 1, 1].
func column(parameters *Node, index int) *Node {
	return InsertAxes(Slice(parameters, AxisRange(), AxisRange(index, index+1)), -1, -1)
}

// mirror flips without interpolation.
func (s Spec) mirror(images, parameters *Node) *Node {
	if s.Flip {
		images = whereNegative(column(parameters, colA), Reverse(images, 2), images)
	}
	if s.VFlip {
		images = whereNegative(column(parameters, colD), Reverse(images, 1), images)
	}
	return images
}

func whereNegative(value, then, otherwise *Node) *Node {
	condition := BroadcastToDims(LessThan(value, ScalarZero(value.Graph(), value.DType())), then.Shape().Dimensions...)
	return Where(condition, then, otherwise)
}

// warp looks up every target pixel in the source, bilinearly.
func warp(images, parameters *Node) *Node {
	g := images.Graph()
	dims := images.Shape().Dimensions
	batch, height, width, channels := dims[0], dims[1], dims[2], dims[3]
	grid := shapes.Make(dtypes.Float32, batch, height, width)
	centerX, centerY := float64(width-1)/2, float64(height-1)/2
	x := AddScalar(Iota(g, grid, 2), -centerX)
	y := AddScalar(Iota(g, grid, 1), -centerY)
	value := func(index int) *Node {
		return BroadcastToDims(Squeeze(column(parameters, index), -1), batch, height, width)
	}
	sourceX := Add(Add(Mul(value(colA), x), Mul(value(colB), y)), MulScalar(value(colShiftX), float64(width)))
	sourceY := Add(Add(Mul(value(colC), x), Mul(value(colD), y)), MulScalar(value(colShiftY), float64(height)))
	sourceX, sourceY = AddScalar(sourceX, centerX), AddScalar(sourceY, centerY)

	flat := Reshape(images, batch*height*width, channels)
	rows := Iota(g, shapes.Make(dtypes.Int32, batch, height, width), 0)
	pixel := func(x, y *Node) *Node {
		index := Add(MulScalar(rows, height*width), Add(MulScalar(fold(y, height), width), fold(x, width)))
		return Gather(flat, InsertAxes(index, -1))
	}
	left, top := Floor(sourceX), Floor(sourceY)
	right, bottom := AddScalar(left, 1), AddScalar(top, 1)
	toRight, toBottom := InsertAxes(Sub(sourceX, left), -1), InsertAxes(Sub(sourceY, top), -1)
	upper := Add(Mul(pixel(left, top), OneMinus(toRight)), Mul(pixel(right, top), toRight))
	lower := Add(Mul(pixel(left, bottom), OneMinus(toRight)), Mul(pixel(right, bottom), toRight))
	return Add(Mul(upper, OneMinus(toBottom)), Mul(lower, toBottom))
}

// fold mirrors whole-numbered positions into 0 to size-1, with the edge pixel repeated: ... 1 0 0 1 ... n-1 n-1 n-2 ...
func fold(at *Node, size int) *Node {
	period := float64(2 * size)
	at = Sub(at, MulScalar(Floor(DivScalar(at, period)), period)) // 0 to 2 size - 1
	at = Min(at, AddScalar(Neg(at), period-1))
	return ConvertDType(ClipScalar(at, 0, float64(size-1)), dtypes.Int32)
}

// erase paints the rectangle in the image's mean color.
func erase(images, parameters *Node) *Node {
	g := images.Graph()
	dims := images.Shape().Dimensions
	grid := shapes.Make(dtypes.Float32, dims[0], dims[1], dims[2], 1)
	inside := func(axis, from, to int) *Node {
		middle := DivScalar(AddScalar(Iota(g, grid, axis), 0.5), float64(dims[axis]))
		low := BroadcastToDims(column(parameters, from), grid.Dimensions...)
		high := BroadcastToDims(column(parameters, to), grid.Dimensions...)
		return LogicalAnd(GreaterOrEqual(middle, low), LessThan(middle, high))
	}
	hole := LogicalAnd(inside(2, colLeft, colRight), inside(1, colTop, colBottom))
	mean := BroadcastToDims(ReduceAndKeep(images, ReduceMean, 1, 2), dims...)
	return Where(BroadcastToDims(hole, dims...), mean, images)
}
