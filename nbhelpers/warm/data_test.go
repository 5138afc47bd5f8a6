package warm

import (
	"math"
	"slices"
	"testing"
)

func TestTensor(t *testing.T) {
	values := []float32{0, -1.5, math.MaxFloat32, float32(math.Inf(1))}
	tensor, err := NewTensor(values, 2, 2)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tensor.Floats(); err != nil || !slices.Equal(got, values) {
		t.Errorf("got %v, %v", got, err)
	}
	for _, bad := range []Tensor{
		{Shape: []int{3}, Data: make([]byte, 8)}, {Shape: []int{-1}}, {Shape: []int{math.MaxInt, math.MaxInt}}, {Data: []byte{1}},
		{Shape: []int{0, math.MaxInt}, Data: []byte{1}},
	} {
		if got, err := bad.Floats(); err == nil {
			t.Errorf("%v unpacked to %v", bad, got)
		}
	}
	if rows, err := (Tensor{Shape: []int{0, 4}}).Rows(); err != nil || len(rows) != 0 {
		t.Errorf("no rows: %v, %v", rows, err)
	}
}
