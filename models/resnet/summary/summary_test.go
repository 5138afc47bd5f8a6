package summary

import (
	"context"
	"fmt"
	"testing"

	"github.com/headstart-nb/headstart/models/resnet"
	"github.com/headstart-nb/headstart/models/resnet/backbone"
)

// The counts are those that Keras's count_params and torchvision's parameters and buffers give.
func TestLayerTable(t *testing.T) {
	for _, test := range []struct {
		options           func(*resnet.Options)
		parameters, moved int
		first, last       string
	}{
		{func(*resnet.Options) {}, 23_587_712, 53_120, "[224 224 3]", "[2048]"},
		{func(o *resnet.Options) { o.Top = true }, 25_636_712, 53_120, "[224 224 3]", "[1000]"},
		{func(o *resnet.Options) { o.Variant = resnet.V15 }, 23_508_032 + 53_120, 53_120, "[224 224 3]", "[2048]"},
		{func(o *resnet.Options) { o.Depth, o.Variant = 18, resnet.V15 }, 11_176_512 + 9_600, 9_600, "[224 224 3]", "[512]"},
		{func(o *resnet.Options) { o.Cut = "conv3+conv5" }, 23_587_712, 53_120, "[224 224 3]", "[2560]"},
		{func(o *resnet.Options) { o.Depth, o.Pool, o.Size = 152, resnet.PoolNone, 160 }, 58_370_944, 151_424, "[160 160 3]", "[5 5 2048]"},
	} {
		options := resnet.DefaultOptions()
		options.Weights = resnet.RandomWeights(0)
		test.options(&options)
		b, err := backbone.Open(context.Background(), options)
		if err != nil {
			t.Fatal(err)
		}
		rows := Layers(b)
		parameters, moved := 0, 0
		for _, row := range rows {
			parameters, moved = parameters+row.Parameters, moved+row.Statistics
		}
		if parameters != test.parameters || moved != test.moved {
			t.Errorf("%+v: %d parameters, %d of them moving; want %d and %d", options, parameters, moved, test.parameters, test.moved)
		}
		if first, last := fmt.Sprint(rows[0].Output), fmt.Sprint(rows[len(rows)-1].Output); first != test.first || last != test.last ||
			last != fmt.Sprint(b.FeatureShape()) {
			t.Errorf("%+v: from %s to %s, and features are %v", options, first, last, b.FeatureShape())
		}
	}
}
