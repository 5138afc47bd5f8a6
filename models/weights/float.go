package weights

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"
	"github.com/gomlx/gomlx/core/tensors"
)

// Float32s copies a tensor's elements, widening float16 and bfloat16 and narrowing float64.
func Float32s(t *tensors.Tensor) ([]float32, error) {
	result := make([]float32, t.Size())
	var unread error
	err := t.ConstFlatData(func(flat any) {
		switch data := flat.(type) {
		case []float32:
			copy(result, data)
		case []float64:
			for i, v := range data {
				result[i] = float32(v)
			}
		case []float16.Float16:
			for i, v := range data {
				result[i] = v.Float32()
			}
		case []bfloat16.BFloat16:
			for i, v := range data {
				result[i] = v.Float32()
			}
		default:
			unread = fmt.Errorf("the type must be one of float32, float16, bfloat16, float64; got %s", t.DType())
		}
	})
	if err != nil {
		return nil, err
	}
	return result, unread
}

// IsFloat tells whether Float32s reads the type.
func IsFloat(t dtypes.DType) bool {
	switch t {
	case dtypes.Float32, dtypes.Float64, dtypes.Float16, dtypes.BFloat16:
		return true
	}
	return false
}
