package augment

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

const side = 8

// images are two of random-looking pixels, [2, side, side, 3].
func images() []float32 {
	pixels := make([]float32, 2*side*side*3)
	for i := range pixels {
		pixels[i] = float32(i * 7919 % 256)
	}
	return pixels
}

func backend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := gobackend.New("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

// run applies a spec to two images under the same row of parameters.
func run(t testing.TB, spec Spec, rows []float32) []float32 {
	t.Helper()
	exec, err := graph.NewExec(backend(t), spec.Apply)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	output, err := exec.Call1(tensors.FromFlatDataAndDimensions(images(), 2, side, side, 3),
		tensors.FromFlatDataAndDimensions(rows, 2, ParameterDim))
	if err != nil {
		t.Fatal(err)
	}
	var pixels []float32
	if err := output.ConstFlatData(func(flat any) { pixels = slices.Clone(flat.([]float32)) }); err != nil {
		t.Fatal(err)
	}
	return pixels
}

func still() []float32 {
	row := []float32{1, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0}
	return append(row, row...)
}

// with is still, with some columns of both images replaced.
func with(values map[int]float32) []float32 {
	rows := still()
	for column, v := range values {
		rows[column], rows[ParameterDim+column] = v, v
	}
	return rows
}

// from builds the pixels that a lookup in the source gives.
func from(source func(x, y int) (int, int)) []float32 {
	in, out := images(), make([]float32, 0, 2*side*side*3)
	for n := range 2 {
		for y := range side {
			for x := range side {
				sx, sy := source(x, y)
				out = append(out, in[((n*side+sy)*side+sx)*3:][:3]...)
			}
		}
	}
	return out
}

func equal(t *testing.T, name string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 1e-3 {
			t.Fatalf("%s: pixel value %d is %g, want %g", name, i, got[i], want[i])
		}
	}
}

func TestGeometry(t *testing.T) {
	warped := Spec{Rotate: 180, Flip: true}
	last := side - 1
	for _, c := range []struct {
		name   string
		spec   Spec
		rows   []float32
		source func(x, y int) (int, int)
	}{
		{"nothing", warped, still(), func(x, y int) (int, int) { return x, y }},
		{"flip by lookup", warped, with(map[int]float32{colA: -1}), func(x, y int) (int, int) { return last - x, y }},
		{"flip by reversal", Spec{Flip: true}, with(map[int]float32{colA: -1}), func(x, y int) (int, int) { return last - x, y }},
		{"vertical flip by reversal", Spec{VFlip: true}, with(map[int]float32{colD: -1}), func(x, y int) (int, int) { return x, last - y }},
		{"no flip by reversal", Spec{Flip: true, VFlip: true}, still(), func(x, y int) (int, int) { return x, y }},
		{"quarter turn", warped, with(map[int]float32{colA: 0, colB: -1, colC: 1, colD: 0}), func(x, y int) (int, int) { return last - y, x }},
		{"shift by two", warped, with(map[int]float32{colShiftX: 2. / side}), func(x, y int) (int, int) {
			if x+2 > last {
				return 2*last + 1 - (x + 2), y // mirrored at the edge
			}
			return x + 2, y
		}},
	} {
		equal(t, c.name, run(t, c.spec, c.rows), from(c.source))
	}
}

func TestLight(t *testing.T) {
	in := images()
	brighter := run(t, Spec{Brightness: 1}, with(map[int]float32{colBrightness: 0.2}))
	for i, v := range in {
		if want := min(v+51, 255); math.Abs(float64(brighter[i]-want)) > 1e-3 {
			t.Fatalf("value %g becomes %g, want %g", v, brighter[i], want)
		}
	}
	flat := run(t, Spec{Contrast: 1}, with(map[int]float32{colContrast: 0}))
	for i, v := range flat {
		if math.Abs(float64(v-flat[i/(side*side*3)*(side*side*3)])) > 1e-3 {
			t.Fatalf("without contrast, value %d is %g", i, v)
		}
	}
}

func TestEraseFillsTheRectangleOnly(t *testing.T) {
	in := images()
	out := run(t, Spec{Erase: 0.5}, with(map[int]float32{colLeft: 0.25, colRight: 0.5, colTop: 0, colBottom: 0.5}))
	for i := range in {
		x, y := i/3%side, i/3/side%side
		inside := x >= 2 && x < 4 && y < 4
		first := i/(side*side*3)*(side*side*3) + 2*3 + i%3 // the same channel in the corner of the hole
		if inside && out[i] != out[first] || !inside && out[i] != in[i] {
			t.Fatalf("pixel (%d, %d) is %g, was %g", x, y, out[i], in[i])
		}
	}
}

func TestEverythingStaysInRange(t *testing.T) {
	for seed := range int64(20) {
		for i, v := range run(t, all, all.Parameters(seed, 0, []int{0, 1})) {
			if !(v >= 0 && v <= 255) {
				t.Fatalf("seed %d: value %d is %g", seed, i, v)
			}
		}
	}
}

func TestBytesAreTakenAsTheyAre(t *testing.T) {
	exec, err := graph.NewExec(backend(t), Spec{Flip: true}.Apply)
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	pixels := []uint8{10, 20, 30, 200, 210, 255}
	output, err := exec.Call1(tensors.FromFlatDataAndDimensions(pixels, 1, 1, 2, 3),
		tensors.FromFlatDataAndDimensions(with(map[int]float32{colA: -1})[:ParameterDim], 1, ParameterDim))
	if err != nil {
		t.Fatal(err)
	}
	if got := output.Value().([][][][]float32)[0][0]; !slices.Equal(got[0], []float32{200, 210, 255}) {
		t.Errorf("flipped bytes are %v", got)
	}
}
