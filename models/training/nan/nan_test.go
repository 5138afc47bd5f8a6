package nan

import (
	"errors"
	"math"
	"strings"
	"testing"

	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/training/progress"
)

func TestWhatANaNErrorSays(t *testing.T) {
	for want, e := range map[string]*NotFiniteOutputError{
		"in bfloat16, whose numbers end": {Value: float32(math.NaN()), Precision: resnet.BFloat16, Stages: true},
		"look at the head":               {Value: float32(math.Inf(1)), Precision: resnet.Float32, Stages: true},
		"where the weights come from":    {Value: float32(math.Inf(1)), Precision: resnet.Float32},
	} {
		if err := (&Error{Cause: e}); !strings.Contains(err.Error(), want) || !errors.Is(err, progress.ErrNaN) || !errors.As(err, new(*NotFiniteOutputError)) {
			t.Errorf("%v, want %q in it", err, want)
		}
	}
}
