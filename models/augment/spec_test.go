package augment

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	spec, err := Parse(" flip, rotate:10,zoom:0.1,shift:0.1,crop:0.9,brightness:0.2,contrast:0.2,erase:0.2 ")
	if err != nil {
		t.Fatal(err)
	}
	want := Spec{Flip: true, Rotate: 10, Zoom: 0.1, Shift: 0.1, Crop: 0.9, Brightness: 0.2, Contrast: 0.2, Erase: 0.2}
	if diff := cmp.Diff(want, spec); diff != "" {
		t.Error(diff)
	}
	if got := spec.String(); got != "flip,rotate:10,zoom:0.1,shift:0.1,crop:0.9,brightness:0.2,contrast:0.2,erase:0.2" {
		t.Errorf("String() = %q", got)
	}
	if empty, err := Parse("  "); err != nil || !empty.Empty() {
		t.Errorf("Parse of nothing: %+v, %v", empty, err)
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"flop":           "must be one of flip, vflip, rotate:10",
		"flip,flip":      "twice",
		"flip:1":         "takes no number",
		"rotate":         "rotate needs degrees above 0 and up to 180, as in rotate:10",
		"rotate:NaN":     "needs degrees",
		"rotate:1e9":     "needs degrees",
		"zoom:-0.1":      "needs a fraction",
		"flip,":          `got ""`,
		"brightness:two": "brightness:0.2",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): %v, want an error with %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("flip,rotate:10,zoom:0.1")
	f.Add("erase:0.2,,")
	f.Fuzz(func(t *testing.T, text string) {
		spec, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(spec.String())
		if err != nil || again != spec {
			t.Errorf("%q reads as %+v, and its text %q as %+v, %v", text, spec, spec.String(), again, err)
		}
		for _, v := range spec.Parameters(1, 2, []int{3}) {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				t.Errorf("%q gives the parameter %g", text, v)
			}
		}
	})
}

// all is a spec that does everything.
var all = Spec{Flip: true, VFlip: true, Rotate: 10, Zoom: 0.1, Shift: 0.1, Crop: 0.9, Brightness: 0.2, Contrast: 0.2, Erase: 0.2}

func TestParametersDependOnImageAndEpochAlone(t *testing.T) {
	together := all.Parameters(42, 3, []int{5, 6, 7})
	alone := all.Parameters(42, 3, []int{6})
	if !slices.Equal(together[ParameterDim:2*ParameterDim], alone) {
		t.Error("the parameters of image 6 depend on its batch")
	}
	for name, other := range map[string][]float32{
		"epoch": all.Parameters(42, 4, []int{6}), "seed": all.Parameters(43, 3, []int{6}), "image": all.Parameters(42, 3, []int{9}),
	} {
		if slices.Equal(other, alone) {
			t.Errorf("another %s gives the same parameters", name)
		}
	}
}

func TestParametersStayInReach(t *testing.T) {
	items := make([]int, 2000)
	for i := range items {
		items[i] = i
	}
	rows := all.Parameters(1, 0, items)
	flipped, erased := 0, 0
	for i := range items {
		row := rows[i*ParameterDim:][:ParameterDim]
		scale := math.Hypot(float64(row[colA]), float64(row[colC]))
		if scale < 0.9*0.9-1e-6 || scale > 1.1+1e-6 {
			t.Fatalf("image %d is scaled by %g", i, scale)
		}
		if shift := math.Abs(float64(row[colShiftX])); shift > 0.1+0.05+1e-6 {
			t.Fatalf("image %d is moved by %g", i, shift)
		}
		if area := (row[colRight] - row[colLeft]) * (row[colBottom] - row[colTop]); area > 0.2+1e-6 {
			t.Fatalf("image %d loses %g of its area", i, area)
		} else if area > 0 {
			erased++
		}
		if row[colRight] > 1 || row[colBottom] > 1 || row[colLeft] < 0 || row[colTop] < 0 {
			t.Fatalf("image %d: the rectangle %v lies outside", i, row[colLeft:])
		}
		if row[colA] < 0 {
			flipped++
		}
	}
	for name, n := range map[string]int{"flipped": flipped, "erased": erased} {
		if n < 900 || n > 1100 { // 1000, deviation 22
			t.Errorf("%d of 2000 images are %s, want about half", n, name)
		}
	}
}
