package projection_test

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"

	"github.com/headstart-nb/headstart/models/projection"
)

// TestPCAAgainstGonum compares with the exact decomposition.
func TestPCAAgainstGonum(t *testing.T) {
	const rows, dim = 60, 40
	random := rand.New(rand.NewPCG(3, 4))
	features, exact := make([]float32, rows*dim), mat.NewDense(rows, dim, nil)
	for i := range features {
		features[i] = float32(random.NormFloat64() * math.Pow(0.8, float64(i%dim)))
		exact.Set(i/dim, i%dim, float64(features[i]))
	}
	points, explained, err := projection.PCA(features, rows)
	if err != nil {
		t.Fatal(err)
	}
	var pc stat.PC
	if !pc.PrincipalComponents(exact, nil) {
		t.Fatal("gonum finds no components")
	}
	variances, sum := pc.VarsTo(nil), 0.0
	for _, v := range variances {
		sum += v
	}
	if want := (variances[0] + variances[1]) / sum; math.Abs(explained-want) > 1e-6 {
		t.Errorf("explained: %v, want %v", explained, want)
	}
	for axis := range 2 {
		spread := 0.0
		for _, p := range points {
			spread += p[axis] * p[axis]
		}
		if got := spread / (rows - 1); math.Abs(got-variances[axis]) > 1e-5*variances[axis] {
			t.Errorf("axis %d has the variance %v, want %v", axis, got, variances[axis])
		}
	}
	again, _, err := projection.PCA(features, rows)
	for i := range again {
		if err != nil || again[i] != points[i] {
			t.Fatalf("row %d: %v, then %v, %v", i, points[i], again[i], err)
		}
	}
}

func TestPCAOfLittle(t *testing.T) {
	for name, test := range map[string]struct {
		features []float32
		rows     int
		want     [2]float64 // of the first row
		bad      bool
	}{
		"one row":      {[]float32{1, 2, 3}, 1, [2]float64{}, false},
		"equal rows":   {[]float32{1, 2, 1, 2}, 2, [2]float64{}, false},
		"one column":   {[]float32{-3, 1, 2}, 3, [2]float64{3, 0}, false},
		"no rows":      {nil, 0, [2]float64{}, true},
		"torn":         {[]float32{1, 2, 3}, 2, [2]float64{}, true},
		"not a number": {[]float32{1, float32(math.NaN())}, 2, [2]float64{}, true},
		"infinite":     {[]float32{float32(math.Inf(1)), 1}, 2, [2]float64{}, true},
	} {
		points, _, err := projection.PCA(test.features, test.rows)
		if (err != nil) != test.bad {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil && (math.Abs(points[0][0]-test.want[0]) > 1e-6 || math.Abs(points[0][1]-test.want[1]) > 1e-6) {
			t.Errorf("%s: %v, want %v first", name, points, test.want)
		}
	}
}
